#include "runtime/scheduler.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::runtime {

void Scheduler::ready(Task& task) noexcept {
  if (task.queued()) return;
  if (task.from_shared_) charge(task, {});
  // Who is a little ahead only has had many short runs: they go together, many in a turn.
  if (ahead(task) > slice_ / 8) {
    join_shared(task);
    return;
  }
  const bool was_empty = empty();
  task.place_ = Task::Place::ready;
  task.next_ = nullptr;
  if (last_ == nullptr) {
    first_ = &task;
  } else {
    last_->next_ = &task;
  }
  last_ = &task;
  ++ready_count_;
  if (was_empty) woken_();
}

void Scheduler::sliced(Task& task) noexcept {
  if (task.queued()) return;
  if (task.from_shared_) charge(task, {});
  ++slices_used_;
  join_shared(task);
}

void Scheduler::join_shared(Task& task) noexcept {
  const bool was_empty = empty();
  task.time_ = std::max(task.time_, now_);
  task.place_ = Task::Place::shared;
  push({task.time_, orders_++, &task});
  if (was_empty) woken_();
}

void Scheduler::push(const Entry& entry) noexcept {
  shared_.push_back(entry);
  std::push_heap(shared_.begin(), shared_.end());
}

void Scheduler::charge_run(Task& task, Duration used) noexcept {
  const Duration least = std::exchange(task.from_shared_, false) ? slice_ / 2 : Duration{};
  // More than that was not the task's doing: the system had taken the thread away.
  used = std::clamp(used, least, 2 * slice_);
  const auto runnable = static_cast<Duration::rep>(ready_count_ + shared_.size() + 1);
  task.time_ = std::max(task.time_, now_) + used;
  now_ += used / runnable;
}

void Scheduler::hurry(Task& task) noexcept {
  if (candidate_ && candidate_->task == &task) candidate_->time = Duration::min();
  const auto found =
      std::find_if(shared_.begin(), shared_.end(), [&](const Entry& entry) { return entry.task == &task; });
  if (found == shared_.end()) return;
  found->time = Duration::min();
  std::push_heap(shared_.begin(), found + 1);  // what is above it is a heap; it rises there
}

bool Scheduler::run_ready() noexcept {
  // The candidate is chosen first: a task that is sliced in this turn does not run twice in it.
  if (!shared_.empty()) {
    std::pop_heap(shared_.begin(), shared_.end());
    candidate_ = shared_.back();
    shared_.pop_back();
  }
  const std::uint64_t slices_before = slices_used_;
  const std::uint64_t tick = this->tick();
  bool was_long = false;
  for (std::size_t left = ready_count_; left > 0 && !was_long; --left) {
    Task& task = *first_;
    first_ = task.next_;
    if (first_ == nullptr) last_ = nullptr;
    --ready_count_;
    task.place_ = Task::Place::none;
    task.run();
    was_long = slices_used_ != slices_before || this->tick() != tick;
  }
  if (!candidate_) return false;
  passed_over_ = was_long && !passed_over_;
  if (!passed_over_) return true;
  push(*std::exchange(candidate_, std::nullopt));
  return false;
}

void Scheduler::run_shared() noexcept {
  if (!candidate_) return;
  Task& task = *std::exchange(candidate_, std::nullopt)->task;
  now_ = std::max(now_, task.time_);
  task.place_ = Task::Place::none;
  task.from_shared_ = true;
  task.run();
}

}  // namespace wasm_grpc::runtime
