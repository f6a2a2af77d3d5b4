// What serves the calls that another worker lends.
#pragma once

#include "runtime/sharing/moving_guest.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::runtime {

class BorrowedCall;

/// The handler of a method that guests serve: calls of these only are lent.
class LoanHandler : public rpc::Handler {
 public:
  /// `guest` is in the middle of the call, or there is none and it is to be begun.
  virtual void start_loan(BorrowedCall& call, MovingGuest guest) noexcept = 0;
  /// A call that was lent with a guest in the middle of it has come home, and so has the guest.
  virtual void come_home(rpc::Call& call, MovingGuest guest) noexcept = 0;
};

}  // namespace wasm_grpc::runtime
