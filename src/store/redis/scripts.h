// What a server of Redis does in one step, where no command of its own does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_grpc::store::redis {

enum class Script : std::uint8_t {
  set,
  remove,
  get_many,
  change_many,
  list,
  find_counter,
  compare_exchange,
  add_around
};
inline constexpr std::size_t script_count = 8;

/// What scripts answer instead of a version; what is done is not negative.
inline constexpr std::int64_t verdict_conflict = -1;
inline constexpr std::int64_t verdict_full = -2;
inline constexpr std::int64_t verdict_absent = -3;
inline constexpr std::int64_t verdict_too_large = -4;

/// Its text in Lua.
[[nodiscard]] std::string_view text_of(Script script) noexcept;

/// By what a server knows scripts that it has been told (SCRIPT LOAD).
using Digests = std::array<std::string, script_count>;

}  // namespace wasm_grpc::store::redis
