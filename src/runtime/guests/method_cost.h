// How long the guests of a method run, roughly.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wasm_grpc::runtime {

/// A running average of the time from where a guest begins or goes on to where it stops, from samples: reading the
/// clock for each run would cost cheap calls a few percent. Belongs to one worker.
class MethodCost {
 public:
  /// A loan costs both workers a few microseconds: calls that run shorter than this are never worth one.
  static constexpr std::chrono::microseconds least{10};
  /// Those that run this long always are, when others wait.
  static constexpr std::chrono::microseconds high{50};

  /// For how many runs the next one stands, if it is to be measured; 0 if not. One in 16 is, or all while there is a
  /// suspicion.
  [[nodiscard]] std::uint32_t wants_sample() noexcept {
    constexpr std::uint32_t one_in = 16;
    if (average_ >= high / 8) return 1;
    return ++runs_ % one_in == 1 ? one_in : 0;
  }
  void add_sample(std::chrono::nanoseconds time) noexcept {
    // A run that the system interrupted says little: one alone makes no cheap method dear.
    const std::chrono::nanoseconds most = 2 * average_ + 2 * least;
    average_ += (std::min(time, most) - average_) / 8;
    known_ = true;
  }
  /// True when it is known that they are done soon.
  [[nodiscard]] bool cheap() const noexcept { return known_ && average_ < least; }

  /// How many calls of the method another worker may have on hand, so that it need not wait for the next, when so many
  /// wait here; 0 when they are served here sooner than there.
  [[nodiscard]] std::uint32_t loans_on_hand(std::size_t waiting) const noexcept {
    if (average_ < least) return 0;
    if (average_ < high && average_ * static_cast<std::int64_t>(waiting) < 2 * high) return 0;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(6 * high / average_, 2, 16));
  }

 private:
  std::chrono::nanoseconds average_{0};
  std::uint32_t runs_ = 0;
  bool known_ = false;
};

}  // namespace wasm_grpc::runtime
