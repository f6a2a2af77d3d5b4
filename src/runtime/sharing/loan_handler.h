// What serves the calls that another worker lends.
#pragma once

#include <string_view>

#include "runtime/sharing/moving_guest.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::runtime {

class BorrowedCall;

/// How calls end that a module has at the end of its time, after another took its place.
[[nodiscard]] inline rpc::Status module_gone() {
  return {rpc::StatusCode::unavailable, "the service was replaced or removed, and the call took too long; try again"};
}

/// The handler of a method that guests serve: calls of these only are lent.
class LoanHandler : public rpc::Handler {
 public:
  /// Calls that begin from now on are refused: their module has gone, and they have been on their way for so long.
  void close() noexcept { closed_ = true; }
  /// `guest` is in the middle of the call, or there is none and it is to be begun.
  virtual void start_loan(BorrowedCall& call, MovingGuest guest) noexcept = 0;
  /// A call that was lent with a guest in the middle of it has come home, and so has the guest.
  virtual void come_home(rpc::Call& call, MovingGuest guest) noexcept = 0;

 protected:
  /// True for a call that was refused.
  [[nodiscard]] bool refuses(rpc::Call& call) const noexcept {
    if (closed_) call.finish(module_gone());
    return closed_;
  }

 private:
  bool closed_ = false;
};

/// Finds the methods of modules on one worker, those that take no new calls included.
class LoanMethods {
 public:
  /// nullptr where the worker does not know the module.
  [[nodiscard]] virtual const rpc::Method* find(const GuestModule& module, std::string_view path,
                                                bool is_http) const noexcept = 0;

 protected:
  ~LoanMethods() = default;
};

}  // namespace wasm_grpc::runtime
