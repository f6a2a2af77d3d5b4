#include "runtime/sharing/exchange.h"

namespace wasm_grpc::runtime {

std::optional<unsigned> Exchange::find_taker(unsigned lender, std::uint32_t most) noexcept {
  const auto workers = static_cast<unsigned>(seats_.size());
  for (unsigned step = 1; step < workers; ++step) {
    const unsigned taker = (lender + step) % workers;
    Seat& seat = seats_[taker];
    if (seat.busy.load(std::memory_order_relaxed)) continue;
    if (seat.running_loans.load(std::memory_order_relaxed) >= most) continue;
    // A taker that stops says so and then looks at its loans; we count ours and then look whether it stops: one of the
    // two sees the other.
    seat.loans.fetch_add(1, std::memory_order_seq_cst);
    const std::uint32_t running = seat.running_loans.fetch_add(1, std::memory_order_relaxed);
    if (running < most && !seat.closing.load(std::memory_order_seq_cst)) return taker;
    forgo(taker);
  }
  return std::nullopt;
}

bool Exchange::book(unsigned taker) noexcept {
  Seat& seat = seats_[taker];
  seat.loans.fetch_add(1, std::memory_order_seq_cst);
  seat.running_loans.fetch_add(1, std::memory_order_relaxed);
  if (!seat.closing.load(std::memory_order_seq_cst)) return true;
  forgo(taker);
  return false;
}

void Exchange::forgo(unsigned taker) noexcept {
  Seat& seat = seats_[taker];
  seat.running_loans.fetch_sub(1, std::memory_order_relaxed);
  seat.loans.fetch_sub(1, std::memory_order_seq_cst);
  if (!seat.closing.load(std::memory_order_seq_cst)) return;
  // It may wait for this one to end: a letter about no loan makes it look again.
  static_cast<void>(seat.mailbox.post(LoanNews{}));
}

}  // namespace wasm_grpc::runtime
