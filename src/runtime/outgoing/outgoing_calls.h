// All that the guests of one worker call.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "abi/client_1/call_maker.h"
#include "client/outgoing/connection.h"
#include "client/outgoing/target_channel.h"
#include "observe/log/limited_log.h"
#include "observe/log/log.h"
#include "observe/metrics/client_meters.h"
#include "rpc/timer_queue.h"
#include "runtime/instances/instance_budget.h"
#include "runtime/outgoing/call_accounts.h"
#include "runtime/outgoing/instance_waits.h"
#include "runtime/outgoing/local_calls.h"
#include "wasm_grpc/target_options.h"

namespace wasm_grpc::runtime {

/// What it needs of its worker. All outlive it.
struct OutgoingContext {
  asio::io_context& io;
  rpc::TimerQueue& timers;
  InstanceBudget& budget;
  const observe::Log& log;
  /// Called when there is something for flush().
  std::function<void()> wake;
  std::size_t max_message_size;
};

/// Used on the worker's thread.
class OutgoingCalls final : public abi::client_1::CallMaker {
 public:
  /// `targets` have passed check_targets().
  OutgoingCalls(const OutgoingContext& context, std::span<const TargetOptions> targets);
  ~OutgoingCalls();
  OutgoingCalls(const OutgoingCalls&) = delete;
  OutgoingCalls& operator=(const OutgoingCalls&) = delete;

  [[nodiscard]] abi::client_1::MadeCall begin(const abi::client_1::Grants& grants, std::string_view target,
                                              const rpc::OutgoingRequest& request) override;

  /// The modules that are targets.
  [[nodiscard]] std::vector<std::string_view> modules() const;
  /// Calls of a module are of these methods from here on, each of which lives until it says otherwise; none: the module
  /// is not served.
  void serve(std::string_view module, std::span<const rpc::Method* const> methods);

  /// Calls are counted from now on, as those of this worker; `meters` outlives it.
  void use_meters(observe::ClientMeters& meters, std::size_t worker) noexcept { accounts_.use_meters(meters, worker); }
  [[nodiscard]] LocalCalls& local() noexcept { return local_; }
  [[nodiscard]] InstanceWaits& waits() noexcept { return waits_; }

  /// Sends what calls have to say, where it is better not held until flush(). Between two guests.
  void flush_early() noexcept {
    if (output_.is_long()) output_.flush();
  }
  /// Sends what calls have to say, and ends those that are to be ended. Not in the midst of a guest.
  void flush() noexcept;
  /// Ends all that go elsewhere: there is no connection any more.
  void close() noexcept;

 private:
  class ModuleTarget;
  struct Target {
    TargetOptions options;
    std::unique_ptr<rpc::CallTarget> calls;  // nullptr: nobody has called it yet
  };

  [[nodiscard]] std::unique_ptr<rpc::CallTarget> make_channel(const TargetOptions& options);

  OutgoingContext context_;
  observe::LimitedLog log_;
  CallAccounts accounts_;
  LocalCalls local_;
  InstanceWaits waits_;
  client::OutputQueue output_;
  std::unordered_map<std::string_view, std::unique_ptr<Target>> targets_;  // by names they have themselves
  bool closed_ = false;
};

}  // namespace wasm_grpc::runtime
