// Where the workers of a server meet, so that one with too much to do can lend calls to one that is idle.
//
// A busy worker lends; nobody steals. It looks here only when it has a call that is worth it: one whose guest has used
// up a slice, or one that waits while calls of its method are known to take long. The taker serves a call that stands
// for the lent one (borrowed_call.h); the lender keeps the real one, and its client's connection (lent_call.h). They
// tell each other what happens by messages. A guest that was lent in the middle of a call goes home where the taker has
// work of its own and another worker has none; from there it may be lent again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "rpc/counter.h"
#include "rpc/lending.h"
#include "runtime/mailbox.h"
#include "runtime/sharing/moving_guest.h"

namespace wasm_grpc::runtime {

/// The number of a loan: never used twice in a server. It says whose it is.
using LoanId = std::uint64_t;
[[nodiscard]] constexpr LoanId make_loan_id(unsigned lender, std::uint64_t serial) noexcept {
  return std::uint64_t{lender} << 48U | serial;
}
[[nodiscard]] constexpr unsigned lender_of(LoanId id) noexcept { return static_cast<unsigned>(id >> 48U); }

/// To the taker: a call to serve.
struct Loan {
  LoanId id = 0;
  /// Whose method it is; it lives until the loan is over. Every worker knows it before one of them serves it.
  const GuestModule* module = nullptr;
  std::string path;
  bool is_http = false;  // it is that of this path of kind http
  rpc::LentState state;
  /// In the middle of it; or none, and it is to be begun.
  MovingGuest guest;
};

/// To the taker: what came for the call since.
struct LoanNews {
  LoanId id = 0;
  std::vector<std::byte> messages;  // framed as on the wire
  bool half_closed = false;
  rpc::CallEnd end = rpc::CallEnd::none;  // the call has ended for its client
  std::size_t sent = 0;                   // bytes of the answer that no longer count as waiting
  /// The call may come home. No other news follows but the end, until it has, or has said that it stays.
  bool come_home = false;
};

/// To the lender: what the handler did.
struct LoanAnswer {
  LoanId id = 0;
  rpc::LentAnswer answer;
  /// The guest that came with the loan would go on elsewhere, where somebody is idle.
  bool asks_home = false;
  /// It was called home, and goes on where it is.
  bool stays = false;
  /// The handler has let go: the loan is over.
  bool over = false;
  /// The call as it comes home, with its guest in the middle of it. Only when it is over.
  std::optional<rpc::LentState> home;
  /// The guest that came with the loan, and, where it does not come home, whether its instance can serve another call.
  /// Only when it is over.
  MovingGuest guest;
  bool guest_is_good = false;
};

using LoanMessage = std::variant<Loan, LoanNews, LoanAnswer>;

/// One worker at the exchange. On cache lines of its own.
struct alignas(64) LoanDesk {
  /// It has work of its own since it last had nothing to do; it takes no loans. Also before it runs and when it stops.
  std::atomic<bool> busy = true;
  /// It stops: no loan may be begun any more.
  std::atomic<bool> closing = false;
  /// Loans it has, and those of them that have something to run.
  std::atomic<std::uint32_t> loans = 0;
  std::atomic<std::uint32_t> running_loans = 0;

  alignas(64) Mailbox<LoanMessage> mailbox;

  // What its worker has lent, counted on its thread: calls not begun, and those with a guest in the middle of them.
  alignas(64) rpc::Counter calls_lent;
  rpc::Counter guests_lent;
};

/// Outlives the workers.
class LoanExchange {
 public:
  explicit LoanExchange(unsigned workers) : desks_(workers) {}

  [[nodiscard]] LoanDesk& desk(unsigned worker) noexcept { return desks_[worker]; }
  [[nodiscard]] std::span<LoanDesk> desks() noexcept { return desks_; }

  /// A worker other than `lender` that is idle but for fewer than `most` loans that run. One loan is counted to it
  /// already: it must be posted, or given up by forgo().
  [[nodiscard]] std::optional<unsigned> find_taker(unsigned lender, std::uint32_t most) noexcept;
  /// The same for one taker, whatever it has to do. False when it stops.
  [[nodiscard]] bool book(unsigned taker) noexcept;
  void forgo(unsigned taker) noexcept;
  /// True when a worker other than this one has nothing to do.
  [[nodiscard]] bool any_idle_but(unsigned worker) const noexcept;

  /// One more worker has no connection any more. True when it was the last.
  [[nodiscard]] bool count_drained() noexcept { return drained_.fetch_add(1) + 1 == desks_.size(); }
  /// True when no call can come to any worker.
  [[nodiscard]] bool all_drained() const noexcept { return drained_.load() == desks_.size(); }

 private:
  std::vector<LoanDesk> desks_;
  std::atomic<std::size_t> drained_ = 0;
};

}  // namespace wasm_grpc::runtime
