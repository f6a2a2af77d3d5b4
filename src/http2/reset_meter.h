// How often a client may reset streams, or force us to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::http2 {

/// A token bucket: `burst` at once, `per_second` after that.
class ResetMeter {
 public:
  ResetMeter(std::uint32_t burst, std::uint32_t per_second) : tokens_(burst), burst_(burst), per_second_(per_second) {}

  /// Counts one. False when that is too many.
  [[nodiscard]] bool allow(rpc::Clock::time_point now) noexcept {
    const std::chrono::duration<double> passed = now - last_;
    last_ = now;
    if (started_) tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
    started_ = true;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double tokens_;
  double burst_;
  double per_second_;
  bool started_ = false;
  rpc::Clock::time_point last_{};
};

}  // namespace wasm_grpc::http2
