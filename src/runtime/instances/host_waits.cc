#include "runtime/instances/host_waits.h"

#include <algorithm>
#include <thread>

namespace wasm_grpc::runtime {

bool HostWaits::add(HostWaiter& waiter, const wasm::Suspension& suspension) {
  remove(waiter);
  if (suspension.pending == nullptr) return true;
  const std::uint64_t token = ++last_token_;
  waiting_.emplace(token, &waiter);
  waiter.token_ = token;
  waiter.pending_ = suspension.pending;
  if (waiter.pending_->notify(mail_, token)) return true;
  remove(waiter);
  return false;
}

void HostWaits::remove(HostWaiter& waiter) noexcept {
  if (waiter.token_ == 0) return;
  waiting_.erase(std::exchange(waiter.token_, 0));
  if (const auto pending = std::exchange(waiter.pending_, nullptr)) pending->stop_notifying();
}

std::pair<std::shared_ptr<detail::ResultWaker>, std::uint64_t> HostWaits::subscribe(HostWaiter& waiter) {
  remove(waiter);
  waiter.token_ = ++last_token_;
  waiting_.emplace(waiter.token_, &waiter);
  return {mail_, waiter.token_};
}

void HostWaits::deliver() noexcept {
  for (const std::uint64_t token : mail_->box.take()) {
    const auto found = waiting_.find(token);
    if (found == waiting_.end()) continue;
    HostWaiter& waiter = *found->second;
    if (waiter.pending_ != nullptr) remove(waiter);
    waiter.on_host_result();
  }
}

namespace {

struct ThreadWaker final : detail::ResultWaker {
  void wake(std::uint64_t) noexcept override {
    const std::lock_guard lock(mutex);
    woken = true;
    condition.notify_one();
  }
  std::mutex mutex;
  std::condition_variable condition;
  bool woken = false;
};

}  // namespace

void wait_here(const wasm::Suspension& suspension, wasm::Clock::time_point until) {
  until = std::min(until, suspension.until);
  if (suspension.pending == nullptr) {
    std::this_thread::sleep_until(until);
    return;
  }
  const auto waker = std::make_shared<ThreadWaker>();
  if (!suspension.pending->notify(waker, 0)) return;
  std::unique_lock lock(waker->mutex);
  waker->condition.wait_until(lock, until, [&] { return waker->woken; });
}

}  // namespace wasm_grpc::runtime
