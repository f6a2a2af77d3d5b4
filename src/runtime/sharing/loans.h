// One worker's dealings with the others (loan_exchange.h): what it lends, what it takes, its messages.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "runtime/instances/instance_pool.h"
#include "runtime/sharing/borrowed_call.h"
#include "runtime/sharing/lent_call.h"
#include "runtime/sharing/loan_exchange.h"
#include "runtime/sharing/loan_handler.h"

namespace wasm_grpc::runtime {

/// Used on its worker's thread; messages come from others.
class Loans {
 public:
  /// `methods` are those of the worker; the other workers know the same modules. Both outlive it.
  Loans(LoanExchange& exchange, unsigned worker, const LoanMethods& methods, std::size_t max_message_size,
        rpc::CodecQueue* codecs = nullptr);
  ~Loans() { close(); }
  Loans(const Loans&) = delete;
  Loans& operator=(const Loans&) = delete;

  /// Takes part from now on. `wake` is called on any thread when deliver() is to be called, once until it was.
  void open(std::function<void()> wake) { desk_.mailbox.open(std::move(wake)); }
  /// See LentCalls::lend().
  [[nodiscard]] bool lend(rpc::Call& call, InstancePool& instances, MovingGuest& guest, std::uint32_t most) {
    return lent_.lend(call, instances, guest, most);
  }
  /// See LentCalls::lend_to().
  [[nodiscard]] bool lend_to(unsigned taker, rpc::Call& call, InstancePool& instances) {
    return lent_.lend_to(taker, call, instances);
  }
  /// See LentCalls::end_calls().
  void end_calls(const InstancePool& instances, const rpc::Status& status) noexcept {
    lent_.end_calls(instances, status);
  }
  /// True when what it has taken is better served elsewhere: it has work of its own, and another worker has none.
  [[nodiscard]] bool better_elsewhere() const noexcept { return busy_ && exchange_.any_idle_but(worker_); }
  /// Reads the messages.
  void deliver();
  /// Tells lenders what the guests of the turn did.
  void flush() { borrowed_.flush(); }

  /// The worker has work of its own, and takes no loans till it was idle.
  void own_work() noexcept {
    if (busy_) return;
    busy_ = true;
    desk_.busy.store(true, std::memory_order_relaxed);
  }
  /// It is about to wait, with nothing to do.
  void idle() noexcept {
    if (!busy_ || desk_.closing.load(std::memory_order_relaxed)) return;
    busy_ = false;
    desk_.busy.store(false, std::memory_order_relaxed);
  }

  /// The worker has no connection any more, and gets none.
  void drained() noexcept;
  /// True when no worker has, and all loans it took are returned. It takes none any more then.
  [[nodiscard]] bool has_returned_all() noexcept;
  /// Ends what it has lent, returns loans that were not begun, and takes no messages any more. The handlers of those
  /// that were begun must have let go of them.
  void close() noexcept;

 private:
  void begin(Loan&& loan);
  void stop_taking() noexcept;

  LoanExchange& exchange_;
  LoanDesk& desk_;
  unsigned worker_;
  const LoanMethods& methods_;
  bool busy_ = true;
  bool drained_ = false;
  LentCalls lent_;
  BorrowedCalls borrowed_;
};

}  // namespace wasm_grpc::runtime
