// The calls that one instance serves in event style, told of one event after the other.
//
// The instance is the hub's for as long as it lives: what it knows is the point of it. A guest that fails loses it; the
// calls it knew end with UNAVAILABLE, and those it was not told of yet meet a new one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/timer_queue.h"
#include "runtime/guests/event_call.h"
#include "runtime/guests/guest_clock.h"
#include "runtime/guests/host_waits.h"
#include "runtime/instances/instance_pool.h"
#include "runtime/scheduler.h"
#include "wasm_grpc/guest_limits.h"

namespace wasm_grpc::runtime {

/// What the hubs of one worker share. All outlive them.
struct EventContext {
  Scheduler& scheduler;
  rpc::TimerQueue& timers;
  HostWaits& host_waits;
  GuestClock& clock;
  const GuestLimits& limits;
};

/// Told when its hub has no calls any more, or has some again. Must not destroy the hub from inside.
class EventHubOwner {
 public:
  virtual ~EventHubOwner() = default;
  virtual void hub_idle() noexcept = 0;
  virtual void hub_in_use() noexcept = 0;
  /// It waits for an instance: one that is without calls may make room.
  virtual void hub_waits() noexcept = 0;
};

/// Used on its worker's thread. While the guest is in the midst of an event, other events wait.
class EventHub final : public Task, private InstanceWaiter, private HostWaiter, private rpc::Timer {
 public:
  EventHub(InstancePool& instances, const EventContext& context, EventHubOwner& owner)
      : instances_(instances), context_(context), owner_(owner) {}
  ~EventHub() override;

  /// Serves a call, which it holds until its end.
  void open(rpc::Call& call, std::int32_t tag) noexcept;
  /// Lets go of all calls without a status, and of the instance.
  void abandon() noexcept;
  [[nodiscard]] bool has_instance() const noexcept { return state_ != State::none; }
  /// True when it has no calls, and may be destroyed.
  [[nodiscard]] bool may_end() const noexcept { return live_.empty() && !scheduled_ && !in_run_; }

 private:
  friend class EventCall;
  enum class State : std::uint8_t { none, waiting, starting, ready };

  void run() noexcept override;
  void on_timer() noexcept override;
  void on_host_result() noexcept override;
  void take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept override;
  void refuse_instance() noexcept override;

  // For its calls.
  void has_events(EventCall& call) noexcept;
  void has_no_events(EventCall& call) noexcept { queue_.remove(call); }
  void set_timer(EventCall& call, std::chrono::nanoseconds timeout) noexcept;
  void cancel_timer(EventCall& call) noexcept { context_.timers.cancel(call); }
  void guest_finished(EventCall& call) noexcept;
  /// The call is over, and the guest does not know it (any more).
  void forget(EventCall& call) noexcept;

  void acquire_instance() noexcept;
  /// Runs when it is its turn; nothing happens when it waits for that already.
  void schedule() noexcept;
  /// True when the instance is ready.
  [[nodiscard]] bool run_start() noexcept;
  /// Tells the guest of the next event. False when there is none.
  [[nodiscard]] bool begin_next_event() noexcept;
  /// Runs the guest for a slice at most. True when it is done with the event.
  [[nodiscard]] bool run_event() noexcept;
  void end_event() noexcept;
  void suspend() noexcept;
  /// Nothing wakes the guest any more.
  void stop_waiting() noexcept;
  void sliced() noexcept;
  [[nodiscard]] bool kill_if_spent() noexcept;
  void fail_start(std::string_view why) noexcept;
  void fail_guest() noexcept;
  /// The guest is gone: its calls end with UNAVAILABLE.
  void lose_instance() noexcept;
  /// Calls that wait for an instance get none.
  void refuse_calls(const rpc::Status& status) noexcept;
  void release_finished() noexcept;
  [[nodiscard]] EventCall& take_call() noexcept;
  void tell_if_idle() noexcept;

  InstancePool& instances_;
  EventContext context_;
  EventHubOwner& owner_;
  std::unique_ptr<GuestInstance> guest_;
  State state_ = State::none;
  bool scheduled_ = false;
  bool acquiring_ = false;
  bool in_run_ = false;
  rpc::Clock::time_point start_limit_{};
  std::uint32_t slices_ = 0;
  GuestTime time_;  // of the event

  EventQueue queue_;
  EventCall* current_ = nullptr;       // whose event the guest is told of; nullptr once it is finished
  bool current_is_cancelled_ = false;  // it is Event::cancelled
  std::size_t unopened_ = 0;
  std::vector<EventCall*> live_;
  std::vector<EventCall*> finished_;  // by the guest, in this event
  std::vector<std::unique_ptr<EventCall>> all_;
  std::vector<EventCall*> free_;
};

}  // namespace wasm_grpc::runtime
