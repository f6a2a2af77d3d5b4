#include "runtime/sharing/lent_call.h"

#include <exception>
#include <utility>

#include "runtime/sharing/loan_handler.h"

namespace wasm_grpc::runtime {

LentCall::LentCall(LentCalls& owner, LoanId id, unsigned taker, rpc::Call& call, InstancePool& instances) noexcept
    : owner_(owner), id_(id), taker_(taker), call_(call), instances_(instances) {
  call.set_listener(this);
}

LentCall::~LentCall() {
  call_.set_listener(nullptr);
  call_.release();
}

void LentCall::on_readable(rpc::Call& call) noexcept {
  if (called_home_) return;
  LoanNews news;
  try {
    news.messages = rpc::Lending::take_messages(call);
  } catch (const std::exception&) {
    call.finish({rpc::StatusCode::resource_exhausted, "the server has no memory for the request message"});
    on_cancelled(call);
    return;
  }
  news.half_closed = call.half_closed();
  if (!news.messages.empty() || news.half_closed) tell(std::move(news));
}

void LentCall::on_writable(rpc::Call&) noexcept { acknowledge(); }

void LentCall::on_cancelled(rpc::Call& call) noexcept {
  LoanNews news;
  news.end = call.cancelled() ? call.end() : rpc::CallEnd::host;
  tell(std::move(news));
}

void LentCall::apply(rpc::LentAnswer&& answer) noexcept {
  const std::size_t size = answer.output.size();
  try {
    rpc::Lending::apply(call_, std::move(answer));
  } catch (const std::exception&) {
    call_.finish({rpc::StatusCode::resource_exhausted, "the server has no memory for the response message"});
  }
  unacknowledged_ += size;
  if (unacknowledged_ == 0) return;
  if (call_.writable()) {
    acknowledge();
  } else {
    rpc::Lending::tell_when_writable(call_);
  }
}

void LentCall::acknowledge() noexcept {
  LoanNews news;
  news.sent = std::exchange(unacknowledged_, 0);
  if (news.sent > 0) tell(std::move(news));
}

void LentCall::tell(LoanNews&& news) noexcept {
  news.id = id_;
  // A taker that is gone has said that the loan is over.
  static_cast<void>(owner_.exchange_.desk(taker_).mailbox.post(std::move(news)));
}

bool LentCalls::lend(rpc::Call& call, InstancePool& instances, MovingGuest& guest, std::uint32_t most) {
  const bool begun = guest.instance != nullptr;
  // What it has sent leaves from here first, and what it was told of is here to be taken.
  if (begun && (call.is_packing() || call.has_unpacked())) return false;
  const auto taker = exchange_.find_taker(worker_, most);
  if (!taker) return false;
  if (!hand_over(*taker, call, instances, guest)) return false;
  LoanDesk& own = exchange_.desk(worker_);
  ++(begun ? own.guests_lent : own.calls_lent);
  return true;
}

bool LentCalls::lend_to(unsigned taker, rpc::Call& call, InstancePool& instances) {
  if (!exchange_.book(taker)) return false;
  call.retain();
  MovingGuest none;
  if (hand_over(taker, call, instances, none)) return true;
  call.release();
  return false;
}

bool LentCalls::hand_over(unsigned taker, rpc::Call& call, InstancePool& instances, MovingGuest& guest) {
  Loan loan;
  try {
    loan.state = rpc::Lending::take(call);
  } catch (const std::exception&) {
    exchange_.forgo(taker);
    return false;
  }
  loan.id = make_loan_id(worker_, ++last_serial_);
  loan.module = &instances.module();
  loan.path = call.method().path;
  loan.is_http = call.method().kind == rpc::MethodKind::http;
  loan.guest = std::move(guest);
  const LoanId id = loan.id;
  calls_.emplace(id, std::make_unique<LentCall>(*this, id, taker, call, instances));
  LoanMessage message = std::move(loan);
  if (!exchange_.desk(taker).mailbox.post(std::move(message))) {
    // It stopped just now, as this worker will.
    exchange_.forgo(taker);
    LoanAnswer answer;
    answer.id = id;
    answer.over = true;
    answer.guest = std::move(std::get<Loan>(message).guest);
    deliver(std::move(answer));
  }
  return true;
}

void LentCall::call_home() noexcept {
  called_home_ = true;
  LoanNews news;
  news.come_home = true;
  tell(std::move(news));
}

void LentCalls::bring_home(rpc::Call& call, LoanAnswer&& answer) noexcept {
  auto& handler = static_cast<LoanHandler&>(*call.method().handler);
  try {
    rpc::Lending::bring_home(call, std::move(*answer.home));
  } catch (const std::exception&) {
    call.finish({rpc::StatusCode::resource_exhausted, "the server has no memory for the request message"});
  }
  handler.come_home(call, std::move(answer.guest));
}

void LentCalls::deliver(LoanAnswer&& answer) noexcept {
  const auto found = calls_.find(answer.id);
  if (found == calls_.end()) return;
  LentCall& lent = *found->second;
  lent.apply(std::move(answer.answer));
  if (answer.asks_home) lent.call_home();
  if (answer.stays) {
    lent.called_home_ = false;
    if (lent.call_.readable()) lent.on_readable(lent.call_);
  }
  if (!answer.over) return;
  InstancePool& instances = lent.instances_;
  rpc::Call& call = lent.call_;
  if (answer.home && !call.finished() && !call.cancelled()) {
    call.retain();
    calls_.erase(found);
    bring_home(call, std::move(answer));
    call.release();
    return;
  }
  if (!call.finished() && !call.cancelled()) {
    call.finish({rpc::StatusCode::unavailable, "the server is stopping"});
  }
  calls_.erase(found);
  if (answer.guest.instance == nullptr) return;
  if (answer.guest_is_good) {
    instances.give_back(std::move(answer.guest.instance));
  } else {
    instances.discard(std::move(answer.guest.instance));
  }
}

void LentCalls::end_calls(const InstancePool& instances, const rpc::Status& status) noexcept {
  for (const auto& [id, lent] : calls_) {
    if (&lent->instances_ != &instances || lent->call_.finished() || lent->call_.cancelled()) continue;
    lent->call_.finish(status);
    lent->on_cancelled(lent->call_);
  }
}

void LentCalls::close() noexcept {
  for (const auto& [id, lent] : std::exchange(calls_, {})) {
    LoanNews news;
    news.end = rpc::CallEnd::stopping;
    lent->tell(std::move(news));
  }
}

}  // namespace wasm_grpc::runtime
