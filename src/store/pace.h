// How fast a module may ask its store.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wasm_grpc::store {

/// So many operations a second, of which a second's worth may come at once. Thread-safe, without a lock.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  /// 0: as fast as it likes.
  explicit Pace(std::uint32_t per_second) noexcept
      : per_second_(per_second), interval_(per_second == 0 ? 0 : second / per_second) {}

  /// False: take() says yes to all.
  [[nodiscard]] bool limits() const noexcept { return per_second_ != 0; }

  /// False when it is too fast; then nothing is counted. What is more than a second's worth counts as that.
  [[nodiscard]] bool take(std::size_t operations, Clock::time_point now) noexcept {
    if (per_second_ == 0) return true;
    const std::int64_t at = std::chrono::nanoseconds(now.time_since_epoch()).count();
    const auto counted = static_cast<std::int64_t>(std::min<std::size_t>(operations, per_second_));
    std::int64_t spent = spent_until_.load(std::memory_order_relaxed);
    while (true) {
      const std::int64_t next = std::max(spent, at) + counted * interval_;
      if (next > at + per_second_ * interval_) return false;
      if (spent_until_.compare_exchange_weak(spent, next, std::memory_order_relaxed)) return true;
    }
  }

 private:
  static constexpr std::int64_t second = 1'000'000'000;

  const std::int64_t per_second_;
  const std::int64_t interval_;                // nanoseconds in which one operation comes back
  std::atomic<std::int64_t> spent_until_ = 0;  // when all of it will have come back
};

}  // namespace wasm_grpc::store
