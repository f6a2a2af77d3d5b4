// What a fuzz target holds to be true.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace wasm_grpc::fuzz {

/// Ends the run, which keeps the input, when the condition does not hold.
inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace wasm_grpc::fuzz
