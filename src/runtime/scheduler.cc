#include "runtime/scheduler.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::runtime {

void Scheduler::ready(Task& task) noexcept {
  const bool was_empty = empty();
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

void Scheduler::sliced(Task& task, std::uint32_t slices) noexcept {
  const bool was_empty = empty();
  sliced_.push_back({slices, slices_used_++, &task});
  std::push_heap(sliced_.begin(), sliced_.end());
  if (was_empty) woken_();
}

void Scheduler::hurry(Task& task) noexcept {
  if (candidate_ && candidate_->task == &task) candidate_->slices = 0;
  const auto found =
      std::find_if(sliced_.begin(), sliced_.end(), [&](const Sliced& entry) { return entry.task == &task; });
  if (found == sliced_.end()) return;
  found->slices = 0;
  std::push_heap(sliced_.begin(), found + 1);  // what is above it is a heap; it rises there
}

bool Scheduler::run_ready() noexcept {
  // The candidate is chosen first: a task that is sliced in this turn does not run twice in it.
  if (!sliced_.empty()) {
    std::pop_heap(sliced_.begin(), sliced_.end());
    candidate_ = sliced_.back();
    sliced_.pop_back();
  }
  const std::uint64_t slices_before = slices_used_;
  const std::uint64_t tick = this->tick();
  bool was_long = false;
  for (std::uint64_t left = ready_count_; left > 0 && !was_long; --left) {
    Task& task = *first_;
    first_ = task.next_;
    if (first_ == nullptr) last_ = nullptr;
    --ready_count_;
    task.run();
    was_long = slices_used_ != slices_before || this->tick() != tick;
  }
  if (!candidate_) return false;
  passed_over_ = was_long && !passed_over_;
  if (!passed_over_) return true;
  sliced_.push_back(*std::exchange(candidate_, std::nullopt));
  std::push_heap(sliced_.begin(), sliced_.end());
  return false;
}

void Scheduler::run_sliced() noexcept {
  if (candidate_) std::exchange(candidate_, std::nullopt)->task->run();
}

}  // namespace wasm_grpc::runtime
