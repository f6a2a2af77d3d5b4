#include "runtime/instances/host_waits.h"

#include <algorithm>
#include <thread>

namespace wasm_grpc::runtime {

namespace {

constexpr unsigned place_bits = 32;

}  // namespace

std::uint64_t HostWaits::take_place(HostWaiter& waiter) {
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
    free_places_.reserve(places_.capacity());  // so that remove() has room to give them back
  }
  const std::uint32_t number = free_places_.back();
  free_places_.pop_back();
  Place& place = places_[number];
  place.waiter = &waiter;
  if (++place.given == 0) ++place.given;  // no token is 0
  return std::uint64_t{place.given} << place_bits | number;
}

HostWaiter* HostWaits::find(std::uint64_t token) const noexcept {
  const Place& place = places_[static_cast<std::uint32_t>(token)];
  return place.given == token >> place_bits ? place.waiter : nullptr;
}

bool HostWaits::add(HostWaiter& waiter, const wasm::Suspension& suspension) {
  remove(waiter);
  if (suspension.pending == nullptr) return true;
  waiter.token_ = take_place(waiter);
  waiter.pending_ = suspension.pending;
  if (waiter.pending_->notify(mail_, waiter.token_)) return true;
  remove(waiter);
  return false;
}

void HostWaits::remove(HostWaiter& waiter) noexcept {
  if (waiter.token_ == 0) return;
  const auto number = static_cast<std::uint32_t>(std::exchange(waiter.token_, 0));
  places_[number].waiter = nullptr;
  free_places_.push_back(number);
  if (const auto pending = std::exchange(waiter.pending_, nullptr)) pending->stop_notifying();
}

std::pair<std::shared_ptr<detail::ResultWaker>, std::uint64_t> HostWaits::subscribe(HostWaiter& waiter) {
  remove(waiter);
  waiter.token_ = take_place(waiter);
  return {mail_, waiter.token_};
}

void HostWaits::deliver() noexcept {
  for (const std::uint64_t token : mail_->box.take()) {
    HostWaiter* const waiter = find(token);
    if (waiter == nullptr) continue;
    if (waiter->pending_ != nullptr) remove(*waiter);
    waiter->on_host_result();
  }
}

namespace {

struct ThreadWaker final : detail::ResultWaker {
  [[nodiscard]] bool note(std::uint64_t) noexcept override { return true; }
  void wake_up() noexcept override {
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
