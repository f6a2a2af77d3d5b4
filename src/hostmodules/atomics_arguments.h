// What the functions of wasm_grpc_atomics_1 may be given, whatever keeps the counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_grpc::hostmodules {

inline constexpr std::size_t max_name_bytes = 256;

[[nodiscard]] inline bool is_counter_name(std::string_view name) {
  return !name.empty() && name.size() <= max_name_bytes;
}

/// The trap of a guest that made up a number.
[[nodiscard]] inline std::string no_counter(std::uint32_t number) {
  return "there is no counter " + std::to_string(number) + "; `counter` gives the numbers";
}

}  // namespace wasm_grpc::hostmodules
