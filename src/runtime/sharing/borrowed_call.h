// The taker's side of a loan: a call that stands for one that another worker lent.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "runtime/sharing/loan_exchange.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

class BorrowedCalls;

/// A call whose transport is a loan. To its handler it is as any other. Belongs to the taker's thread; comes from and
/// returns to its BorrowedCalls. Its deadline is the lender's business, which tells it of the end.
class BorrowedCall final : public rpc::Call {
 public:
  explicit BorrowedCall(BorrowedCalls& owner);

  /// The instance that came with the loan, when the handler is done with it.
  void return_guest(std::unique_ptr<GuestInstance> guest, bool is_good) noexcept;
  /// Asks whether the call may go home. Its guest, which came with it, is sliced.
  void ask_home() noexcept;
  /// True when it may: then go_home() or stay() follows.
  [[nodiscard]] bool may_go_home() const noexcept { return may_go_home_; }
  /// The handler, which holds the call, then lets go.
  void go_home(MovingGuest guest) noexcept;
  void stay() noexcept;
  /// Whether the handler waits for something, and leaves the worker free for other loans.
  void set_waiting(bool waiting) noexcept;

 private:
  friend class BorrowedCalls;
  void output_ready() noexcept override;
  void input_consumed(std::size_t bytes) noexcept override;
  void recycle() noexcept override;

  void begin(Loan& loan, const rpc::Method& method);
  void take(LoanNews& news);
  [[nodiscard]] bool has_news() const noexcept;
  [[nodiscard]] rpc::LentAnswer collect();

  BorrowedCalls& owner_;
  LoanId id_ = 0;
  std::shared_ptr<const rpc::Client> shared_client_;  // the connection may end before the loan
  std::size_t consumed_ = 0;
  std::size_t posted_ = 0;  // bytes of the pending output that the lender has been given
  bool told_head_ = false;
  bool told_end_ = false;
  bool ended_by_lender_ = false;
  bool waiting_ = false;
  bool dirty_ = false;
  bool asked_home_ = false;
  bool may_go_home_ = false;
  bool going_home_ = false;
  MovingGuest guest_;
  bool guest_is_good_ = false;
};

/// The loans one worker has taken.
class BorrowedCalls {
 public:
  BorrowedCalls(LoanExchange& exchange, unsigned worker, std::size_t max_message_size, rpc::CodecQueue* codecs)
      : exchange_(exchange),
        desk_(exchange.desk(worker)),
        max_message_size_(max_message_size),
        codec_(buffers_, codecs) {}
  BorrowedCalls(const BorrowedCalls&) = delete;
  BorrowedCalls& operator=(const BorrowedCalls&) = delete;

  /// The call that stands for the loan. Held for the caller, who lets go once a handler has it.
  [[nodiscard]] BorrowedCall& begin(Loan& loan, const rpc::Method& method);
  /// Ends a loan that was not begun.
  void decline(Loan&& loan) noexcept;
  /// What came for one; nothing happens when it is over.
  void deliver(LoanNews&& news);
  /// Tells the lenders what the handlers did.
  void flush();

 private:
  friend class BorrowedCall;
  void end(BorrowedCall& call) noexcept;
  /// Tells the lender what the handler did, and something besides.
  template <typename Something>
  void say(BorrowedCall& call, Something something) noexcept {
    LoanAnswer answer;
    answer.id = call.id_;
    answer.answer = call.collect();
    something(answer);
    // A lender that is gone has said that the call is cancelled.
    static_cast<void>(exchange_.desk(lender_of(call.id_)).mailbox.post(std::move(answer)));
  }
  void give_up_loan(bool running) noexcept;

  static constexpr std::size_t kept_calls = 16;

  LoanExchange& exchange_;
  LoanDesk& desk_;
  std::size_t max_message_size_;
  rpc::BufferPool buffers_;
  rpc::Codec codec_;
  std::unordered_map<LoanId, std::unique_ptr<BorrowedCall>> calls_;
  std::vector<BorrowedCall*> dirty_;
  std::vector<std::unique_ptr<BorrowedCall>> free_;
};

}  // namespace wasm_grpc::runtime
