// How long guests run, with few looks at the clock.
#pragma once

#include <chrono>

#include "wasm/instance.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

/// One worker's. Guests run one after the other: the end of one is the beginning of the next, unless the one before was
/// not timed. Most calls are never timed: they are done before their first slice is over.
class GuestClock {
 public:
  using Time = rpc::Clock::time_point;

  /// A turn of the worker begins now.
  void begin_turn(Time now) noexcept {
    last_ = now;
    known_ = true;
  }
  /// True when begin() need not read the clock: nobody has run since it was read.
  [[nodiscard]] bool known() const noexcept { return known_; }
  /// A guest that is timed is about to run.
  [[nodiscard]] Time begin() noexcept { return known_ ? last_ : end(); }
  /// It has run.
  [[nodiscard]] Time end() noexcept {
    known_ = true;
    return last_ = rpc::Clock::now();
  }
  /// A guest has run that is not timed.
  void skip() noexcept { known_ = false; }

 private:
  Time last_{};
  bool known_ = false;
};

/// The CPU time of one guest in one call or event, read from the clock from its first stop on. Until then it has run
/// since the clock was read, if it was the first to run since then; or for one slice, which has one or two ticks.
struct GuestTime {
  std::chrono::nanoseconds used{};
  bool timed = false;

  /// Runs the guest for a slice at most.
  [[nodiscard]] wasm::Progress poll(wasm::Instance& guest, GuestClock& clock, std::chrono::nanoseconds slice) noexcept {
    const bool known = timed || clock.known();
    const auto began = known ? clock.begin() : GuestClock::Time{};
    const wasm::Progress progress = guest.poll();
    if (progress == wasm::Progress::sliced || progress == wasm::Progress::suspended) {
      const auto stopped = clock.end();
      if (known) {
        used += stopped - began;
      } else if (progress == wasm::Progress::sliced) {
        used += slice;
      }
      timed = true;
    } else if (timed) {
      used += clock.end() - began;
    } else {
      clock.skip();
    }
    return progress;
  }
};

}  // namespace wasm_grpc::runtime
