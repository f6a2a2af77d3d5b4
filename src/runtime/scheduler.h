// Which guest runs next on a worker.
//
// Most calls are done within their first slice, and go first, in the order they came. What takes longer shares the
// worker by virtual time (start-time fair queueing): each task has a time that grows by what it has run, the worker's
// time V follows those it serves, and the task furthest behind goes next. Who waits does not fall behind V, so that
// sleeping saves nothing up, and keeps what it is ahead of V, so that sleeping makes nothing forgotten.
//
// How long a task may wait. Let q be a slice. A turn charges q/2 at least to a task it has taken from those ahead, and
// no run is charged more than 2q; so no time is ever more than 2q + q/8 ahead of V, and a task that joins has V at
// least. Between two turns of one task, another can then have at most five. Every second turn of the loop serves one
// of them at least: beside n others a task waits for 10n + 2 turns at most, whoever comes, ends or sleeps meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace wasm_grpc::runtime {

class Scheduler;

/// Something that runs guest code, a slice at a time.
class Task {
 public:
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /// Runs at most one slice. May queue itself again, or destroy itself.
  virtual void run() noexcept = 0;

  /// True while it waits for its turn. It must not be destroyed then.
  [[nodiscard]] bool queued() const noexcept { return place_ != Place::none; }

 protected:
  Task() = default;
  virtual ~Task() = default;

 private:
  friend class Scheduler;
  enum class Place : std::uint8_t { none, ready, shared };

  Task* next_ = nullptr;
  std::chrono::nanoseconds time_{};
  Place place_ = Place::none;
  bool from_shared_ = false;  // in this run: it is charged for a turn
};

/// The run queues of one worker. A task is in one of them at most once and stays alive until it has run.
class Scheduler {
 public:
  using Duration = std::chrono::nanoseconds;

  /// `woken` is called when there is something to run after there was nothing. `ticks` counts the ends of slices while
  /// guests run (wasm::EpochTicker::ticks()), and outlives the scheduler; null where nobody counts.
  explicit Scheduler(std::function<void()> woken, const std::atomic<std::uint64_t>* ticks = nullptr,
                     Duration slice = std::chrono::milliseconds(1))
      : woken_(std::move(woken)), ticks_(ticks), slice_(slice) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // ---- Tasks ----

  /// It begins something that has nothing to do with what it ran before: `ahead` of the others, where that was so on
  /// another worker.
  void enter(Task& task, Duration ahead = {}) noexcept { task.time_ = now_ + ahead; }
  /// How far it is ahead of its part.
  [[nodiscard]] Duration ahead(const Task& task) const noexcept {
    return task.time_ > now_ ? task.time_ - now_ : Duration{};
  }
  /// Queues a task that has something to do; nothing happens when it is queued.
  void ready(Task& task) noexcept;
  /// Queues a task that has used up a slice and would go on; nothing happens when it is queued.
  void sliced(Task& task) noexcept;
  /// It has run for so long, as far as that is known.
  void charge(Task& task, Duration used) noexcept {
    if (used.count() != 0 || task.from_shared_) charge_run(task, used);
  }
  /// Lets a task that waits among those that take long go first; nothing happens when it is not there.
  void hurry(Task& task) noexcept;

  // ---- The worker ----

  /// One turn: run_ready(), run_shared(); then it is the turn of I/O.
  void run_turn() noexcept {
    if (run_ready()) run_shared();
  }
  /// Runs what is ready now, up to the first task that uses up its slice or the next tick. True when run_shared() is to
  /// follow: what is answered may leave before.
  [[nodiscard]] bool run_ready() noexcept;
  /// Runs one task of those that take long. It is passed over when the turn was long already, but never twice in a row.
  void run_shared() noexcept;

  /// How many wait that are ready.
  [[nodiscard]] std::size_t ready_count() const noexcept { return ready_count_; }
  /// How many wait that take long.
  [[nodiscard]] std::size_t shared_count() const noexcept { return shared_.size(); }
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr && shared_.empty(); }
  /// How many slices have ended by the clock: a task that does several things stops when it changes.
  [[nodiscard]] std::uint64_t tick() const noexcept {
    return ticks_ == nullptr ? 0 : ticks_->load(std::memory_order_relaxed);
  }
  [[nodiscard]] Duration slice() const noexcept { return slice_; }

 private:
  struct Entry {
    Duration time;
    std::uint64_t order;  // first come, first served among equals
    Task* task;
    bool operator<(const Entry& other) const noexcept {  // a max-heap whose top is furthest behind
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  void charge_run(Task& task, Duration used) noexcept;
  void join_shared(Task& task) noexcept;
  void push(const Entry& entry) noexcept;

  std::function<void()> woken_;
  const std::atomic<std::uint64_t>* ticks_;
  Duration slice_;
  Duration now_{};  // V
  Task* first_ = nullptr;
  Task* last_ = nullptr;
  std::size_t ready_count_ = 0;
  std::vector<Entry> shared_;
  std::uint64_t slices_used_ = 0;
  std::uint64_t orders_ = 0;
  std::optional<Entry> candidate_;  // of run_ready(), for run_shared()
  bool passed_over_ = false;
};

}  // namespace wasm_grpc::runtime
