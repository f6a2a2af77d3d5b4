#include "runtime/sharing/loan_exchange.h"

namespace wasm_grpc::runtime {

std::optional<unsigned> LoanExchange::find_taker(unsigned lender, std::uint32_t most) noexcept {
  const auto workers = static_cast<unsigned>(desks_.size());
  for (unsigned step = 1; step < workers; ++step) {
    const unsigned taker = (lender + step) % workers;
    LoanDesk& desk = desks_[taker];
    if (desk.busy.load(std::memory_order_relaxed)) continue;
    if (desk.running_loans.load(std::memory_order_relaxed) >= most) continue;
    // A taker that stops says so and then looks at its loans; we count ours and then look whether it stops: one of the
    // two sees the other.
    desk.loans.fetch_add(1, std::memory_order_seq_cst);
    const std::uint32_t running = desk.running_loans.fetch_add(1, std::memory_order_relaxed);
    if (running < most && !desk.closing.load(std::memory_order_seq_cst)) return taker;
    forgo(taker);
  }
  return std::nullopt;
}

bool LoanExchange::book(unsigned taker) noexcept {
  LoanDesk& desk = desks_[taker];
  desk.loans.fetch_add(1, std::memory_order_seq_cst);
  desk.running_loans.fetch_add(1, std::memory_order_relaxed);
  if (!desk.closing.load(std::memory_order_seq_cst)) return true;
  forgo(taker);
  return false;
}

bool LoanExchange::any_idle_but(unsigned worker) const noexcept {
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    const LoanDesk& desk = desks_[i];
    if (i != worker && !desk.busy.load(std::memory_order_relaxed) &&
        desk.running_loans.load(std::memory_order_relaxed) == 0) {
      return true;
    }
  }
  return false;
}

void LoanExchange::forgo(unsigned taker) noexcept {
  LoanDesk& desk = desks_[taker];
  desk.running_loans.fetch_sub(1, std::memory_order_relaxed);
  desk.loans.fetch_sub(1, std::memory_order_seq_cst);
  if (!desk.closing.load(std::memory_order_seq_cst)) return;
  // It may wait for this one to end: a message about no loan makes it look again.
  static_cast<void>(desk.mailbox.post(LoanNews{}));
}

}  // namespace wasm_grpc::runtime
