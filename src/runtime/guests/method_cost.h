// How long the guests of a method run, roughly.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace wasm_grpc::runtime {

/// A running average of the time from where a guest begins or goes on to where it stops, from samples: reading the
/// clock for each run would cost cheap calls a few percent. Belongs to one worker.
class MethodCost {
 public:
  /// Runs at least this long are worth being handed to another worker, which costs both a few microseconds.
  static constexpr std::chrono::microseconds high{50};

  /// True when the next run is to be measured: one in 16, or all while there is a suspicion.
  [[nodiscard]] bool wants_sample() noexcept { return average_ >= high / 8 || (++runs_ & 15U) == 1; }
  void add_sample(std::chrono::nanoseconds time) noexcept {
    // A run that the system interrupted says little: no more than a slice counts.
    constexpr std::chrono::nanoseconds most = std::chrono::milliseconds(1);
    average_ += (std::min(time, most) - average_) / 8;
  }
  [[nodiscard]] bool is_high() const noexcept { return average_ >= high; }

 private:
  std::chrono::nanoseconds average_{0};
  std::uint32_t runs_ = 0;
};

}  // namespace wasm_grpc::runtime
