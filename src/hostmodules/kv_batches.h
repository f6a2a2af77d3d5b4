// What several pairs are in a guest's memory: what the functions of wasm_grpc_kv_1 that take or answer more than one of
// them read and write. docs/host-modules.md has the layouts; numbers are little-endian and lie anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hostmodules/answers.h"
#include "store/operation.h"

namespace wasm_grpc::hostmodules {

/// What a guest asks for: OK and an operation, or the answer to one that is not as it should be.
struct Asked {
  std::int32_t refusal = OK;
  store::Operation operation = store::Get{};
};

/// The bytes are the guest's, and are copied. `room`: the bytes that the answer may have there.
[[nodiscard]] Asked ask_list(std::string_view prefix, std::string_view after, std::int32_t most, std::size_t room);
[[nodiscard]] Asked ask_many(std::span<const std::byte> keys, std::size_t room);
[[nodiscard]] Asked ask_changes(std::span<const std::byte> changes, bool together, std::size_t max_value,
                                std::size_t room);
/// One change: a set, or a removal.
[[nodiscard]] Asked ask_change(std::span<const std::byte> change, std::size_t max_value);
/// `list` in one piece: the most, the length of the prefix, the prefix, and the key after which.
[[nodiscard]] Asked ask_list(std::span<const std::byte> request, std::size_t room);
[[nodiscard]] Asked ask_swap(std::string_view key, std::string_view value, std::int64_t ttl_ns, std::int64_t if_version,
                             std::size_t max_value);

/// The bytes that an answer to one of these takes at most, as it is written.
[[nodiscard]] std::size_t written_size(const store::Answer& answer) noexcept;

/// What `swap` says of the pair that was there.
struct OldPair {
  std::int32_t length = ABSENT;
  std::uint32_t reserved = 0;
  std::uint64_t version = 0;
};

/// Write an answer to where the guest wants it, and return what the function does.
[[nodiscard]] std::int32_t write_list(const store::Answer& answer, std::span<std::byte> page) noexcept;
[[nodiscard]] std::int32_t write_many(const store::Answer& answer, std::span<std::byte> pairs) noexcept;
[[nodiscard]] std::int32_t write_changes(const store::Answer& answer, std::span<std::byte> results) noexcept;
[[nodiscard]] std::int64_t write_swap(const store::Answer& answer, std::span<std::byte> old, OldPair& about) noexcept;

}  // namespace wasm_grpc::hostmodules
