// The one way a guest runs: it gets an instance, starts it where it is new, and runs it a slice at a time.
//
// Calls in handler style, the hubs of event style and starts in the background each own a GuestRun and say what is to
// be run; how it waits, is sliced, wakes, and what it may use is written here only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "rpc/timer_queue.h"
#include "runtime/guests/guest_clock.h"
#include "runtime/guests/method_cost.h"
#include "runtime/instances/host_waits.h"
#include "runtime/instances/instance_pool.h"
#include "runtime/scheduler.h"
#include "runtime/sharing/moving_guest.h"

namespace wasm_grpc::runtime {

class OutgoingCalls;

/// What the guests of one worker share. All outlive them.
struct GuestContext {
  Scheduler& scheduler;
  rpc::TimerQueue& timers;
  HostWaits& host_waits;
  GuestClock& clock;
  OutgoingCalls* outgoing = nullptr;  // by which they call others; nullptr: they cannot
};

/// Why a run came to a bad end.
enum class RunFailure : std::uint8_t {
  start,     // the instance did not start: text() says why
  guest,     // it trapped or exited
  spent,     // it has used up its CPU time
  too_long,  // it was not done in time
  late,      // its call had ended, and it went on
};

/// Belongs to its worker's thread.
class GuestRun final : private Task, private InstanceWaiter, private HostWaiter, private rpc::Timer {
 public:
  using Duration = std::chrono::nanoseconds;
  using Time = rpc::Clock::time_point;

  /// Who has something to run. Told from the scheduler only, but for on_refused() and on_resumed().
  class Owner {
   public:
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;

    /// It is its turn. May destroy the run.
    virtual void on_turn() noexcept = 0;
    /// acquire() had said `waits`, and there is no instance.
    virtual void on_refused(NoInstance why) noexcept = 0;
    /// What the guest was suspended for has happened; a turn follows.
    virtual void on_resumed() noexcept {}
    /// Nobody wants what the guest does any more: it may come to its end within a slice, or a few once it knows.
    [[nodiscard]] virtual bool over() const noexcept { return false; }
    /// The guest has been told of that.
    [[nodiscard]] virtual bool told_of_end() const noexcept { return false; }

   protected:
    Owner() = default;
    virtual ~Owner() = default;
  };

  /// What came of step().
  enum class Step : std::uint8_t {
    goes_on,  // it waits or was sliced: on_turn() follows, and then another step()
    started,  // the instance is ready, and does nothing
    done,     // what was begun has returned
    failed,   // failure() says why; the instance is to be discarded
  };

  GuestRun(Owner& owner, const GuestContext& context) : owner_(owner), context_(context) {}
  ~GuestRun() override { stop_waiting(); }

  /// True when what is to be run begins best at once, inside of the guest that runs: where guests of this pool are
  /// known to be done soon. It goes on as any other when it is not.
  [[nodiscard]] bool may_run_inside(const InstancePool& pool, const MethodCost& cost) const noexcept;

  // ---- What is run ----

  /// A new thing to run: nothing is known of what it will use.
  void enter() noexcept;
  /// Has on_turn() called when it is its turn.
  void queue() noexcept { context_.scheduler.ready(*this); }
  /// True while a turn is to come.
  [[nodiscard]] bool queued() const noexcept { return Task::queued(); }

  /// What an instance is asked for: calls in handler style and events never meet in one.
  enum class For : std::uint8_t { call, events };
  /// Asks for an instance of the pool. `taken`: it is there; `waits`: a turn comes with it, or on_refused(). `client`:
  /// for whom, nullptr where it is not counted; `silent`: who has said nothing yet.
  [[nodiscard]] InstancePool::Admission acquire(InstancePool& pool, For what, const rpc::Client* client = nullptr,
                                                bool silent = false) noexcept;
  /// Its client has said nothing yet.
  [[nodiscard]] bool silent() const noexcept { return silent_; }
  /// The client says something.
  void has_spoken() noexcept {
    if (silent_) pool_->has_spoken(*this);
  }
  [[nodiscard]] bool waits_for_instance() const noexcept { return phase_ == Phase::waiting; }
  /// Starts an instance that nobody asked for, until `limit`.
  void start(InstancePool& pool, std::unique_ptr<GuestInstance> instance, Time limit) noexcept;
  /// Goes on with a guest that came from another worker, which may use so much CPU time in all.
  void go_on(InstancePool& pool, MovingGuest guest, Duration cpu_time) noexcept;

  [[nodiscard]] bool has_guest() const noexcept { return guest_ != nullptr; }
  /// True once its instance is ready to do something.
  [[nodiscard]] bool started() const noexcept { return phase_ == Phase::started; }
  [[nodiscard]] bool starting() const noexcept { return phase_ == Phase::starting; }
  /// Until when the start may take.
  [[nodiscard]] Time start_limit() const noexcept { return limit_; }
  [[nodiscard]] GuestInstance& guest() const noexcept { return *guest_; }
  /// The guest is in the middle of something.
  [[nodiscard]] bool in_guest() const noexcept { return started() && guest_->instance.running(); }
  /// The last step ended with a slice: it would go on at once.
  [[nodiscard]] bool was_sliced() const noexcept { return sliced_; }

  /// From here on the guest may use so much CPU time, and take so long from its first stop on. 0: as it likes.
  void begin(Duration cpu_time, Duration time = {}) noexcept;
  /// CPU time used since begin(), as far as it is known.
  [[nodiscard]] Duration used() const noexcept { return used_; }
  /// Runs the start on, or what the guest is in the middle of, for a slice at most.
  [[nodiscard]] Step step() noexcept;
  [[nodiscard]] RunFailure failure() const noexcept { return failure_; }
  /// Why it did not start.
  [[nodiscard]] const std::string& start_failure() const noexcept { return start_failure_; }

  // ---- Waiting ----

  /// Waits for resume(), with a guest that is not in the middle of anything.
  void wait() noexcept { suspended_ = true; }
  /// True while it waits.
  [[nodiscard]] bool suspended() const noexcept { return suspended_; }
  /// What besides time lets the guest go on: bits of abi::interest.
  [[nodiscard]] std::uint32_t interests() const noexcept {
    return suspended_ && in_guest() ? guest_->instance.suspension().interests : 0;
  }
  /// Lets it go on.
  void resume() noexcept;
  /// One that was sliced goes before all others.
  void hurry() noexcept { context_.scheduler.hurry(*this); }

  // ---- The end ----

  /// Lets go of the instance, or of the wait for one. A turn that was to come still comes.
  [[nodiscard]] std::unique_ptr<GuestInstance> release() noexcept;
  /// The same for an instance that moves to another worker.
  [[nodiscard]] MovingGuest move_out() noexcept;
  /// Takes it back: it did not move.
  void move_back(MovingGuest guest) noexcept;
  /// release(), and back to its pool.
  void give_back() noexcept;
  void discard() noexcept;

 private:
  enum class Phase : std::uint8_t { none, waiting, starting, started };

  void run() noexcept override;
  void on_timer() noexcept override { resume(); }
  void on_host_result() noexcept override { resume(); }
  void take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept override;
  void refuse_instance(NoInstance why) noexcept override;

  [[nodiscard]] Step step_start() noexcept;
  [[nodiscard]] Step step_guest() noexcept;
  [[nodiscard]] wasm::Progress poll() noexcept;
  [[nodiscard]] bool late_time_used_up(Duration cpu_time_before) noexcept;
  [[nodiscard]] bool too_long(Time now) noexcept;
  [[nodiscard]] Step suspend() noexcept;
  [[nodiscard]] Step slice() noexcept;
  [[nodiscard]] Step fail(RunFailure failure) noexcept;
  void stop_waiting() noexcept;
  void begin_start(Time limit) noexcept;
  void end_start(Phase next) noexcept;
  void forget() noexcept;

  Owner& owner_;
  GuestContext context_;
  InstancePool* pool_ = nullptr;
  std::unique_ptr<GuestInstance> guest_;
  Phase phase_ = Phase::none;
  bool acquiring_ = false;
  bool for_events_ = false;
  bool suspended_ = false;
  bool sliced_ = false;
  bool timed_ = false;  // the clock is read from the guest's first stop on
  RunFailure failure_ = RunFailure::guest;
  std::uint8_t late_slices_ = 0;
  Time limit_ = Time::max();
  Duration budget_{};
  Duration time_limit_{};
  Duration used_{};
  Duration late_time_{};  // of its thread, since nobody wants what it does
  std::string start_failure_;
};

}  // namespace wasm_grpc::runtime
