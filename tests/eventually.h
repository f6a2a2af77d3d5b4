// For what another thread brings about.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace wasm_grpc {

/// True as soon as the condition holds; false when it does not within 20 seconds.
[[nodiscard]] inline bool eventually(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace wasm_grpc
