// A guest on its way from one worker to another.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "runtime/instances/guest_module.h"

namespace wasm_grpc::runtime {

/// An instance in the middle of a call, sliced, with what is counted of that call; or none.
struct MovingGuest {
  std::unique_ptr<GuestInstance> instance;
  std::uint32_t slices = 0;
  std::chrono::nanoseconds cpu_time{};
};

}  // namespace wasm_grpc::runtime
