#include "hostmodules/host_events.h"

#include <algorithm>
#include <limits>

namespace wasm_grpc::hostmodules {

std::int32_t HostEvents::begin(Clock::time_point limit, std::int32_t late) {
  const std::lock_guard lock(mutex_);
  do {
    last_ = last_ == std::numeric_limits<std::int32_t>::max() ? 1 : last_ + 1;
  } while (begun_.contains(last_));
  begun_.emplace(last_, Entry{limit, late});
  if (limit != Clock::time_point::max()) limits_.emplace(limit, last_);
  return last_;
}

void HostEvents::end(std::int32_t number) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = begun_.find(number);
  if (found == begun_.end()) return;
  limits_.erase({found->second.limit, number});
  if (found->second.queued) {
    std::erase_if(events_, [number](const HostEvent& event) { return event.number == number; });
  }
  begun_.erase(found);
}

void HostEvents::post(std::int32_t number, std::int32_t value, detail::ResultWakes* wakes) noexcept {
  const std::lock_guard lock(mutex_);
  post_locked(number, value, wakes);
}

void HostEvents::post_locked(std::int32_t number, std::int32_t value, detail::ResultWakes* wakes) noexcept {
  const auto found = begun_.find(number);
  if (found == begun_.end() || found->second.queued) return;
  limits_.erase({found->second.limit, number});
  found->second.queued = true;
  events_.push_back({number, value});
  if (events_.size() != 1 || waker_ == nullptr || !waker_->note(token_)) return;
  if (wakes != nullptr) {
    wakes->add(waker_);
  } else {
    waker_->wake_up();
  }
}

void HostEvents::attach(std::shared_ptr<detail::ResultWaker> waker, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  waker_ = std::move(waker);
  token_ = token;
  if (!events_.empty()) waker_->wake(token_);
}

void HostEvents::detach() noexcept {
  const std::lock_guard lock(mutex_);
  waker_ = nullptr;
}

bool HostEvents::any() const noexcept {
  const std::lock_guard lock(mutex_);
  return !events_.empty();
}

std::optional<HostEvent> HostEvents::take() noexcept {
  const std::lock_guard lock(mutex_);
  if (events_.empty()) return std::nullopt;
  const HostEvent event = events_.front();
  events_.pop_front();
  begun_.find(event.number)->second.queued = false;
  return event;
}

HostEvents::Clock::time_point HostEvents::next_limit() const noexcept {
  const std::lock_guard lock(mutex_);
  return limits_.empty() ? Clock::time_point::max() : limits_.begin()->first;
}

void HostEvents::expire(Clock::time_point now) noexcept {
  const std::lock_guard lock(mutex_);
  while (!limits_.empty() && limits_.begin()->first <= now) {
    const std::int32_t number = limits_.begin()->second;
    post_locked(number, begun_.find(number)->second.late, nullptr);
  }
}

}  // namespace wasm_grpc::hostmodules
