// When a module whose instances fail to start may try again.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

/// Of one module on one worker. While starts go well it says yes, at no cost. After one that failed it says no for a
/// while, 100 ms at first and twice as long after each trial that fails, 10 s at most, give or take a quarter so that
/// workers and servers do not try in step; then it lets one start through at a time, whose outcome decides.
class StartBackoff {
 public:
  using Time = rpc::Clock::time_point;
  static constexpr std::chrono::milliseconds first_pause{100};
  static constexpr std::chrono::milliseconds longest_pause{10'000};

  explicit StartBackoff(std::uint32_t seed) noexcept : random_(seed) {}

  [[nodiscard]] bool failing() const noexcept { return failures_ > 0; }
  /// True when an instance may be started now; it is to be followed by failed(), succeeded() or abandoned().
  [[nodiscard]] bool may_start(Time now) noexcept {
    if (!failing()) return true;
    if (trial_ || now < until_) return false;
    trial_ = true;
    return true;
  }
  /// How long it will say no, at least. While a trial runs nobody knows: the first pause.
  [[nodiscard]] std::chrono::milliseconds pause(Time now) const noexcept {
    if (trial_ || now >= until_) return first_pause;
    return std::chrono::ceil<std::chrono::milliseconds>(until_ - now);
  }

  /// A start failed. Others that began before the first failure do not count.
  void failed(Time now) noexcept;
  /// A start came to a good end.
  void succeeded() noexcept {
    failures_ = 0;
    trial_ = false;
  }
  /// The trial was given up; the next start is another.
  void abandoned() noexcept { trial_ = false; }
  /// Starts that failed since the last good one, as far as they count.
  [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }

 private:
  std::uint32_t failures_ = 0;
  bool trial_ = false;
  Time until_{};
  std::minstd_rand random_;
};

}  // namespace wasm_grpc::runtime
