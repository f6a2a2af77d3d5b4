// A guest on its way from one worker to another.
#pragma once

#include <chrono>
#include <memory>

#include "runtime/instances/guest_module.h"

namespace wasm_grpc::runtime {

/// An instance in the middle of a call, sliced, with what is counted of that call; or none.
struct MovingGuest {
  std::unique_ptr<GuestInstance> instance;
  std::chrono::nanoseconds cpu_time{};
  /// How far it is ahead of its part of the worker that it leaves (Scheduler::ahead()).
  std::chrono::nanoseconds ahead{};
};

}  // namespace wasm_grpc::runtime
