#include "wasm_grpc/completion.h"

namespace wasm_grpc::detail {

bool PendingResult::give(Finish finish) {
  std::shared_ptr<ResultWaker> waker;
  std::uint64_t token = 0;
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return false;
    state_ = State::given;
    finish_ = std::move(finish);
    waker = std::move(waker_);
    token = token_;
  }
  if (waker != nullptr) waker->wake(token);
  return true;
}

bool PendingResult::given() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::given;
}

bool PendingResult::fail(std::string message) {
  return give([message = std::move(message)](Caller& caller, RawValue*) { caller.trap(message); });
}

bool PendingResult::wanted() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::open;
}

void PendingResult::set_limit(Clock::time_point limit, Finish otherwise) {
  limit_ = limit;
  otherwise_ = std::move(otherwise);
}

bool PendingResult::expire(Clock::time_point now) {
  return now >= limit_ && otherwise_ != nullptr && give(std::move(otherwise_));
}

void PendingResult::take(Caller& caller, RawValue* values) {
  Finish finish;
  {
    const std::lock_guard lock(mutex_);
    finish = std::move(finish_);
  }
  finish(caller, values);
}

bool PendingResult::notify(std::shared_ptr<ResultWaker> waker, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::given) return false;
  waker_ = std::move(waker);
  token_ = token;
  return true;
}

void PendingResult::stop_notifying() {
  const std::lock_guard lock(mutex_);
  waker_ = nullptr;
}

void PendingResult::abandon() noexcept {
  Finish finish;  // what it holds is destroyed outside the lock
  const std::lock_guard lock(mutex_);
  state_ = State::abandoned;
  waker_ = nullptr;
  finish.swap(finish_);
}

}  // namespace wasm_grpc::detail
