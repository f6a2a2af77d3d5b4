// A call served by a guest: waits for an instance, starts it if it is new, runs the guest to its end.
#pragma once

#include <cstdint>
#include <memory>

#include "abi/abi.h"
#include "rpc/timer_queue.h"
#include "runtime/guests/guest_clock.h"
#include "runtime/guests/host_waits.h"
#include "runtime/instances/instance_pool.h"
#include "runtime/guests/method_cost.h"
#include "runtime/sharing/moving_guest.h"
#include "runtime/scheduler.h"
#include "wasm_grpc/guest_limits.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

class GuestCallPool;
class RemoteCall;
class WorkSharing;

/// One call in progress. Belongs to its worker's thread; comes from and returns to a GuestCallPool.
///
///   begin -> queued -> [waiting] -> [starting] -> running <-> suspended -> done
///
/// An ABI may serve a call by several fibers, one after the other; between them it may wait for something to read.
/// Whoever runs (scheduler), tells (call, timer) or gives (instance pool) may end it; end() is the one way out.
class GuestCall final : public Task,
                        public rpc::CallListener,
                        public InstanceWaiter,
                        public HostWaiter,
                        public rpc::Timer {
 public:
  explicit GuestCall(GuestCallPool& owner) : owner_(owner) {}
  ~GuestCall() override;

  /// Begins to serve `call`, which it holds until its end.
  void begin(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept;
  /// Begins to serve a call that another worker lent, or goes on with a guest in the middle of it.
  void begin(RemoteCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost, MovingGuest guest) noexcept;
  /// Ends it without a status, whatever it does: for a worker that stops.
  void abandon() noexcept;

 private:
  friend class GuestCallPool;
  enum class Phase : std::uint8_t { none, queued, waiting, starting, running };
  enum class Queue : std::uint8_t { none, ready, sliced };

  // What it listens to.
  void run() noexcept override;
  void on_readable(rpc::Call& call) noexcept override;
  void on_writable(rpc::Call& call) noexcept override;
  void on_cancelled(rpc::Call& call) noexcept override;
  void on_timer() noexcept override;
  void on_host_result() noexcept override;
  void take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept override;
  void refuse_instance() noexcept override;

  /// Hands it to an idle worker, if that pays and there is one. This object is then done with it.
  [[nodiscard]] bool lend() noexcept;
  void acquire_instance() noexcept;
  void run_guest() noexcept;
  /// True when the instance is ready; false when its start goes on later, or the call was ended instead.
  [[nodiscard]] bool run_start() noexcept;
  void poll() noexcept;
  /// Takes the next step of the call. True when there is a fiber to poll.
  [[nodiscard]] bool take(abi::CallStep step) noexcept;
  /// Runs the guest for a slice at most, and counts its time.
  [[nodiscard]] wasm::Progress poll_instance() noexcept;
  /// Ends the call when its guest has used up its CPU time.
  [[nodiscard]] bool kill_if_spent() noexcept;
  void queue_sliced() noexcept;
  /// Counts a slice that began after the call had ended, with the thread at `cpu_time_before`. True when it was the
  /// last.
  [[nodiscard]] bool late_slice_used_up(std::chrono::nanoseconds cpu_time_before) noexcept;
  void suspend() noexcept;
  void resume() noexcept;
  /// Nothing wakes its guest any more.
  void stop_waiting() noexcept;
  void fail_start(std::string_view why) noexcept;
  void fail_call() noexcept;
  /// The call has ended, and the guest goes on as if it had not.
  void drop_late_guest() noexcept;

  /// What may wake a call that waits; bits of abi::interest.
  [[nodiscard]] bool waits_for(std::uint32_t what) const noexcept;
  /// The call has ended for its client.
  [[nodiscard]] bool over() const noexcept { return call_->cancelled() || call_->finished(); }
  void queue_ready() noexcept;
  /// Lets go of the call and what is left of the instance.
  void end(bool instance_is_good) noexcept;

  GuestCallPool& owner_;
  rpc::Call* call_ = nullptr;
  RemoteCall* remote_ = nullptr;  // call_, when another worker lent it
  InstancePool* instances_ = nullptr;
  MethodCost* cost_ = nullptr;
  std::unique_ptr<GuestInstance> guest_;
  bool guest_visits_ = false;  // it came with the loan, and goes back with it
  std::int32_t tag_ = 0;
  std::uint32_t slices_ = 0;
  GuestTime time_;                        // of the guest in this call
  std::chrono::nanoseconds late_time_{};  // of its thread, since the call has ended
  std::uint8_t late_slices_ = 0;
  rpc::Clock::time_point start_limit_{};
  Phase phase_ = Phase::none;
  Queue queue_ = Queue::none;
  bool suspended_ = false;
  bool between_fibers_ = false;  // the guest has begun the call, and waits for something to read without a fiber
  bool acquiring_ = false;
  GuestCall* next_free_ = nullptr;
  std::size_t live_index_ = 0;
};

/// What the guest calls of one worker share, and their memory.
class GuestCallPool {
 public:
  /// `limits` outlive it.
  GuestCallPool(Scheduler& scheduler, rpc::TimerQueue& timers, HostWaits& host_waits, const GuestLimits& limits)
      : scheduler_(scheduler), timers_(timers), host_waits_(host_waits), limits_(limits) {}
  ~GuestCallPool();
  GuestCallPool(const GuestCallPool&) = delete;
  GuestCallPool& operator=(const GuestCallPool&) = delete;

  /// Long calls are lent to other workers from now on.
  void share(WorkSharing& sharing) noexcept { sharing_ = &sharing; }

  /// Serves a call by a module's method.
  void serve(rpc::Call& call, InstancePool& instances, std::int32_t tag, MethodCost& cost) noexcept;
  /// Serves a call that another worker lent; `guest` is in the middle of it, or there is none.
  void serve_loan(RemoteCall& call, InstancePool& instances, std::int32_t tag, MethodCost& cost,
                  MovingGuest guest) noexcept;
  /// A turn of the worker begins, at this time.
  void begin_turn(rpc::Clock::time_point now) noexcept { clock_.begin_turn(now); }
  [[nodiscard]] GuestClock& clock() noexcept { return clock_; }
  /// Ends all calls in progress at once.
  void abandon_all() noexcept;

 private:
  friend class GuestCall;
  [[nodiscard]] GuestCall& take() noexcept;
  void recycle(GuestCall& call) noexcept;

  WorkSharing* sharing_ = nullptr;
  Scheduler& scheduler_;
  rpc::TimerQueue& timers_;
  HostWaits& host_waits_;
  const GuestLimits& limits_;
  GuestClock clock_;
  std::vector<std::unique_ptr<GuestCall>> all_;
  std::vector<GuestCall*> live_;
  GuestCall* free_ = nullptr;
};

/// Serves the calls of one method of a guest on one worker, its own and those that others lend it.
class GuestMethodHandler : public rpc::Handler {
 public:
  /// `guest` is in the middle of the call, or there is none.
  virtual void start_loan(RemoteCall& call, MovingGuest guest) noexcept = 0;
};

/// In handler style.
class GuestHandler final : public GuestMethodHandler {
 public:
  GuestHandler(GuestCallPool& calls, InstancePool& instances, std::int32_t tag)
      : calls_(calls), instances_(instances), tag_(tag) {}
  void start(rpc::Call& call) noexcept override { calls_.serve(call, instances_, tag_, cost_); }
  void start_loan(RemoteCall& call, MovingGuest guest) noexcept override {
    calls_.serve_loan(call, instances_, tag_, cost_, std::move(guest));
  }

 private:
  GuestCallPool& calls_;
  InstancePool& instances_;
  std::int32_t tag_;
  MethodCost cost_;
};

}  // namespace wasm_grpc::runtime
