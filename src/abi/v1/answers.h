// What functions answer, and the form in which they write and read what is longer than a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wasm/instance.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::abi::v1 {

[[nodiscard]] std::int32_t answer(rpc::SendResult result) noexcept;

/// Copies `value` when it fits, and answers its length either way.
std::int32_t give(std::string_view value, std::span<std::byte> buffer) noexcept;

/// The value of the index-th pair of that key, or ABSENT; INVALID for an index below 0.
std::int32_t give_value(const rpc::Metadata& metadata, std::string_view key, std::int32_t index,
                        std::span<std::byte> value) noexcept;

/// All pairs in the form of metadata_list(), when they fit; their length either way.
std::int32_t give_list(const rpc::Metadata& metadata, std::span<std::byte> list) noexcept;

/// A pair that a guest says.
struct Pair {
  std::string_view key;
  std::string_view value;
};
/// Takes the first pair off `pairs`, which are in that form and not empty; nothing when they are not.
[[nodiscard]] std::optional<Pair> take_pair(std::string_view& pairs) noexcept;

/// Until when a guest waits that says `timeout_ns`: never where it is negative.
[[nodiscard]] wasm::Clock::time_point wait_until(std::int64_t timeout_ns) noexcept;
/// What a wait answers whose interests do not hold: 0 once the time has passed.
[[nodiscard]] std::optional<std::int32_t> timed_out(const wasm::Suspension& waiting) noexcept;

}  // namespace wasm_grpc::abi::v1
