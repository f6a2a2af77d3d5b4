#include "runtime/scheduler.h"

#include <algorithm>

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

void Scheduler::run_turn() noexcept {
  // The candidate is chosen first: a task that is sliced in this turn does not run twice in it.
  Task* continued = nullptr;
  if (!sliced_.empty()) {
    std::pop_heap(sliced_.begin(), sliced_.end());
    continued = sliced_.back().task;
    sliced_.pop_back();
  }
  const std::uint64_t slices_before = slices_used_;
  for (std::uint64_t left = ready_count_; left > 0 && slices_used_ == slices_before; --left) {
    Task& task = *first_;
    first_ = task.next_;
    if (first_ == nullptr) last_ = nullptr;
    --ready_count_;
    task.run();
  }
  if (continued != nullptr) continued->run();
}

}  // namespace wasm_grpc::runtime
