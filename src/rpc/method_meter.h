// What is counted of the calls of one method on one worker.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "rpc/counter.h"
#include "rpc/duration_meter.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

/// Counted on the worker's thread, read from any. Of its own cache lines: other workers count beside it.
struct alignas(64) MethodMeter {
  Counter started;
  Counter messages_received;
  Counter messages_sent;
  Counter guest_nanoseconds;  // that its guests ran, as far as it was measured or estimated
  std::array<Counter, max_status_code + 1> ended;
  DurationMeter handling;  // from the request's arrival to the end of the answer
};

}  // namespace wasm_grpc::rpc
