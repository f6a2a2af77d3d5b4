// The instances of one module on one worker: made when calls need them, reused or not, bounded, and given up when
// nobody needs them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "observe/log/limited_log.h"
#include "rpc/timer_queue.h"
#include "runtime/instances/client_hosts.h"
#include "runtime/instances/guest_counters.h"
#include "runtime/instances/guest_module.h"
#include "runtime/instances/instance_budget.h"
#include "runtime/instances/start_backoff.h"
#include "runtime/instances/waiting_line.h"
#include "wasm/memory_budget.h"

namespace wasm_grpc::runtime {

class InstancePool;

/// What came of asking for an instance that does nothing.
enum class GivenUp : std::uint8_t {
  none,  // there is none
  soon,  // its guest is told first
  now,
};

/// Someone who has instances of a pool that may have to make way for others.
class InstanceHolder {
 public:
  /// Gives up one that does nothing.
  [[nodiscard]] virtual GivenUp give_up_idle(InstancePool&) noexcept { return GivenUp::none; }
  /// The largest of its streams that only wait for their clients, of those that are to make way: their clients are
  /// above Press::they, and their pools yield.
  [[nodiscard]] virtual std::optional<IdleStream> find_idle_stream(const Press&) noexcept { return std::nullopt; }
  /// Ends that one; false when there is none.
  virtual bool end_idle_stream(const Press&) noexcept { return false; }

 protected:
  InstanceHolder() = default;
  ~InstanceHolder() = default;
};

/// Starts instances that no call waits for.
class InstanceStarter {
 public:
  [[nodiscard]] virtual bool busy() const noexcept = 0;
  /// Goes on with a start that may have begun, until `limit`, and gives the instance to its pool. Only while not busy.
  virtual void start(std::unique_ptr<GuestInstance> guest, rpc::Clock::time_point limit) noexcept = 0;

 protected:
  InstanceStarter() = default;
  ~InstanceStarter() = default;
};

/// What the pools of one worker share. All outlive them.
struct PoolContext {
  InstanceBudget& budget;
  rpc::TimerQueue& timers;
  ClientHosts& hosts;
  /// InstanceClaim::Post
  const InstanceClaim::Post& post;
};

/// Something to be done at a time, by a function of the pool.
class PoolTimer final : public rpc::Timer {
 public:
  PoolTimer(InstancePool& pool, void (InstancePool::*function)() noexcept) : pool_(pool), function_(function) {}

 private:
  void on_timer() noexcept override { (pool_.*function_)(); }

  InstancePool& pool_;
  void (InstancePool::*function_)() noexcept;
};

/// Its instances live as the module's InstanceLife says. Used on its worker's thread.
class InstancePool final : private InstanceClaim::Owner {
 public:
  /// What acquire() did.
  enum class Admission : std::uint8_t {
    taken,
    waits,
    refused,  // too many wait
    failing,  // its instances fail to start: retry_after() says more
  };

  InstancePool(std::shared_ptr<const GuestModule> module, const PoolContext& context);
  ~InstancePool() override;
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  [[nodiscard]] const GuestModule& module() const noexcept { return *module_; }
  [[nodiscard]] const GuestLimits& limits() const noexcept { return module_->limits(); }

  /// Both outlive it, or are taken out by nullptr. Without a starter nothing is started ahead.
  void set_starter(InstanceStarter* starter) noexcept { starter_ = starter; }
  void add_holder(InstanceHolder& holder) { holders_.push_back(&holder); }
  void remove_holder(InstanceHolder& holder) noexcept { std::erase(holders_, &holder); }

  /// Starts the warm instances in the background, where there are too few.
  void top_up() noexcept;
  /// True while instances start in the background.
  [[nodiscard]] bool is_starting() const noexcept { return starter_ != nullptr && starter_->busy(); }
  /// True when the last that began failed, and none has started since.
  [[nodiscard]] bool is_failing() const noexcept { return backoff_.failing(); }
  /// Its module takes no new calls: instances that do nothing are destroyed, now and as they come back from the calls
  /// that there are.
  void retire() noexcept;
  /// True for one without instances, and for whom nobody waits.
  [[nodiscard]] bool empty() const noexcept { return alive_ == 0 && waiting() == 0; }

  // ---- Calls ----

  /// Gives the waiter an instance, at once or later, in order; or refuses, when too many wait.
  [[nodiscard]] Admission acquire(InstanceWaiter& waiter);
  /// After acquire() said `failing`: when to try again.
  [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept { return backoff_.pause(rpc::Clock::now()); }
  /// The waiter no longer waits.
  void cancel(InstanceWaiter& waiter) noexcept;
  /// The client of a waiter that was silent has said something; or of one that has an instance.
  void has_spoken(InstanceWaiter& waiter) noexcept;
  /// Takes back an instance that has served a call well: for the next, or to its end when its life is over.
  void give_back(std::unique_ptr<GuestInstance> instance) noexcept;
  /// Makes a new instance, which is to be started, in the place of one that came from acquire().
  [[nodiscard]] std::unique_ptr<GuestInstance> renew(std::unique_ptr<GuestInstance> instance);
  /// Destroys an instance that can not serve another call.
  void discard(std::unique_ptr<GuestInstance> instance) noexcept;
  /// The waiter lets go of the instance it got, which is given back or discarded besides.
  void stop_counting(InstanceWaiter& waiter) noexcept;
  /// A holder has an instance more that does nothing, or one less.
  void count_held_idle(int change) noexcept;
  /// True when the room of one of its streams would be for those who press.
  [[nodiscard]] bool yields_to(const Press& press) noexcept { return claim_.yields_to(press); }
  /// True when an instance that does nothing is rather for somebody else.
  [[nodiscard]] bool wanted() noexcept {
    return !talking_.empty() || module_->memory_budget().wanted() || claim_.yields();
  }

  // ---- How the start of an instance that acquire() or take_instance() gave goes on ----

  /// It took so long.
  void start_succeeded(std::chrono::nanoseconds took) noexcept;
  /// Counts it, refuses those that wait, and lets no further start begin for a while. The instance is then discarded.
  void start_failed(std::string_view why) noexcept;
  /// It was given up.
  void start_abandoned() noexcept { backoff_.abandoned(); }
  /// Nobody waits for this start any more: it goes on in the background until `limit`, when no other does. False when
  /// that cannot be; the instance is then to be discarded.
  [[nodiscard]] bool go_on_starting(std::unique_ptr<GuestInstance>& instance, rpc::Clock::time_point limit) noexcept;
  /// The starter has an instance ready.
  void add_started(std::unique_ptr<GuestInstance> instance) noexcept;

  // ---- Numbers ----

  /// Calls that wait for an instance.
  [[nodiscard]] std::size_t waiting() const noexcept { return talking_.size() + silent_.size(); }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }
  /// Instances there are: idle, starting, and in use.
  [[nodiscard]] std::uint32_t alive() const noexcept { return alive_; }
  [[nodiscard]] GuestCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const GuestCounters& counters() const noexcept { return counters_; }
  /// For lines about what its guests do.
  [[nodiscard]] observe::LimitedLog& log() noexcept { return log_; }

 private:
  // InstanceClaim::Owner
  void on_room() noexcept override;
  void on_call_in() noexcept override;
  void on_press(const Press& press) noexcept override;

  [[nodiscard]] const InstanceLife& life() const noexcept { return module_->life(); }
  /// Takes room for one more instance: among those of the process, and the memory that its start takes.
  [[nodiscard]] bool take_room() noexcept;
  /// The same, and waits for the memory where there is none.
  [[nodiscard]] bool take_room_for_call() noexcept;
  /// Gives up instances that do nothing while others wait for memory.
  void make_way() noexcept;
  void look_at_memory() noexcept;
  /// After take_room().
  [[nodiscard]] std::unique_ptr<GuestInstance> make_instance();
  void destroy(std::unique_ptr<GuestInstance> instance) noexcept;
  void destroy_coldest() noexcept;
  [[nodiscard]] GivenUp give_up_idle() noexcept;
  [[nodiscard]] bool too_old(const GuestInstance& instance) const noexcept;
  [[nodiscard]] bool worn_out(GuestInstance& instance) noexcept;
  [[nodiscard]] std::unique_ptr<GuestInstance> take_idle() noexcept;
  void keep_idle(std::unique_ptr<GuestInstance> instance) noexcept;
  void count_idle() noexcept;
  [[nodiscard]] std::size_t warm() const noexcept { return retired_ ? 0 : life().warm; }
  [[nodiscard]] std::size_t reclaimable() const noexcept;
  void reclaim() noexcept;
  void reclaim_retired() noexcept;
  void try_start() noexcept;
  [[nodiscard]] bool starter_is_free() const noexcept { return starter_ != nullptr && !starter_->busy(); }

  [[nodiscard]] Admission wait_in_line(InstanceWaiter& waiter);
  void give(InstanceWaiter& waiter, std::unique_ptr<GuestInstance> instance, bool started) noexcept;
  void end_wait(InstanceWaiter& waiter) noexcept;
  void refuse(InstanceWaiter& waiter, NoInstance why) noexcept;
  [[nodiscard]] InstanceWaiter* pop_waiter() noexcept;
  void starts_again() noexcept;
  void serve_waiting() noexcept;
  void count_waiting() noexcept;
  void note_saturated() noexcept;
  void press() noexcept;
  [[nodiscard]] bool end_idle_stream(const Press& press) noexcept;

  const std::shared_ptr<const bool> alive_mark_ = std::make_shared<const bool>(true);  // gone with the pool
  std::shared_ptr<const GuestModule> module_;
  rpc::TimerQueue& timers_;
  ClientHosts& hosts_;
  InstanceClaim claim_;
  InstanceStarter* starter_ = nullptr;
  std::vector<InstanceHolder*> holders_;
  StartBackoff backoff_;
  PoolTimer trial_;  // whether instances start again, without waiting for a call: a balancer may send none
  PoolTimer reclaim_;
  PoolTimer press_;
  PoolTimer make_way_;

  std::vector<std::unique_ptr<GuestInstance>> idle_;  // the one used last is reused first: its memory is warm
  std::size_t unused_ = 0;     // how many at the front of idle_ were not needed since the timer was set
  std::size_t held_idle_ = 0;  // with holders
  std::uint32_t alive_ = 0;
  bool retired_ = false;
  bool told_of_memory_ = false;

  wasm::MemoryWaiter memory_waiter_;
  wasm::KeptRoom kept_room_;
  wasm::MemoryReservation room_;  // of the instance that is made next

  WaitingLine talking_;
  WaitingLine silent_;
  bool others_pressed_ = false;  // by the last press()
  rpc::Clock::time_point told_saturated_{};
  GuestCounters counters_;
  observe::LimitedLog log_;
};

}  // namespace wasm_grpc::runtime
