// The lender's side of a loan: a call whose handler works on another worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "runtime/instances/instance_pool.h"
#include "runtime/sharing/loan_exchange.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

class LentCalls;

/// Holds the real call, passes on to the taker what its client does, and to the client what the handler answers.
class LentCall final : public rpc::CallListener {
 public:
  /// Takes over the hold that its handler has had until now.
  LentCall(LentCalls& owner, LoanId id, unsigned taker, rpc::Call& call, InstancePool& instances) noexcept;
  ~LentCall() override;

 private:
  friend class LentCalls;
  void on_readable(rpc::Call& call) noexcept override;
  void on_writable(rpc::Call& call) noexcept override;
  void on_cancelled(rpc::Call& call) noexcept override;

  void apply(rpc::LentAnswer&& answer) noexcept;
  /// Tells the taker that what it has sent no longer waits here.
  void acknowledge() noexcept;
  void tell(LoanNews&& news) noexcept;
  void call_home() noexcept;

  LentCalls& owner_;
  LoanId id_;
  unsigned taker_;
  rpc::Call& call_;
  InstancePool& instances_;
  std::size_t unacknowledged_ = 0;
  bool called_home_ = false;  // what comes for it is kept here
};

/// What one worker has lent.
class LentCalls {
 public:
  LentCalls(LoanExchange& exchange, unsigned worker) : exchange_(exchange), worker_(worker) {}
  ~LentCalls() { close(); }
  LentCalls(const LentCalls&) = delete;
  LentCalls& operator=(const LentCalls&) = delete;

  /// Lends the call to a worker that is idle but for fewer than `most` loans, if there is one. Its handler, which holds
  /// it, then has nothing to do with it any more; the guest, if there is one, goes with it. When it cannot be lent all
  /// is as before.
  [[nodiscard]] bool lend(rpc::Call& call, InstancePool& instances, MovingGuest& guest, std::uint32_t most);
  /// Lends a call that has not begun, and that nobody holds but its transport, to this worker, whatever it has to do.
  /// False, and all is as before, when there is no memory for it or the worker stops.
  [[nodiscard]] bool lend_to(unsigned taker, rpc::Call& call, InstancePool& instances);
  /// What a taker says.
  void deliver(LoanAnswer&& answer) noexcept;
  /// Ends the calls of a pool that are lent: the clients get this status, and the takers are told. The loans are over
  /// when those have let go.
  void end_calls(const InstancePool& instances, const rpc::Status& status) noexcept;
  /// Ends all loans: the takers are told that the calls are cancelled.
  void close() noexcept;

 private:
  friend class LentCall;
  static void bring_home(rpc::Call& call, LoanAnswer&& answer) noexcept;
  [[nodiscard]] bool hand_over(unsigned taker, rpc::Call& call, InstancePool& instances, MovingGuest& guest);

  LoanExchange& exchange_;
  unsigned worker_;
  std::uint64_t last_serial_ = 0;
  std::unordered_map<LoanId, std::unique_ptr<LentCall>> calls_;
};

}  // namespace wasm_grpc::runtime
