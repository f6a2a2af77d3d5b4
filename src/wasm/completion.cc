#include "wasm_grpc/completion.h"

#include <algorithm>

namespace wasm_grpc::detail {

void ResultWakes::add(const std::shared_ptr<ResultWaker>& waker) {
  if (std::find(wakers_.begin(), wakers_.end(), waker) == wakers_.end()) wakers_.push_back(waker);
}

void ResultWakes::wake_up() noexcept {
  for (const auto& waker : wakers_) waker->wake_up();
  wakers_.clear();
}

bool PendingResult::give(Finish finish, ResultWakes* wakes) {
  std::shared_ptr<ResultWaker> waker;
  std::uint64_t token = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!wanted()) return false;
    finish_ = std::move(finish);
    state_.store(State::given, std::memory_order_release);
    waker = std::move(waker_);
    token = token_;
  }
  if (waker == nullptr || !waker->note(token)) return true;
  if (wakes != nullptr) {
    wakes->add(waker);
  } else {
    waker->wake_up();
  }
  return true;
}

bool PendingResult::fail(std::string message) {
  return give([message = std::move(message)](Caller& caller, RawValue*) { caller.trap(message); });
}

void PendingResult::set_limit(Clock::time_point limit, Finish otherwise) {
  limit_ = limit;
  otherwise_ = std::move(otherwise);
}

bool PendingResult::expire(Clock::time_point now) {
  return now >= limit_ && otherwise_ != nullptr && give(std::move(otherwise_));
}

void PendingResult::take(Caller& caller, RawValue* values) {
  const Finish finish = std::move(finish_);
  finish(caller, values);
}

bool PendingResult::notify(std::shared_ptr<ResultWaker> waker, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  if (given()) return false;
  waker_ = std::move(waker);
  token_ = token;
  return true;
}

void PendingResult::stop_notifying() {
  if (given()) return;  // then nobody is named any more
  const std::lock_guard lock(mutex_);
  waker_ = nullptr;
}

void PendingResult::abandon() noexcept {
  Finish finish;  // what it holds is destroyed outside the lock
  const std::lock_guard lock(mutex_);
  state_.store(State::abandoned, std::memory_order_relaxed);
  waker_ = nullptr;
  finish.swap(finish_);
}

}  // namespace wasm_grpc::detail
