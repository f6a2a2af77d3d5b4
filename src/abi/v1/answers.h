// What functions answer, and the form in which they write and read what is longer than a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "abi/v1/numbers.h"
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

/// Calls `use(entry, place)` with each entry of wait_any(), which lie in a guest's memory at any alignment.
template <typename Use>
void for_each_entry(std::span<const std::byte> entries, const Use& use) {
  for (std::size_t at = 0; at < entries.size(); at += sizeof(WaitEntry)) {
    WaitEntry entry;
    std::memcpy(&entry, entries.data() + at, sizeof(entry));
    use(entry, at);
  }
}

/// Writes what `look(call, interests)` answers into each entry: how many are not 0.
template <typename Look>
[[nodiscard]] std::int32_t look_at_entries(std::span<std::byte> entries, const Look& look) {
  std::int32_t holding = 0;
  for_each_entry(entries, [&](WaitEntry entry, std::size_t at) {
    entry.ready = look(entry.call, entry.interests);
    if (entry.ready != 0) ++holding;
    std::memcpy(entries.data() + at, &entry, sizeof(entry));
  });
  return holding;
}

/// Until when a guest waits that says `timeout_ns`: never where it is negative.
[[nodiscard]] wasm::Clock::time_point wait_until(std::int64_t timeout_ns) noexcept;
/// What a wait answers whose interests do not hold: 0 once the time has passed.
[[nodiscard]] std::optional<std::int32_t> timed_out(const wasm::Suspension& waiting) noexcept;

}  // namespace wasm_grpc::abi::v1
