// The instances of one worker: made when calls need them, reused or not, bounded, and given up when nobody needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "rpc/timer_queue.h"
#include "runtime/instances/guest_counters.h"
#include "runtime/instances/guest_module.h"
#include "runtime/instances/instance_starter.h"
#include "observe/limited_log.h"
#include "runtime/instances/start_backoff.h"

namespace wasm_grpc::runtime {

class InstancePool;

/// Someone who waits for an instance. Linked into its pool's queue while it does.
class InstanceWaiter {
 public:
  InstanceWaiter(const InstanceWaiter&) = delete;
  InstanceWaiter& operator=(const InstanceWaiter&) = delete;

  /// It gets an instance: a started one, or a new one that it must start.
  virtual void take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept = 0;
  /// It waits no longer: instances of the module fail to start.
  virtual void refuse_instance() noexcept = 0;

 protected:
  InstanceWaiter() = default;
  virtual ~InstanceWaiter() = default;

 private:
  friend class InstancePool;
  InstanceWaiter* previous_ = nullptr;
  InstanceWaiter* next_ = nullptr;
  bool waiting_ = false;
};

/// How many instances one worker may have alive, over all its modules. When all are taken, modules whose calls wait get
/// equal parts of them; and none gets so many that others, whose calls may come later, find none.
class InstanceBudget {
 public:
  /// `max_per_module`: 0 for all but half of `max_instances`, which is kept for the other modules in equal parts.
  explicit InstanceBudget(std::uint32_t max_instances, std::uint32_t max_per_module = 0)
      : max_(max_instances), max_per_module_(max_per_module) {}

 private:
  friend class InstancePool;
  [[nodiscard]] std::uint32_t max_of_one() const noexcept {
    if (max_per_module_ != 0) return max_per_module_;
    const auto modules = static_cast<std::uint32_t>(pools_.size());
    return max_ - (modules - 1) * (max_ / (2 * modules));
  }

  std::uint32_t max_;
  std::uint32_t max_per_module_;
  std::uint32_t alive_ = 0;
  std::vector<InstancePool*> pools_;
  std::size_t served_last_ = 0;  // of pools_: the one that got an instance which another had
};

/// Has a pool try again whether its instances start, without waiting for a call: a balancer that heard of the failure
/// sends none.
class StartTrial final : public rpc::Timer {
 public:
  explicit StartTrial(InstancePool& pool) : pool_(pool) {}

 private:
  void on_timer() noexcept override;

  InstancePool& pool_;
};

/// One module's instances on one worker, which live as the module's InstanceLife says. Used on that worker's thread.
class InstancePool final : private rpc::Timer {
 public:
  /// What acquire() did.
  enum class Admission : std::uint8_t {
    taken,
    waits,
    refused,  // too many wait
    failing,  // its instances fail to start: retry_after() says more
  };

  InstancePool(std::shared_ptr<const GuestModule> module, InstanceBudget& budget, std::size_t max_waiting,
               const StartContext& context);
  ~InstancePool() override;
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  [[nodiscard]] const GuestModule& module() const noexcept { return *module_; }

  /// Starts the warm instances in the background, where there are too few.
  void top_up() noexcept;

  /// Gives the waiter an instance, at once or later, in order; or refuses, when too many wait.
  [[nodiscard]] Admission acquire(InstanceWaiter& waiter);
  /// After acquire() said `failing`: when to try again.
  [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept { return backoff_.pause(rpc::Clock::now()); }
  /// The waiter no longer waits.
  void cancel(InstanceWaiter& waiter) noexcept;
  /// Takes back an instance that has served a call well: for the next, or to its end when its life is over.
  void give_back(std::unique_ptr<GuestInstance> instance) noexcept;
  /// Makes a new instance, which is to be started, in the place of one that came from acquire().
  [[nodiscard]] std::unique_ptr<GuestInstance> renew(std::unique_ptr<GuestInstance> instance);
  /// Destroys an instance that can not serve another call.
  void discard(std::unique_ptr<GuestInstance> instance) noexcept;

  // ---- For its StartTrial and InstanceStarter ----

  void try_start() noexcept;
  void add_started(std::unique_ptr<GuestInstance> instance) noexcept;
  void background_start_failed(std::unique_ptr<GuestInstance> instance, std::string_view why) noexcept;

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_count_; }
  [[nodiscard]] GuestCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const GuestCounters& counters() const noexcept { return counters_; }
  /// For lines about what its guests do.
  [[nodiscard]] observe::LimitedLog& log() noexcept { return log_; }

  // ---- How the start of an instance that acquire() or take_instance() gave goes on ----

  void start_succeeded() noexcept;
  /// Counts it, refuses those that wait, and lets no further start begin for a while. The instance is then discarded.
  void start_failed(std::string_view why) noexcept;
  /// Nobody waits for this start any more: it goes on in the background until `limit`, when no other does. False when
  /// that cannot be; the instance is then to be discarded.
  [[nodiscard]] bool go_on_starting(std::unique_ptr<GuestInstance>& instance, rpc::Clock::time_point limit) noexcept;

  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }
  /// Instances there are: idle, starting, and in use.
  [[nodiscard]] std::uint32_t alive() const noexcept { return alive_; }

 private:
  void on_timer() noexcept override;

  [[nodiscard]] const InstanceLife& life() const noexcept { return module_->life(); }
  /// True when it may have another instance, besides `own` of them.
  [[nodiscard]] bool may_grow(std::uint32_t own) const noexcept { return own < budget_.max_of_one(); }
  [[nodiscard]] bool make_room() noexcept;
  [[nodiscard]] std::unique_ptr<GuestInstance> make_instance();
  void destroy(std::unique_ptr<GuestInstance> instance) noexcept;
  void destroy_coldest() noexcept;
  [[nodiscard]] bool too_old(const GuestInstance& instance) const noexcept;
  [[nodiscard]] bool worn_out(GuestInstance& instance) noexcept;
  [[nodiscard]] std::unique_ptr<GuestInstance> take_idle() noexcept;
  void keep_idle(std::unique_ptr<GuestInstance> instance) noexcept;
  void count_idle() noexcept { counters_.instances_idle.set(idle_.size()); }
  [[nodiscard]] std::size_t reclaimable() const noexcept;
  [[nodiscard]] InstanceWaiter* pop_waiter() noexcept;
  void serve_next_waiter() noexcept;
  /// Whose waiter gets the next instance, when this pool has or had `own` of them besides; null when nobody waits.
  [[nodiscard]] InstancePool* next_to_serve(std::uint32_t own) noexcept;

  std::shared_ptr<const GuestModule> module_;
  InstanceBudget& budget_;
  std::size_t max_waiting_;
  rpc::TimerQueue& timers_;
  InstanceStarter starter_;
  StartBackoff backoff_;
  StartTrial trial_;

  std::vector<std::unique_ptr<GuestInstance>> idle_;  // the one used last is reused first: its memory is warm
  std::size_t unused_ = 0;  // how many at the front of idle_ were not needed since the timer was set
  std::uint32_t alive_ = 0;
  bool told_of_memory_ = false;

  InstanceWaiter* first_ = nullptr;
  InstanceWaiter* last_ = nullptr;
  std::size_t waiting_count_ = 0;
  GuestCounters counters_;
  observe::LimitedLog log_;
};

}  // namespace wasm_grpc::runtime
