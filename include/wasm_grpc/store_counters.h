// What is counted of a store that is not in memory.
#pragma once

#include <cstdint>
#include <string>

#include "wasm_grpc/durations.h"

namespace wasm_grpc {

/// Of one module's store (ModuleOptions::store), since the module is served.
struct StoreCounters {
  std::string module;

  // Operations that were answered otherwise than UNAVAILABLE.
  std::uint64_t gets = 0;
  std::uint64_t sets = 0;
  std::uint64_t removes = 0;
  std::uint64_t counter_operations = 0;

  std::uint64_t failed = 0;    // answered UNAVAILABLE: the store did not work
  std::uint64_t refused = 0;   // answered UNAVAILABLE at once: too many waited
  std::uint64_t given_up = 0;  // dropped, as nobody waited any more: past the timeout, or the call had ended

  std::uint64_t value_bytes_read = 0;
  std::uint64_t value_bytes_written = 0;
  /// From where an operation was asked for to where it was answered; neither refused nor given up.
  Durations times;
};

}  // namespace wasm_grpc
