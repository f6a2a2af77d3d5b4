// Calls of modules by each other that wait for an instance, so that none waits for those who wait for it.
//
// Who makes a call holds an instance while it goes on. When all instances that there may be are held by those who wait,
// in however many chains, none of them becomes free: the call that would be the last to wait is refused. Not all that
// instances are held by is seen from here (hubs of event style, the limit of a module, memory): so such a call waits
// for a second at most.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rpc/timer_queue.h"
#include "runtime/instances/instance_budget.h"
#include "runtime/outgoing/local_call.h"

namespace wasm_grpc::runtime {

/// Those of one worker; used on its thread.
class InstanceWaits {
 public:
  /// Both outlive it.
  InstanceWaits(InstanceBudget& budget, rpc::TimerQueue& timers);
  ~InstanceWaits();
  InstanceWaits(const InstanceWaits&) = delete;
  InstanceWaits& operator=(const InstanceWaits&) = delete;

  /// The call is about to wait for an instance of `module`, which may have so many (0: that is not limited). Says why
  /// it may not. A call that is no module's may.
  [[nodiscard]] std::optional<rpc::Status> begin(rpc::Call& call, std::string_view module, std::uint32_t module_max);
  /// It waits no more. Nothing happens for one that did not.
  void end(rpc::Call& call) noexcept;

 private:
  class Wait;

  [[nodiscard]] bool hold_up(const std::vector<const rpc::Call*>& holders);
  void let_go(const std::vector<const rpc::Call*>& holders) noexcept;

  InstanceBudget& budget_;
  rpc::TimerQueue& timers_;
  std::unordered_map<const rpc::Call*, std::unique_ptr<Wait>> waits_;
  std::unordered_map<const rpc::Call*, std::uint32_t> held_up_;  // by how many each is
};

}  // namespace wasm_grpc::runtime
