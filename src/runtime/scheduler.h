// Which guest runs next on a worker: fewest slices first.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace wasm_grpc::runtime {

/// Something that runs guest code, a slice at a time.
class Task {
 public:
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /// Runs at most one slice. May schedule itself again, or destroy itself.
  virtual void run() noexcept = 0;

 protected:
  Task() = default;
  virtual ~Task() = default;

 private:
  friend class Scheduler;
  Task* next_ = nullptr;
};

/// The run queues of one worker. Tasks that have not used up a slice run in the order they came; those that have wait
/// behind them, fewest slices first. A task is in a queue at most once and stays alive until it has run.
class Scheduler {
 public:
  /// `woken` is called when there is something to run after there was nothing. `ticks` counts the ends of slices while
  /// guests run (wasm::EpochTicker::ticks()), and outlives the scheduler; null where nobody counts.
  explicit Scheduler(std::function<void()> woken, const std::atomic<std::uint64_t>* ticks = nullptr)
      : woken_(std::move(woken)), ticks_(ticks) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Queues a task that has something to do.
  void ready(Task& task) noexcept;
  /// Queues a task that has used up `slices` slices and would go on.
  void sliced(Task& task, std::uint32_t slices) noexcept;

  /// Lets a task that sliced() queued go before all others that were sliced; nothing happens when it is not there.
  void hurry(Task& task) noexcept;

  /// One turn: run_ready(), run_sliced(); then it is the turn of I/O.
  void run_turn() noexcept {
    if (run_ready()) run_sliced();
  }
  /// Runs what is ready now, up to the first task that uses up its slice or the next tick. True when run_sliced() is to
  /// follow: what is answered may leave before.
  [[nodiscard]] bool run_ready() noexcept;
  /// Runs one task of those that were sliced before. It is passed over when the turn was long already, but never twice
  /// in a row.
  void run_sliced() noexcept;

  /// How many wait that were sliced before.
  [[nodiscard]] std::size_t sliced_count() const noexcept { return sliced_.size(); }
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr && sliced_.empty(); }
  /// How many slices have ended by the clock: a task that does several things stops when it changes.
  [[nodiscard]] std::uint64_t tick() const noexcept {
    return ticks_ == nullptr ? 0 : ticks_->load(std::memory_order_relaxed);
  }

 private:
  struct Sliced {
    std::uint32_t slices;
    std::uint64_t order;  // first come, first served among equals
    Task* task;
    bool operator<(const Sliced& other) const noexcept {  // a max-heap whose top has the fewest slices
      return slices != other.slices ? slices > other.slices : order > other.order;
    }
  };

  std::function<void()> woken_;
  Task* first_ = nullptr;
  Task* last_ = nullptr;
  std::uint64_t ready_count_ = 0;
  std::vector<Sliced> sliced_;
  std::uint64_t slices_used_ = 0;
  std::optional<Sliced> candidate_;  // of run_ready(), for run_sliced()
  bool passed_over_ = false;
  const std::atomic<std::uint64_t>* ticks_;
};

}  // namespace wasm_grpc::runtime
