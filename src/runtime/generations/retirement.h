// A module that is not served any more, on its way out.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "runtime/instances/guest_module.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

/// What the workers of a server tell each other of it: its calls may be lent from one to another until none has one of
/// its own connections. Shared by the workers' parts of the module.
class Retirement {
 public:
  /// Calls that still run at `deadline` are ended.
  Retirement(std::shared_ptr<const GuestModule> module, std::size_t workers, rpc::Clock::time_point deadline)
      : module_(std::move(module)), workers_(workers), deadline_(deadline) {}

  [[nodiscard]] const GuestModule& module() const noexcept { return *module_; }
  [[nodiscard]] rpc::Clock::time_point deadline() const noexcept { return deadline_; }
  /// One more worker has no call of it, and none will come by its connections.
  void count_idle() noexcept { idle_.fetch_add(1, std::memory_order_acq_rel); }
  /// True when nobody can lend a call of it any more.
  [[nodiscard]] bool all_idle() const noexcept { return idle_.load(std::memory_order_acquire) == workers_; }

 private:
  const std::shared_ptr<const GuestModule> module_;
  const std::size_t workers_;
  const rpc::Clock::time_point deadline_;
  std::atomic<std::size_t> idle_ = 0;
};

}  // namespace wasm_grpc::runtime
