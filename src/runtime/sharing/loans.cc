#include "runtime/sharing/loans.h"

#include <utility>
#include <variant>

namespace wasm_grpc::runtime {

Loans::Loans(LoanExchange& exchange, unsigned worker, const LoanMethods& methods, std::size_t max_message_size,
             rpc::CodecQueue* codecs)
    : exchange_(exchange),
      desk_(exchange.desk(worker)),
      worker_(worker),
      methods_(methods),
      lent_(exchange, worker),
      borrowed_(exchange, worker, max_message_size, codecs) {}

void Loans::deliver() {
  for (LoanMessage& message : desk_.mailbox.take()) {
    if (auto* loan = std::get_if<Loan>(&message)) {
      begin(std::move(*loan));
    } else if (auto* news = std::get_if<LoanNews>(&message)) {
      borrowed_.deliver(std::move(*news));
    } else if (auto* answer = std::get_if<LoanAnswer>(&message)) {
      lent_.deliver(std::move(*answer));
    }
  }
}

void Loans::begin(Loan&& loan) {
  const rpc::Method* method = methods_.find(*loan.module, loan.path, loan.is_http);
  if (method == nullptr) {  // not while the workers know the same modules
    borrowed_.decline(std::move(loan));
    return;
  }
  BorrowedCall& call = borrowed_.begin(loan, *method);
  if (call.cancelled()) {  // there was no memory for its messages
    call.return_guest(std::move(loan.guest.instance), false);
  } else {
    // Only calls that guests serve are lent.
    static_cast<LoanHandler&>(*method->handler).start_loan(call, std::move(loan.guest));
  }
  call.release();
}

void Loans::drained() noexcept {
  if (std::exchange(drained_, true) || !exchange_.count_drained()) return;
  // The last one: the others wait for it.
  for (LoanDesk& desk : exchange_.desks()) static_cast<void>(desk.mailbox.post(LoanNews{}));
}

bool Loans::has_returned_all() noexcept {
  if (!exchange_.all_drained()) return false;  // they may have calls to lend still
  stop_taking();
  return desk_.loans.load(std::memory_order_seq_cst) == 0;
}

void Loans::stop_taking() noexcept {
  desk_.closing.store(true, std::memory_order_seq_cst);
  own_work();
}

void Loans::close() noexcept {
  stop_taking();
  drained();
  lent_.close();
  for (LoanMessage& message : desk_.mailbox.close()) {
    if (auto* loan = std::get_if<Loan>(&message)) borrowed_.decline(std::move(*loan));
  }
}

}  // namespace wasm_grpc::runtime
