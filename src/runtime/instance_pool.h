// The instances of one worker: made when calls need them, reused, bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/guest_counters.h"
#include "runtime/guest_module.h"
#include "runtime/limited_log.h"

namespace wasm_grpc::runtime {

class InstancePool;

/// Someone who waits for an instance. Linked into its pool's queue while it does.
class InstanceWaiter {
 public:
  InstanceWaiter(const InstanceWaiter&) = delete;
  InstanceWaiter& operator=(const InstanceWaiter&) = delete;

  /// It gets an instance: a started one, or a new one that it must start.
  virtual void take_instance(std::unique_ptr<GuestInstance> instance, bool started) noexcept = 0;

 protected:
  InstanceWaiter() = default;
  virtual ~InstanceWaiter() = default;

 private:
  friend class InstancePool;
  InstanceWaiter* previous_ = nullptr;
  InstanceWaiter* next_ = nullptr;
  bool waiting_ = false;
};

/// How many instances one worker may have alive, over all its modules.
class InstanceBudget {
 public:
  explicit InstanceBudget(std::uint32_t max_instances) : max_(max_instances) {}

 private:
  friend class InstancePool;
  std::uint32_t max_;
  std::uint32_t alive_ = 0;
  std::vector<InstancePool*> pools_;
};

/// One module's instances on one worker. Used on that worker's thread.
class InstancePool {
 public:
  /// What acquire() did.
  enum class Admission : std::uint8_t { taken, waits, refused };

  InstancePool(std::shared_ptr<const GuestModule> module, InstanceBudget& budget, std::size_t max_waiting);
  ~InstancePool();
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  [[nodiscard]] const GuestModule& module() const noexcept { return *module_; }

  /// Gives the waiter an instance, at once or later, in order; or refuses, when too many wait.
  [[nodiscard]] Admission acquire(InstanceWaiter& waiter);
  /// The waiter no longer waits.
  void cancel(InstanceWaiter& waiter) noexcept;
  /// Takes back an instance that can serve another call.
  void give_back(std::unique_ptr<GuestInstance> instance) noexcept;
  /// Destroys an instance that can not.
  void discard(std::unique_ptr<GuestInstance> instance) noexcept;

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_count_; }
  [[nodiscard]] GuestCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const GuestCounters& counters() const noexcept { return counters_; }
  /// For lines about what its guests do.
  [[nodiscard]] LimitedLog& log() noexcept { return log_; }

 private:
  [[nodiscard]] bool make_room() noexcept;
  [[nodiscard]] std::unique_ptr<GuestInstance> make_instance();
  [[nodiscard]] InstanceWaiter* pop_waiter() noexcept;
  void serve_waiters_elsewhere() noexcept;

  std::shared_ptr<const GuestModule> module_;
  InstanceBudget& budget_;
  std::size_t max_waiting_;
  std::vector<std::unique_ptr<GuestInstance>> idle_;  // the one used last is reused first: its memory is warm
  InstanceWaiter* first_ = nullptr;
  InstanceWaiter* last_ = nullptr;
  std::size_t waiting_count_ = 0;
  GuestCounters counters_;
  LimitedLog log_;
};

}  // namespace wasm_grpc::runtime
