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

#include "runtime/guests/cpu_allowance.h"
#include "runtime/guests/event_call.h"
#include "runtime/guests/guest_run.h"

namespace wasm_grpc::runtime {

/// Told when its hub has no calls any more, or has some again. Must not destroy the hub from inside.
class EventHubOwner {
 public:
  virtual ~EventHubOwner() = default;
  virtual void hub_idle() noexcept = 0;
  virtual void hub_in_use() noexcept = 0;
};

/// Used on its worker's thread. While the guest is in the midst of an event, other events wait.
class EventHub final : private GuestRun::Owner, private rpc::Timer {
 public:
  EventHub(InstancePool& instances, const GuestContext& context, EventHubOwner& owner)
      : instances_(instances), context_(context), owner_(owner), run_(*this, context) {
    run_.enter();
  }
  ~EventHub() override;

  /// Serves a call, which it holds until its end.
  void open(rpc::Call& call, std::int32_t tag) noexcept;
  /// Lets go of all calls without a status, and of the instance.
  void abandon() noexcept;
  [[nodiscard]] bool has_instance() const noexcept { return run_.has_guest(); }
  /// True when it has no calls, and may be destroyed.
  [[nodiscard]] bool may_end() const noexcept { return live_.empty() && !run_.queued() && !in_run_; }

 private:
  friend class EventCall;

  void on_turn() noexcept override;
  void on_refused(NoInstance why) noexcept override;
  void on_timer() noexcept override { run_.queue(); }

  // For its calls.
  void has_events(EventCall& call) noexcept;
  void has_no_events(EventCall& call) noexcept { queue_.remove(call); }
  void set_timer(EventCall& call, std::chrono::nanoseconds timeout) noexcept;
  void cancel_timer(EventCall& call) noexcept { context_.timers.cancel(call); }
  void guest_finished(EventCall& call) noexcept;
  /// The call is over, and the guest does not know it (any more).
  void forget(EventCall& call) noexcept;

  void acquire_instance() noexcept;
  /// True when there is an instance that is ready.
  [[nodiscard]] bool start() noexcept;
  void run_events() noexcept;
  /// True while the instance has used more than its part, and goes on later.
  [[nodiscard]] bool paused() noexcept;
  /// Tells the guest of the next event. False when there is none.
  [[nodiscard]] EventCall* next_call(abi::Event& event) noexcept;
  [[nodiscard]] bool begin_next_event() noexcept;
  void end_event() noexcept;
  /// Counts what the event has used to its call, which ends when that is too much.
  void charge_event() noexcept;
  void fail_start() noexcept;
  void fail_guest() noexcept;
  /// The guest is gone: its calls end with UNAVAILABLE.
  void lose_instance() noexcept;
  /// Calls that wait for an instance get none.
  void refuse_calls(const rpc::Status& status) noexcept;
  void release_finished() noexcept;
  [[nodiscard]] EventCall& take_call() noexcept;
  void tell_if_idle() noexcept;
  [[nodiscard]] std::string current_path() const;

  InstancePool& instances_;
  GuestContext context_;
  EventHubOwner& owner_;
  GuestRun run_;
  bool in_run_ = false;
  CpuAllowance allowance_;  // of the instance

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
