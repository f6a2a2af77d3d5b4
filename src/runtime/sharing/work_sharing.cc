#include "runtime/sharing/work_sharing.h"

#include <utility>
#include <variant>

#include "runtime/sharing/loan_handler.h"

namespace wasm_grpc::runtime {

WorkSharing::WorkSharing(Exchange& exchange, unsigned worker, const rpc::MethodTable& methods,
                         std::size_t max_message_size)
    : exchange_(exchange),
      seat_(exchange.seat(worker)),
      methods_(methods),
      lent_(exchange, worker),
      remote_(exchange, worker, max_message_size) {}

void WorkSharing::deliver() {
  for (Letter& letter : seat_.mailbox.take()) {
    if (auto* loan = std::get_if<Loan>(&letter)) {
      begin(std::move(*loan));
    } else if (auto* news = std::get_if<LoanNews>(&letter)) {
      remote_.deliver(std::move(*news));
    } else if (auto* answer = std::get_if<LoanAnswer>(&letter)) {
      lent_.deliver(std::move(*answer));
    }
  }
}

void WorkSharing::begin(Loan&& loan) {
  const rpc::Method* method = loan.is_http ? methods_.find_http(loan.path) : methods_.find(loan.path);
  if (method == nullptr) {  // not while the workers serve the same methods
    remote_.decline(std::move(loan));
    return;
  }
  RemoteCall& call = remote_.begin(loan, *method);
  if (call.cancelled()) {  // there was no memory for its messages
    call.return_guest(std::move(loan.guest.instance), false);
  } else {
    // Only calls that guests serve are lent.
    static_cast<LoanHandler&>(*method->handler).start_loan(call, std::move(loan.guest));
  }
  call.release();
}

void WorkSharing::drained() noexcept {
  if (std::exchange(drained_, true) || !exchange_.count_drained()) return;
  // The last one: the others wait for it.
  for (Seat& seat : exchange_.seats()) static_cast<void>(seat.mailbox.post(LoanNews{}));
}

bool WorkSharing::has_returned_all() noexcept {
  if (!exchange_.all_drained()) return false;  // they may have calls to lend still
  stop_taking();
  return seat_.loans.load(std::memory_order_seq_cst) == 0;
}

void WorkSharing::stop_taking() noexcept {
  seat_.closing.store(true, std::memory_order_seq_cst);
  own_work();
}

void WorkSharing::close() noexcept {
  stop_taking();
  drained();
  lent_.close();
  for (Letter& letter : seat_.mailbox.close()) {
    if (auto* loan = std::get_if<Loan>(&letter)) remote_.decline(std::move(*loan));
  }
}

}  // namespace wasm_grpc::runtime
