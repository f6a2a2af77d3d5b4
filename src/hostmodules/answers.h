// What the functions of the host's own modules answer beside values. Released numbers never change; those that ABI 1
// has too are the same.
#pragma once

#include <cstdint>

namespace wasm_grpc::hostmodules {

enum Answer : std::int32_t {
  OK = 0,
  AGAIN = -2,
  ABSENT = -4,
  CLOSED = -5,
  INVALID = -6,
  UNSUPPORTED = -7,
  CONFLICT = -8,
  FULL = -9,
  TOO_LARGE = -10,
  UNAVAILABLE = -11,
};

}  // namespace wasm_grpc::hostmodules
