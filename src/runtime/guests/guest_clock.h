// How long guests run, with few looks at the clock.
#pragma once

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
  /// When the clock was read last: earlier in this turn, or at its beginning.
  [[nodiscard]] Time about_now() const noexcept { return last_; }

 private:
  Time last_{};
  bool known_ = false;
};

}  // namespace wasm_grpc::runtime
