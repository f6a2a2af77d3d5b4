// A token bucket that many threads take from.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace wasm_grpc::observe {

/// `burst` tokens at first; `per_second` more as time passes, up to `burst`. Without a lock: all of its state is when
/// it would be full again if nobody took any. A burst of 0 has no tokens, ever; `per_second` is at least 1.
class SharedTokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  SharedTokenBucket(std::uint32_t burst, std::uint32_t per_second) noexcept
      : burst_(burst), nanoseconds_each_(std::max<std::int64_t>(1'000'000'000 / per_second, 1)) {}

  /// Takes that many, or all of a full bucket where they are more. False, and nothing is taken, when there are not as
  /// many.
  [[nodiscard]] bool take(std::uint32_t count, Clock::time_point time) noexcept {
    if (burst_ == 0) return false;
    const std::int64_t now = std::chrono::nanoseconds(time.time_since_epoch()).count();
    const std::int64_t cost = std::min(count, burst_) * nanoseconds_each_;
    std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
    std::int64_t then = 0;
    do {
      then = std::max(full_at, now) + cost;
      if (then - now > burst_ * nanoseconds_each_) return false;
    } while (!full_at_.compare_exchange_weak(full_at, then, std::memory_order_relaxed));
    return true;
  }

 private:
  const std::uint32_t burst_;
  const std::int64_t nanoseconds_each_;
  std::atomic<std::int64_t> full_at_ = 0;
};

}  // namespace wasm_grpc::observe
