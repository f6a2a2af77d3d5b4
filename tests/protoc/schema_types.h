// Pairs of one message, as Google has it and as we have it.
#pragma once

#include <gtest/gtest.h>

#include "features2.guest.h"
#include "features2.pb.h"
#include "features3.guest.h"
#include "features3.pb.h"

namespace wasm_grpc::test {

template <typename GoogleMessage, typename OurMessage>
struct Pair {
  using Google = GoogleMessage;
  using Ours = OurMessage;
};

using Pairs = ::testing::Types<Pair<features::three::Scalars, ours::features::three::Scalars>,
                               Pair<features::three::Presence, ours::features::three::Presence>,
                               Pair<features::three::Repeated, ours::features::three::Repeated>,
                               Pair<features::three::Unpacked, ours::features::three::Unpacked>,
                               Pair<features::three::Maps, ours::features::three::Maps>,
                               Pair<features::three::Choice, ours::features::three::Choice>,
                               Pair<features::three::Node, ours::features::three::Node>,
                               Pair<features::three::WellKnown, ours::features::three::WellKnown>,
                               Pair<features::three::Everything, ours::features::three::Everything>,
                               Pair<features::two::Defaults, ours::features::two::Defaults>,
                               Pair<features::two::HoldsRequired, ours::features::two::HoldsRequired>,
                               Pair<features::two::Enums, ours::features::two::Enums>,
                               Pair<features::two::Groups, ours::features::two::Groups>,
                               Pair<features::two::Strings, ours::features::two::Strings>,
                               Pair<features::two::Everything, ours::features::two::Everything>>;

}  // namespace wasm_grpc::test
