#include "rpc/timer_queue.h"

#include <algorithm>

namespace wasm_grpc::rpc {

namespace {

constexpr std::size_t arity = 4;
// The index of a timer that run_due() has taken out of the heap, counted from here, is its place in due_.
constexpr std::size_t due_base = std::size_t{1} << 62;

}  // namespace

Timer::~Timer() {
  if (queue_ != nullptr) queue_->cancel(*this);
}

TimerQueue::~TimerQueue() {
  for (const Entry& entry : heap_) entry.timer->queue_ = nullptr;
}

void TimerQueue::schedule(Timer& timer, Clock::time_point time) {
  const bool was_empty = heap_.empty();
  const auto before = was_empty ? Clock::time_point::max() : heap_.front().time;
  if (timer.queue_ == this && timer.index_ < due_base) {
    const std::size_t index = timer.index_;
    const bool earlier = time < heap_[index].time;
    heap_[index].time = time;
    if (earlier) {
      sift_up(index);
    } else {
      sift_down(index);
    }
  } else {
    if (timer.queue_ == this) cancel(timer);
    heap_.push_back({time, &timer});
    timer.queue_ = this;
    timer.index_ = heap_.size() - 1;
    sift_up(timer.index_);
  }
  if (!running_ && sooner_ && (was_empty || heap_.front().time < before)) sooner_();
}

void TimerQueue::cancel(Timer& timer) noexcept {
  if (timer.queue_ != this) return;
  timer.queue_ = nullptr;
  if (timer.index_ >= due_base) {
    due_[timer.index_ - due_base] = nullptr;
  } else {
    remove(timer.index_);
  }
}

std::size_t TimerQueue::run_due(Clock::time_point now) {
  running_ = true;
  while (!heap_.empty() && heap_.front().time <= now) {
    Timer* timer = heap_.front().timer;
    remove(0);
    timer->index_ = due_base + due_.size();
    due_.push_back(timer);
  }
  std::size_t ran = 0;
  for (std::size_t i = 0; i < due_.size(); ++i) {
    Timer* timer = due_[i];
    if (timer == nullptr) continue;
    timer->queue_ = nullptr;
    ++ran;
    timer->on_timer();
  }
  due_.clear();
  running_ = false;
  return ran;
}

void TimerQueue::place(std::size_t index, Entry entry) noexcept {
  heap_[index] = entry;
  entry.timer->index_ = index;
}

void TimerQueue::sift_up(std::size_t index) noexcept {
  const Entry entry = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / arity;
    if (heap_[parent].time <= entry.time) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, entry);
}

void TimerQueue::sift_down(std::size_t index) noexcept {
  const Entry entry = heap_[index];
  for (;;) {
    const std::size_t first = index * arity + 1;
    if (first >= heap_.size()) break;
    const std::size_t last = std::min(first + arity, heap_.size());
    std::size_t child = first;
    for (std::size_t i = first + 1; i < last; ++i) {
      if (heap_[i].time < heap_[child].time) child = i;
    }
    if (entry.time <= heap_[child].time) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, entry);
}

void TimerQueue::remove(std::size_t index) noexcept {
  const Entry moved = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  place(index, moved);
  sift_up(index);
  sift_down(moved.timer->index_);
}

}  // namespace wasm_grpc::rpc
