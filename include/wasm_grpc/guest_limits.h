// What a guest may use. docs/operate.md shows all limits together: flag, default, what the caller gets.
#pragma once

#include <chrono>

namespace wasm_grpc {

/// Of each module.
struct GuestLimits {
  /// How long the guest of one call may compute: only the time it runs counts, not what it waits. Past it (by up to two
  /// slices) the call is answered RESOURCE_EXHAUSTED and its instance destroyed. 0: for ever. Ten seconds of computing
  /// are far more than a call should need, and bound what a guest that loops costs where the client set no deadline.
  std::chrono::milliseconds max_cpu_time{10'000};
};

}  // namespace wasm_grpc
