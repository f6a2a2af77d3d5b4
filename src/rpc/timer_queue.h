// Timers of one worker: the deadlines of calls, the waits of guests.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

/// So much later; Clock::time_point::max() where that is beyond what the clock can say.
template <typename Duration>
[[nodiscard]] constexpr Clock::time_point later(Clock::time_point time, Duration by) noexcept {
  const auto left = std::chrono::duration_cast<Duration>(Clock::time_point::max() - time);
  return by < left ? time + by : Clock::time_point::max();
}

class TimerQueue;

/// Something that wants to be told at a time. Belongs to the thread of its queue.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// True between schedule() and cancel() or on_timer().
  [[nodiscard]] bool scheduled() const noexcept { return queue_ != nullptr; }

 protected:
  /// Takes it out of its queue.
  virtual ~Timer();
  /// The time has come. The timer is no longer scheduled and may be scheduled again, or destroyed.
  virtual void on_timer() noexcept = 0;

 private:
  friend class TimerQueue;
  TimerQueue* queue_ = nullptr;
  std::size_t index_ = 0;  // where it is in the queue's heap
};

/// A heap of timers. All functions are O(log n) or better, and none allocates once the heap has had its size before.
/// Not thread-safe. Outlives the timers scheduled in it, or is destroyed with them still scheduled: then they never
/// fire.
class TimerQueue {
 public:
  /// `sooner` is called when the earliest time has become sooner, outside run_due(): whoever sleeps must sleep shorter.
  explicit TimerQueue(std::function<void()> sooner = {}) : sooner_(std::move(sooner)) {}
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// Schedules the timer, or moves it when it is already scheduled here. It must not be scheduled in another queue.
  void schedule(Timer& timer, Clock::time_point time);
  /// Takes the timer out; nothing happens when it is not scheduled.
  void cancel(Timer& timer) noexcept;

  /// Runs the timers that are due at `now`, earliest first, and returns their number. What they schedule for `now` or
  /// before runs at the next call, so that a timer that always schedules itself cannot hold the thread. Look at
  /// earliest() afterwards.
  std::size_t run_due(Clock::time_point now);

  /// When run_due() is to be called next.
  [[nodiscard]] std::optional<Clock::time_point> earliest() const noexcept {
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().time);
  }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

 private:
  // A 4-ary heap: half as deep as a binary one, and four entries share a cache line.
  struct Entry {
    Clock::time_point time;
    Timer* timer;
  };

  void place(std::size_t index, Entry entry) noexcept;
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;
  void remove(std::size_t index) noexcept;

  std::vector<Entry> heap_;
  std::vector<Timer*> due_;  // those run_due() has taken out and not run yet; cancel() blanks them
  bool running_ = false;
  std::function<void()> sooner_;
};

}  // namespace wasm_grpc::rpc
