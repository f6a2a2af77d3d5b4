#include "client/outgoing/repeat/repeated_call.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::client {

namespace {

constexpr auto never = rpc::Clock::time_point::max();
/// By how much pauses vary.
constexpr double backoff_variation = 0.2;

const rpc::Metadata& no_metadata() noexcept {
  static const rpc::Metadata none;
  return none;
}

std::span<const std::byte> bytes_of(const std::string& message) noexcept { return std::as_bytes(std::span(message)); }

}  // namespace

RepeatedCall::RepeatedCall(const Context& context, const RepeatPolicy& policy, const rpc::OutgoingRequest& request)
    : context_(context),
      policy_(policy),
      path_(request.path),
      kind_(request.kind),
      encoding_(request.encoding),
      deadline_(request.deadline),
      next_attempt_(never),
      attempt_gives_up_(never) {
  for (const auto [key, value] : request.metadata) metadata_.add(key, value);
  if (request.parent != nullptr) rpc::add_trace_keys(metadata_, *request.parent);
  attempts_.reserve(policy.max_attempts);
}

void RepeatedCall::start() { begin_attempt(); }

// ---- Attempts ----

// Never from inside of a connection, which may be in the midst of ending all its calls.
void RepeatedCall::begin_attempt() {
  const auto now = rpc::Clock::now();
  next_attempt_ = never;
  const rpc::OutgoingRequest request{
      .path = path_, .kind = kind_, .deadline = deadline_, .metadata = metadata_, .encoding = encoding_};
  attempts_.emplace_back().call.reset(context_.maker.begin_attempt(request, attempts_.size() - 1));
  Attempt& attempt = attempts_.back();
  attempt.call->set_listener(this);
  if (policy_.hedges && attempts_.size() < policy_.max_attempts) next_attempt_ = rpc::later(now, policy_.delay);
  if (policy_.attempt_timeout.count() > 0) attempt_gives_up_ = rpc::later(now, policy_.attempt_timeout);
  if (kept_ >= most_kept_for_attempts && !attempt.call->ended()) choose(attempt);
  look_at(attempt);
  arm();
}

void RepeatedCall::on_timer() noexcept {
  if (chosen_ != nullptr || own_status_) return;
  const auto now = rpc::Clock::now();
  if (attempt_gives_up_ <= now) {
    attempt_gives_up_ = never;
    if (Attempt* const attempt = oldest_alive()) {
      attempt->too_slow = true;
      attempt->call->end(
          {rpc::StatusCode::deadline_exceeded,
           "the server did not answer an attempt within " + std::to_string(policy_.attempt_timeout.count()) + " ms"});
    }
  } else if (next_attempt_ <= now) {
    for (Attempt& attempt : attempts_) {
      if (attempt.over) attempt.call = nullptr;
    }
    if (policy_.hedges && !context_.throttle.allows() && oldest_alive() != nullptr) {
      next_attempt_ = never;
    } else {
      begin_attempt();
    }
  }
  arm();
}

void RepeatedCall::arm() noexcept {
  const auto next = chosen_ != nullptr || own_status_ ? never : std::min(next_attempt_, attempt_gives_up_);
  if (next != never) {
    context_.timers.schedule(*this, next);
  } else if (scheduled()) {
    context_.timers.cancel(*this);
  }
}

RepeatedCall::Attempt* RepeatedCall::oldest_alive() noexcept {
  const auto found = std::ranges::find_if(attempts_, [](const Attempt& attempt) { return !attempt.over; });
  return found == attempts_.end() ? nullptr : &*found;
}

void RepeatedCall::on_progress(rpc::OutgoingCall& call) noexcept {
  const auto found = std::ranges::find_if(attempts_, [&](const Attempt& one) { return one.call.get() == &call; });
  if (found == attempts_.end() || found->over || own_status_) return;
  if (chosen_ == nullptr) {
    look_at(*found);
    arm();
  } else if (chosen_ == &call) {
    flush(*found);
    count_success();
    tell();
  }
}

void RepeatedCall::look_at(Attempt& attempt) noexcept {
  if (chosen_ == nullptr && attempt.call->has_headers()) choose(attempt);
  if (chosen_ == nullptr && attempt.call->ended()) return attempt_failed(attempt);
  flush(attempt);
  count_success();
  tell();
}

void RepeatedCall::count_success() noexcept {
  if (chosen_ == nullptr || counted_ || !chosen_->ended()) return;
  counted_ = true;
  if (chosen_->status().ok()) context_.throttle.succeeded();
}

void RepeatedCall::attempt_failed(Attempt& attempt) noexcept {
  const rpc::StatusCode code = attempt.call->status().code;
  const auto pushback = attempt.call->pushback();
  const bool is_final = !attempt.too_slow && !policy_.codes.has(code);
  const bool never_again = pushback && (pushback->count() < 0 || *pushback > longest_pushback);
  if (!is_final || never_again) context_.throttle.failed();
  if (is_final) {
    choose(attempt);
    count_success();
    return tell();
  }
  const bool stops = never_again || attempts_.size() >= policy_.max_attempts || !context_.throttle.allows() ||
                     !context_.maker.takes_attempts();
  if (policy_.hedges) {
    hedge_further(attempt, stops);
  } else {
    retry(attempt, stops);
  }
}

void RepeatedCall::hedge_further(Attempt& failed, bool stops) noexcept {
  const auto pushback = failed.call->pushback();
  const auto next = stops ? never : rpc::later(rpc::Clock::now(), pushback.value_or(std::chrono::milliseconds(0)));
  next_attempt_ = next < deadline_ ? next : never;
  failed.over = true;
  if (next_attempt_ != never || oldest_alive() != nullptr) return;
  failed.over = false;
  choose(failed);
  tell();
}

void RepeatedCall::retry(Attempt& failed, bool stops) noexcept {
  attempt_gives_up_ = never;
  std::uniform_real_distribution<double> variation(1 - backoff_variation, 1 + backoff_variation);
  const std::chrono::duration<double, std::milli> pause =
      failed.call->pushback() ? std::chrono::duration<double, std::milli>(*failed.call->pushback())
                              : policy_.backoff(attempts_.size()) * variation(context_.random);
  const auto next = rpc::later(rpc::Clock::now(), std::chrono::duration_cast<std::chrono::nanoseconds>(pause));
  if (stops || next >= deadline_) {
    choose(failed);
    return tell();
  }
  failed.over = true;
  next_attempt_ = next;
}

// The others are told that nobody wants them, and are let go of later: a connection may be in the midst of ending them.
void RepeatedCall::choose(Attempt& attempt) noexcept {
  chosen_ = attempt.call.get();
  next_attempt_ = never;
  attempt_gives_up_ = never;
  for (Attempt& other : attempts_) {
    if (&other == &attempt || other.call == nullptr) continue;
    other.over = true;
    other.call->cancel({rpc::StatusCode::cancelled, "another attempt of the call was answered"});
  }
}

// ---- The request ----

void RepeatedCall::flush(Attempt& attempt) noexcept {
  while (attempt.sent < messages_.size()) {
    const bool last = half_closed_ && attempt.sent + 1 == messages_.size();
    if (attempt.call->send(bytes_of(messages_[attempt.sent]), last) != rpc::SendResult::ok) return;
    ++attempt.sent;
    attempt.half_closed = last;
  }
  if (half_closed_ && !std::exchange(attempt.half_closed, true)) attempt.call->half_close();
  if (chosen_ != attempt.call.get()) return;
  attempt.sent = 0;
  kept_ = 0;
  std::vector<std::string>().swap(messages_);
}

void RepeatedCall::flush_all() noexcept {
  for (Attempt& attempt : attempts_) {
    if (!attempt.over) flush(attempt);
  }
}

rpc::SendResult RepeatedCall::send(std::span<const std::byte> message, bool last) {
  if (ended()) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  if (sent_messages_ > 0 && !rpc::streams_requests(kind_)) return rpc::SendResult::invalid;
  if (message.size() > UINT32_MAX) return rpc::SendResult::invalid;
  if (!writable()) {
    if (chosen_ != nullptr && messages_.empty()) return chosen_->send(message, last);  // which says when there is room
    return rpc::SendResult::again;
  }
  if (chosen_ != nullptr) {
    const rpc::SendResult sent = chosen_->send(message, last);
    if (sent != rpc::SendResult::ok) return sent;
  } else {
    messages_.emplace_back(reinterpret_cast<const char*>(message.data()), message.size());
    kept_ += sizeof(std::string) + message.size();
  }
  ++sent_messages_;
  half_closed_ = last;
  if (chosen_ == nullptr) {
    Attempt* const alive = oldest_alive();
    if (kept_ >= most_kept_for_attempts && alive != nullptr) choose(*alive);
    flush_all();
  }
  return rpc::SendResult::ok;
}

rpc::SendResult RepeatedCall::half_close() {
  if (ended()) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  half_closed_ = true;
  if (chosen_ != nullptr && messages_.empty()) return chosen_->half_close();
  flush_all();
  return rpc::SendResult::ok;
}

bool RepeatedCall::writable() const noexcept {
  if (ended() || half_closed_) return true;
  if (chosen_ != nullptr) return messages_.empty() && chosen_->writable();
  return kept_ < most_kept_for_attempts;
}

// ---- The response ----

std::optional<std::span<const std::byte>> RepeatedCall::message() noexcept {
  return chosen_ == nullptr ? std::nullopt : chosen_->message();
}

void RepeatedCall::pop_message() noexcept {
  if (chosen_ != nullptr) chosen_->pop_message();
}

const rpc::Metadata& RepeatedCall::headers() const noexcept {
  return chosen_ == nullptr ? no_metadata() : chosen_->headers();
}

const rpc::Metadata& RepeatedCall::trailers() const noexcept {
  return chosen_ == nullptr ? no_metadata() : chosen_->trailers();
}

const rpc::Status& RepeatedCall::status() const noexcept { return own_status_ ? *own_status_ : chosen_->status(); }

void RepeatedCall::cancel(rpc::Status why) noexcept {
  if (ended()) return;
  if (chosen_ != nullptr) return chosen_->cancel(std::move(why));
  own_status_ = std::move(why);
  arm();
  for (Attempt& attempt : attempts_) {
    if (attempt.call != nullptr) attempt.call->cancel(*own_status_);
  }
  tell();
}

void RepeatedCall::let_go() noexcept {
  if (scheduled()) context_.timers.cancel(*this);
  attempts_.clear();
  context_.maker.gone(*this);
}

}  // namespace wasm_grpc::client
