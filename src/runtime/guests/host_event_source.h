// The events that host functions have for the instance of a hub.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "abi/abi.h"
#include "hostmodules/host_events.h"
#include "hostmodules/kv_operations.h"
#include "rpc/timer_queue.h"
#include "runtime/instances/guest_module.h"
#include "runtime/instances/host_waits.h"

namespace wasm_grpc::runtime {

/// What a guest is told of what it began with its store: a number of wasm_grpc_kv_1, which those of ABI 1 leave out.
inline constexpr auto event_of_store = static_cast<abi::Event>(9);

/// Used on its worker's thread.
class HostEventSource final : private HostWaiter, private rpc::Timer {
 public:
  /// Both outlive it. `told`: there is something to take.
  HostEventSource(HostWaits& waits, rpc::TimerQueue& timers, std::function<void()> told)
      : waits_(waits), timers_(timers), told_(std::move(told)) {}
  ~HostEventSource() override { detach(); }

  /// From here on those of this instance, if its guest can have any.
  void attach(const GuestModule& module, GuestInstance& guest) {
    detach();
    auto* const operations = hostmodules::kv_operations_of(module.states(), guest.states);
    if (operations == nullptr) return;
    events_ = operations->open_events();
    auto [waker, token] = waits_.subscribe(*this);
    events_->attach(std::move(waker), token);
  }
  void detach() noexcept {
    if (events_ == nullptr) return;
    events_->detach();
    events_ = nullptr;
    waits_.remove(*this);
    timers_.cancel(*this);
  }

  [[nodiscard]] bool any() const noexcept { return events_ != nullptr && events_->any(); }
  [[nodiscard]] std::optional<hostmodules::HostEvent> take() noexcept {
    return events_ == nullptr ? std::nullopt : events_->take();
  }
  /// The guest has run, and may have begun something that has a limit.
  void note_limit() noexcept {
    if (events_ == nullptr) return;
    const auto limit = events_->next_limit();
    if (limit != hostmodules::HostEvents::Clock::time_point::max() && !scheduled()) timers_.schedule(*this, limit);
  }

 private:
  void on_host_result() noexcept override { told_(); }
  void on_timer() noexcept override {
    if (events_ == nullptr) return;
    events_->expire(rpc::Clock::now());
    note_limit();
    if (any()) told_();
  }

  HostWaits& waits_;
  rpc::TimerQueue& timers_;
  const std::function<void()> told_;
  std::shared_ptr<hostmodules::HostEvents> events_;  // nullptr: there is no instance
};

}  // namespace wasm_grpc::runtime
