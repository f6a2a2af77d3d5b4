#include "runtime/sharing/borrowed_call.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace wasm_grpc::runtime {

BorrowedCall::BorrowedCall(BorrowedCalls& owner) : owner_(owner) {
  set_buffer_pool(&owner.buffers_);
  set_codec(&owner.codec_);
}

void BorrowedCall::begin(Loan& loan, const rpc::Method& method) {
  id_ = loan.id;
  shared_client_ = std::move(loan.state.client);
  told_head_ = loan.state.response.headers_wanted;
  const std::vector<std::byte> messages = std::move(loan.state.messages);
  rpc::Lending::install(*this, method, std::move(loan.state));
  retain();
  if (rpc::Status status = receive(messages, owner_.max_message_size_); !status.ok()) fail(std::move(status));
}

void BorrowedCall::take(LoanNews& news) {
  retain();  // what it hears may make its handler let go
  if (news.sent > 0) {
    output_sent_ += news.sent;
    posted_ -= news.sent;
    output_drained();
  }
  if (!news.messages.empty() || news.half_closed) {
    request_.half_closed = request_.half_closed || news.half_closed;
    if (rpc::Status status = receive(news.messages, owner_.max_message_size_); !status.ok()) {
      fail(std::move(status));
    } else {
      notify_readable();
    }
  }
  if (news.come_home) {
    may_go_home_ = true;
    if (waiting_) stay();  // what it waits for would not come
  }
  if (news.end != rpc::CallEnd::none) {
    ended_by_lender_ = true;
    cancel(news.end);
  }
  release();
}

bool BorrowedCall::has_news() const noexcept {
  return consumed_ > 0 || (response_.headers_wanted && !told_head_) || pending_output().size() > posted_ ||
         (output_complete() && !told_end_);
}

rpc::LentAnswer BorrowedCall::collect() {
  rpc::LentAnswer answer;
  answer.consumed = std::exchange(consumed_, 0);
  if (ended_by_lender_) return answer;
  if (const auto output = pending_output().subspan(posted_); !output.empty()) {
    answer.output.assign(output.begin(), output.end());
    posted_ += output.size();
  }
  if (output_complete() && !told_end_) {
    answer.response = std::move(response_);
    answer.refused = cancelled_;
    told_end_ = true;
  } else if (response_.headers_wanted && !told_head_) {
    answer.response = response_;        // a copy: headers and trailers share one limit
    answer.response->finished = false;  // not before all of it has been compressed
    told_head_ = true;
  }
  return answer;
}

void BorrowedCall::return_guest(std::unique_ptr<GuestInstance> guest, bool is_good) noexcept {
  guest_.instance = std::move(guest);
  guest_is_good_ = is_good;
}

void BorrowedCall::ask_home() noexcept {
  if (std::exchange(asked_home_, true)) return;
  owner_.say(*this, [](LoanAnswer& answer) { answer.asks_home = true; });
}

void BorrowedCall::stay() noexcept {
  asked_home_ = false;
  may_go_home_ = false;
  owner_.say(*this, [](LoanAnswer& answer) { answer.stays = true; });
}

void BorrowedCall::go_home(MovingGuest guest) noexcept {
  guest_ = std::move(guest);
  going_home_ = true;
}

void BorrowedCall::set_waiting(bool waiting) noexcept {
  if (waiting_ == waiting) return;
  waiting_ = waiting;
  if (waiting) {
    owner_.desk_.running_loans.fetch_sub(1, std::memory_order_relaxed);
  } else {
    owner_.desk_.running_loans.fetch_add(1, std::memory_order_relaxed);
  }
}

void BorrowedCall::output_ready() noexcept {
  if (dirty_) return;
  dirty_ = true;
  owner_.dirty_.push_back(this);
}

void BorrowedCall::input_consumed(std::size_t bytes) noexcept {
  consumed_ += bytes;
  output_ready();
}

void BorrowedCall::recycle() noexcept { owner_.end(*this); }

BorrowedCall& BorrowedCalls::begin(Loan& loan, const rpc::Method& method) {
  std::unique_ptr<BorrowedCall> call;
  if (free_.empty()) {
    call = std::make_unique<BorrowedCall>(*this);
  } else {
    call = std::move(free_.back());
    free_.pop_back();
  }
  BorrowedCall& begun = *call;
  calls_.emplace(loan.id, std::move(call));
  begun.begin(loan, method);
  return begun;
}

void BorrowedCalls::decline(Loan&& loan) noexcept {
  LoanAnswer answer;
  answer.id = loan.id;
  answer.over = true;
  answer.guest = std::move(loan.guest);
  static_cast<void>(exchange_.desk(lender_of(loan.id)).mailbox.post(std::move(answer)));
  give_up_loan(true);
}

void BorrowedCalls::deliver(LoanNews&& news) {
  if (const auto found = calls_.find(news.id); found != calls_.end()) found->second->take(news);
}

void BorrowedCalls::flush() {
  for (BorrowedCall* call : std::exchange(dirty_, {})) {
    call->dirty_ = false;
    if (!call->has_news()) continue;
    say(*call, [](LoanAnswer&) {});
  }
}

void BorrowedCalls::end(BorrowedCall& call) noexcept {
  // Where the lender is gone the instance goes too, here.
  say(call, [&](LoanAnswer& answer) {
    answer.over = true;
    try {
      if (call.going_home_) answer.home = rpc::Lending::take(call);
    } catch (const std::exception&) {  // no memory: the lender ends it
    }
    answer.guest = std::move(call.guest_);
    answer.guest_is_good = call.guest_is_good_;
  });
  give_up_loan(!call.waiting_);

  if (call.dirty_) std::erase(dirty_, &call);
  const auto found = calls_.find(call.id_);
  std::unique_ptr<BorrowedCall> ended = std::move(found->second);
  calls_.erase(found);
  ended->reset();
  ended->shared_client_.reset();
  ended->consumed_ = 0;
  ended->posted_ = 0;
  ended->told_end_ = false;
  ended->ended_by_lender_ = false;
  ended->waiting_ = false;
  ended->dirty_ = false;
  ended->guest_is_good_ = false;
  ended->asked_home_ = false;
  ended->may_go_home_ = false;
  ended->going_home_ = false;
  if (free_.size() < kept_calls) free_.push_back(std::move(ended));
}

void BorrowedCalls::give_up_loan(bool running) noexcept {
  if (running) desk_.running_loans.fetch_sub(1, std::memory_order_relaxed);
  desk_.loans.fetch_sub(1, std::memory_order_seq_cst);
}

}  // namespace wasm_grpc::runtime
