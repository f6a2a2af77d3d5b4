// How much of something a client may do at once, and how much of it a second.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

/// `burst` tokens at first; `per_second` more as time passes, up to `burst`. The clock is only looked at when the
/// tokens have run out, so that taking one costs next to nothing; over a long time twice the burst may therefore be
/// taken at once.
class TokenBucket {
 public:
  TokenBucket(std::uint32_t burst, std::uint32_t per_second) noexcept
      : tokens_(burst), burst_(burst), per_second_(per_second) {}

  /// Takes that many. False, and nothing is taken, when there are not as many.
  [[nodiscard]] bool take(std::uint32_t count = 1) noexcept {
    if (tokens_ < count) refill(Clock::now());
    if (tokens_ < count) return false;
    tokens_ -= count;
    return true;
  }

  /// Puts some back, never above the burst.
  void give(std::uint32_t count) noexcept { tokens_ = std::min(burst_, tokens_ + count); }

 private:
  void refill(Clock::time_point now) noexcept {
    const std::chrono::duration<double> passed = now - last_;
    tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
    last_ = now;
  }

  double tokens_;
  double burst_;
  double per_second_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace wasm_grpc::rpc
