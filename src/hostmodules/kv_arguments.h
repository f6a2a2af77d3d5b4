// What the functions of wasm_grpc_kv_1 may be given, and how they answer, whichever store is behind them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hostmodules/answers.h"
#include "store/operation.h"
#include "wasm_grpc/shared_state.h"

namespace wasm_grpc::hostmodules {

inline constexpr std::int64_t any_version = -1;

[[nodiscard]] inline bool is_key(std::string_view key) { return !key.empty() && key.size() <= store::max_key_bytes; }

[[nodiscard]] inline bool is_version(std::int64_t version) { return version >= any_version; }

[[nodiscard]] inline store::Condition condition(std::int64_t version) {
  return version == any_version ? store::Condition() : static_cast<std::uint64_t>(version);
}

[[nodiscard]] inline std::optional<std::chrono::nanoseconds> time_to_live(std::int64_t ttl_ns) {
  if (ttl_ns < 0) return std::nullopt;
  return std::chrono::nanoseconds(ttl_ns);
}

[[nodiscard]] inline std::size_t max_value_of(const SharedStateLimits& limits) {
  return std::min(limits.max_kv_value, limits.max_kv_bytes);
}

[[nodiscard]] inline std::int32_t number_of(store::Outcome outcome) {
  switch (outcome) {
    case store::Outcome::done:
      return OK;
    case store::Outcome::absent:
      return ABSENT;
    case store::Outcome::conflict:
      return CONFLICT;
    case store::Outcome::full:
      return FULL;
    case store::Outcome::too_large:
      return TOO_LARGE;
    case store::Outcome::unavailable:
      return UNAVAILABLE;
  }
  return INVALID;
}

}  // namespace wasm_grpc::hostmodules
