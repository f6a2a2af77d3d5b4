// Starts the instances that no call waits for yet.
#pragma once

#include <chrono>
#include <memory>

#include "rpc/timer_queue.h"
#include "runtime/instances/guest_module.h"
#include "runtime/guests/host_waits.h"
#include "runtime/scheduler.h"

namespace wasm_grpc::runtime {

class InstancePool;

/// What starting instances takes of a worker.
struct StartContext {
  Scheduler& scheduler;
  rpc::TimerQueue& timers;
  HostWaits& host_waits;
  std::chrono::milliseconds timeout;
};

/// Runs the start of one instance of a pool at a time, a slice at a time like a call's, and gives it to the pool. Used
/// on the worker's thread.
class InstanceStarter final : private Task, private rpc::Timer, private HostWaiter {
 public:
  InstanceStarter(InstancePool& pool, const StartContext& context) : pool_(pool), context_(context) {}
  ~InstanceStarter() override { context_.host_waits.remove(*this); }

  [[nodiscard]] bool busy() const noexcept { return guest_ != nullptr; }
  /// Starts a new instance. Only while it is not busy.
  void start(std::unique_ptr<GuestInstance> guest) noexcept;
  /// Goes on with a start that may have begun, until `limit`. Only while it is not busy.
  void go_on(std::unique_ptr<GuestInstance> guest, rpc::Clock::time_point limit) noexcept;

 private:
  void run() noexcept override;
  void on_timer() noexcept override;
  void on_host_result() noexcept override;
  void give_up(std::string_view why) noexcept;

  InstancePool& pool_;
  StartContext context_;
  std::unique_ptr<GuestInstance> guest_;
  rpc::Clock::time_point limit_{};
  std::uint32_t slices_ = 0;
};

}  // namespace wasm_grpc::runtime
