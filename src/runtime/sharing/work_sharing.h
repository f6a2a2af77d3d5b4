// One worker's dealings with the others (exchange.h): what it lends, what it takes, its letters.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "rpc/method_table.h"
#include "runtime/instances/instance_pool.h"
#include "runtime/sharing/exchange.h"
#include "runtime/sharing/lent_call.h"
#include "runtime/sharing/remote_call.h"

namespace wasm_grpc::runtime {

/// Used on its worker's thread; letters come from others.
class WorkSharing {
 public:
  /// `methods` are those of the worker; the other workers have the same ones. Both outlive it.
  WorkSharing(Exchange& exchange, unsigned worker, const rpc::MethodTable& methods, std::size_t max_message_size);
  ~WorkSharing() { close(); }
  WorkSharing(const WorkSharing&) = delete;
  WorkSharing& operator=(const WorkSharing&) = delete;

  /// Takes part from now on. `wake` is called on any thread when deliver() is to be called, once until it was.
  void open(std::function<void()> wake) { seat_.mailbox.open(std::move(wake)); }
  /// See LentCalls::lend().
  [[nodiscard]] bool lend(rpc::Call& call, InstancePool& instances, MovingGuest& guest, std::uint32_t most) {
    return lent_.lend(call, instances, guest, most);
  }
  /// See LentCalls::lend_to().
  [[nodiscard]] bool lend_to(unsigned taker, rpc::Call& call, InstancePool& instances) {
    return lent_.lend_to(taker, call, instances);
  }
  /// Reads the letters.
  void deliver();
  /// Tells lenders what the guests of the turn did.
  void flush() { remote_.flush(); }

  /// The worker has work of its own, and takes no loans till it was idle.
  void own_work() noexcept {
    if (busy_) return;
    busy_ = true;
    seat_.busy.store(true, std::memory_order_relaxed);
  }
  /// It is about to wait, with nothing to do.
  void idle() noexcept {
    if (!busy_ || seat_.closing.load(std::memory_order_relaxed)) return;
    busy_ = false;
    seat_.busy.store(false, std::memory_order_relaxed);
  }

  /// The worker has no connection any more, and gets none.
  void drained() noexcept;
  /// True when no worker has, and all loans it took are returned. It takes none any more then.
  [[nodiscard]] bool has_returned_all() noexcept;
  /// Ends what it has lent, returns loans that were not begun, and takes no letters any more. The handlers of those
  /// that were begun must have let go of them.
  void close() noexcept;

 private:
  void begin(Loan&& loan);
  void stop_taking() noexcept;

  Exchange& exchange_;
  Seat& seat_;
  const rpc::MethodTable& methods_;
  bool busy_ = true;
  bool drained_ = false;
  LentCalls lent_;
  RemoteCalls remote_;
};

}  // namespace wasm_grpc::runtime
