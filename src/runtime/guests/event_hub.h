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

#include "abi/client_1/call_maker.h"
#include "runtime/guests/cpu_allowance.h"
#include "runtime/guests/event_call.h"
#include "runtime/guests/guest_run.h"
#include "runtime/guests/host_event_source.h"

namespace wasm_grpc::runtime {

/// Told when its hub has no calls any more, or has some again. Must not destroy the hub from inside.
class EventHubOwner {
 public:
  virtual ~EventHubOwner() = default;
  virtual void hub_idle() noexcept = 0;
  virtual void hub_in_use() noexcept = 0;
  /// What EventHub::end_instance() began is over.
  virtual void instance_ended() noexcept {}
};

/// Used on its worker's thread. While the guest is in the midst of an event, other events wait.
class EventHub final : private GuestRun::Owner,
                       private abi::EventInstanceHost,
                       private abi::client_1::CallWatcher,
                       private rpc::Timer {
 public:
  EventHub(InstancePool& instances, const GuestContext& context, EventHubOwner& owner)
      : instances_(instances),
        context_(context),
        owner_(owner),
        run_(*this, context),
        alarm_(*this),
        host_events_(context.host_waits, context.timers, [this] { queue_if_free(); }) {
    run_.enter();
  }
  ~EventHub() override;

  /// Serves a call, which it holds until its end.
  void open(rpc::Call& call, std::int32_t tag) noexcept;
  /// Ends all its calls with this status; the guest is told of each.
  void end_calls(const rpc::Status& status) noexcept;
  /// Lets go of all calls without a status, and of the instance.
  void abandon() noexcept;
  [[nodiscard]] bool has_instance() const noexcept { return run_.has_guest(); }
  /// True when it has no calls, and may be destroyed.
  [[nodiscard]] bool may_end() const noexcept {
    return live_.empty() && !run_.queued() && !in_run_ && !run_.in_guest();
  }
  /// True when its guest has an alarm set.
  [[nodiscard]] bool has_alarm() const noexcept { return alarm_due_ || alarm_.scheduled(); }
  /// True when its guest is to be told before the instance is given up, and was not yet.
  [[nodiscard]] bool wants_ending() const noexcept {
    return run_.has_guest() && run_.started() && run_.guest().binding->wants_ending();
  }
  /// Tells the guest, which has a second at most for it, and gives up the instance; calls that come meanwhile meet a
  /// new one. Only where wants_ending().
  void end_instance() noexcept;
  [[nodiscard]] bool ending() const noexcept { return ending_; }

 private:
  friend class EventCall;

  void on_turn() noexcept override;
  void on_refused(NoInstance why) noexcept override;
  void on_timer() noexcept override { run_.queue(); }
  void on_outgoing_progress() noexcept override { queue_if_free(); }

  /// When the guest wants to be told without a call.
  class Alarm final : public rpc::Timer {
   public:
    explicit Alarm(EventHub& hub) noexcept : hub_(hub) {}

   private:
    void on_timer() noexcept override { hub_.alarm_goes_off(); }
    EventHub& hub_;
  };

  // abi::EventInstanceHost
  void set_alarm(std::chrono::nanoseconds timeout) noexcept override;
  void alarm_goes_off() noexcept;

  // For its calls.
  void has_events(EventCall& call) noexcept;
  void has_no_events(EventCall& call) noexcept { queue_.remove(call); }
  void set_timer(rpc::Timer& timer, std::chrono::nanoseconds timeout) noexcept;
  void cancel_timer(EventCall& call) noexcept { context_.timers.cancel(call); }
  void guest_finished(EventCall& call) noexcept;
  /// The call is over, and the guest does not know it (any more).
  void forget(EventCall& call) noexcept;

  /// True when the guest is to be told of a call at once, inside of the one that makes it.
  [[nodiscard]] bool may_run_inside(const rpc::Call& call) const noexcept;
  void acquire_instance() noexcept;
  void queue_if_free() noexcept;
  /// True when there is an instance that is ready.
  [[nodiscard]] bool start() noexcept;
  void run_events() noexcept;
  [[nodiscard]] GuestRun::Step step() noexcept;
  /// True while the instance has used more than its part, and goes on later.
  [[nodiscard]] bool paused() noexcept;
  /// Tells the guest of the next event. False when there is none.
  [[nodiscard]] EventCall* next_call(abi::Event& event) noexcept;
  [[nodiscard]] bool begin_next_event() noexcept;
  void begin_event(std::int32_t id, abi::Event event, std::int32_t value, std::chrono::nanoseconds most) noexcept;
  /// True when the next event is of the instance, which it begins.
  [[nodiscard]] bool begin_own_event() noexcept;
  /// The same of a call that the instance made, or of what it began with the host's functions.
  [[nodiscard]] bool begin_begun_event() noexcept;
  /// The side of the instance by which its guest calls others; nullptr where it does not.
  [[nodiscard]] abi::client_1::InstanceBinding* client_side() const noexcept;
  [[nodiscard]] bool has_client_events() const noexcept;
  /// A call that the guest knows has ended: those that it made for it do too.
  void end_calls_for(const EventCall& call) noexcept;
  [[nodiscard]] bool anything_to_tell() const noexcept {
    return !queue_.empty() || alarm_due_ || ending_ || has_client_events() || host_events_.any();
  }
  void end_event() noexcept;
  /// Counts what the event has used to its call, which ends when that is too much.
  void charge_event() noexcept;
  void fail_start() noexcept;
  void fail_guest() noexcept;
  /// The guest is gone: its calls end with UNAVAILABLE.
  void lose_instance(std::string_view why) noexcept;
  void forget_instance_events() noexcept;
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
  MethodCost cost_;  // of its events
  bool in_run_ = false;
  CpuAllowance allowance_;        // of the instance
  CpuAllowance alarm_allowance_;  // of its alarms, and of events of what it began: they are of no call
  Alarm alarm_;
  bool alarm_due_ = false;
  bool call_is_next_ = false;          // after an alarm, where there are calls to be told of
  bool begun_event_is_next_ = false;   // after an event of a call that it serves
  bool client_event_is_next_ = false;  // after another of what it began
  bool ending_ = false;
  bool is_host_ = false;  // its instance knows it

  HostEventSource host_events_;
  EventQueue queue_;
  EventCall* current_ = nullptr;  // whose event the guest is told of; nullptr once it is finished
  abi::Event current_event_ = abi::Event::open;
  std::chrono::nanoseconds current_limit_{};
  std::size_t unopened_ = 0;
  std::vector<EventCall*> live_;
  std::vector<EventCall*> finished_;  // by the guest, in this event
  std::vector<std::unique_ptr<EventCall>> all_;
  std::vector<EventCall*> free_;
};

}  // namespace wasm_grpc::runtime
