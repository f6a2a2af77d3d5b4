// How long guests run, with few looks at the clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "runtime/scheduler.h"
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

  // ---- Guests inside of others ----

  /// What guests have used that ran inside of others (InnerRun): it is not the time of those.
  struct Inner {
    std::chrono::nanoseconds time{};
    std::uint64_t ticks = 0;
  };
  [[nodiscard]] const Inner& inner() const noexcept { return inner_; }
  /// A guest runs until leave(), inside of another where one runs already.
  void enter(std::uint64_t tick) noexcept {
    if (depth_++ == 0) entered_ = tick;
    skip();
  }
  void leave() noexcept { --depth_; }
  /// True when a guest may run inside of one that runs: not once the outermost has run up to a tick, so that the turn
  /// of the worker gets no longer than by one slice.
  [[nodiscard]] bool takes_inner(std::uint64_t tick) const noexcept { return depth_ > 0 && entered_ == tick; }

 private:
  friend class InnerRun;

  Time last_{};
  bool known_ = false;
  std::size_t depth_ = 0;      // of guests that run
  std::uint64_t entered_ = 0;  // the tick in which the outermost began
  Inner inner_;
};

/// While it lives, a guest runs inside of another, in the midst of a host function of that. Reads the clock where that
/// function has not, at its beginning, and at its end where nobody else has since.
class InnerRun {
 public:
  InnerRun(GuestClock& clock, const Scheduler& scheduler) noexcept
      : clock_(clock), scheduler_(scheduler), before_(clock.inner_), began_(clock.begin()), tick_(scheduler.tick()) {}
  ~InnerRun() {
    // With what has run inside of it, which was counted meanwhile. Its end was mostly just noted, and the clock read
    // for that: what it did afterwards within the tick is then its caller's.
    const std::uint64_t ticks = scheduler_.tick() - tick_;
    const bool noted = ticks == 0 && clock_.about_now() > began_;
    const GuestClock::Time ended = noted ? clock_.about_now() : clock_.begin();
    clock_.inner_ = {before_.time + (ended - began_), before_.ticks + ticks};
    clock_.skip();  // its caller runs on
  }
  InnerRun(const InnerRun&) = delete;
  InnerRun& operator=(const InnerRun&) = delete;

 private:
  GuestClock& clock_;
  const Scheduler& scheduler_;
  const GuestClock::Inner before_;
  const GuestClock::Time began_;
  const std::uint64_t tick_;
};

}  // namespace wasm_grpc::runtime
