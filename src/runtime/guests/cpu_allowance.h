// How much CPU time something that lives long may use.
#pragma once

#include <algorithm>
#include <chrono>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

/// So much at once, and a part of the time that passes. A burst of 0 has no limit.
class CpuAllowance {
 public:
  using Duration = std::chrono::nanoseconds;
  using Time = rpc::Clock::time_point;

  CpuAllowance() = default;
  /// `percent` of one core.
  CpuAllowance(Duration burst, unsigned percent, Time now)
      : burst_(burst), percent_(percent), credit_(burst), last_(now) {}

  /// Takes off what was used. Needs no look at the clock.
  void use(Duration used) noexcept {
    if (burst_.count() > 0) credit_ -= used;
  }
  /// True when something is overdrawn, which time may mend: ask overdrawn().
  [[nodiscard]] bool low() const noexcept { return credit_.count() < 0; }
  /// How long it takes until nothing is overdrawn any more; 0 when nothing is.
  [[nodiscard]] Duration overdrawn(Time now) noexcept {
    if (burst_.count() == 0) return {};
    if (now > last_) {
      credit_ = std::min<Duration>(burst_, credit_ + (now - last_) / 100 * percent_);
      last_ = now;
    }
    return credit_.count() >= 0 ? Duration{} : -credit_ * 100 / std::max(percent_, 1U);
  }

 private:
  Duration burst_{};
  unsigned percent_ = 0;
  Duration credit_{};
  Time last_{};
};

}  // namespace wasm_grpc::runtime
