// Metadata that comes from those who serve and make calls, and has to be looked at.
#pragma once

#include <cstddef>
#include <string_view>

#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::rpc {

/// Whether a key may be added by whoever says it.
enum class KeyRule : bool {
  users,  // those of users (is_valid_key())
  known,  // this one, which gRPC reserves
};

/// Adds a pair to `target`, without spaces around its value. False, and nothing is added, when the key or value is not
/// allowed, or with it there are more than `most` bytes of keys and values, of which others are `used`.
[[nodiscard]] bool add_user_metadata(Metadata& target, std::size_t used, std::size_t most, std::string_view key,
                                     std::string_view value, KeyRule rule = KeyRule::users);

}  // namespace wasm_grpc::rpc
