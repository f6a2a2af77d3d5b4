#include "runtime/outgoing/local_call.h"

#include <algorithm>
#include <utility>

#include "rpc/message_prefix.h"
#include "rpc/timeout.h"
#include "runtime/outgoing/local_calls.h"

namespace wasm_grpc::runtime {

// ---- The side that serves it ----

ServedLocally::ServedLocally(LocalCall& caller) : caller_(caller) { set_buffer_pool(&caller.owner_.buffers()); }

void ServedLocally::begin(const rpc::OutgoingRequest& request, const rpc::Method& method,
                          std::shared_ptr<const rpc::Client> client, std::string_view authority) {
  for (const auto [key, value] : request.metadata) request_.metadata.add(key, value);
  if (request.parent != nullptr) rpc::add_trace_keys(request_.metadata, *request.parent);
  request_.authority = authority;
  request_.deadline = request.deadline;
  known_client_ = std::move(client);
  request_.client = known_client_.get();
  set_method(method);
  retain();  // until the caller lets go
  LocalCalls& calls = caller_.owner_;
  if (calls.gate() != nullptr) {
    if (auto refusal = calls.gate()->refuse(request_, {method.path, true})) {
      if (refusal->retry_after) {
        response_.trailers.add("grpc-retry-pushback-ms", std::to_string(refusal->retry_after->count()));
      }
      fail(std::move(refusal->status));
      return;
    }
  }
  set_deadline();
  if (request_.deadline != rpc::Request::no_deadline) calls.timers().schedule(*this, request_.deadline);
  if (rpc::streams_requests(method.kind)) start();
}

void ServedLocally::set_deadline() noexcept {
  const auto limit = request_.method->max_call_time.value_or(std::chrono::milliseconds(0));
  if (limit.count() == 0) return;
  const auto until = rpc::later(rpc::Clock::now(), limit);
  if (until >= request_.deadline) return;
  request_.deadline = until;
  over_time_ = true;
}

void ServedLocally::start() noexcept {
  if (cancelled() || finished()) return;
  LocalCalls& calls = caller_.owner_;
  request_.number = calls.next_call_number();
  if (calls.observer() != nullptr) {
    calls.observer()->call_started(request_);
    counted_ = true;
  }
  started_at_ = calls.now();
  begin_counting(started_at_);
  request_.method->handler->start(*this);
  started_ = true;
  if (!finished() && !cancelled()) let_go();
}

void ServedLocally::let_go() noexcept {
  if (!started_ || !only_caller_holds()) return;
  set_listener(nullptr);  // whoever it was is not there any more
  fail({rpc::StatusCode::internal, "the handler gave no answer"});
}

void ServedLocally::output_ready() noexcept {
  count_messages();
  if (output_complete()) note_end();
  caller_.tell();
}

void ServedLocally::note_end() noexcept {
  if (std::exchange(end_noted_, true)) return;
  LocalCalls& calls = caller_.owner_;
  if (scheduled()) calls.timers().cancel(*this);
  ended_at_ = calls.now();
  if (started_at_ == rpc::Clock::time_point{}) started_at_ = ended_at_;
  end_counting(ended_at_);
  const rpc::StatusCode code = finished() ? response_.status.code : rpc::StatusCode::cancelled;
  if (counted_) calls.observer()->call_ended(request_, code);
  if (caller_.status_ || code != rpc::StatusCode::ok || rpc::streams_responses(caller_.kind_)) return;
  if (response_.sent_messages == 1) return;
  caller_.status_ = {rpc::StatusCode::internal, "the method answered with " + std::to_string(response_.sent_messages) +
                                                    " messages, where its caller takes one"};
}

void ServedLocally::input_consumed(std::size_t bytes) noexcept {
  held_ -= std::min(held_, bytes);
  if (!caller_.wants_room_ || held_ > most_untaken_requests / 2) return;
  caller_.wants_room_ = false;
  caller_.tell();
}

void ServedLocally::on_timer() noexcept {
  if (over_time_) {
    refuse(rpc::ended_by_server(rpc::over_time_text(*request_.method->max_call_time)));
  } else {
    refuse({rpc::StatusCode::deadline_exceeded, "the deadline passed before the call was answered"});
  }
}

void ServedLocally::refuse(rpc::Status status) noexcept {
  const bool is_late = status.code == rpc::StatusCode::deadline_exceeded;
  retain();  // what its handler hears may make it let go
  fail(std::move(status), is_late ? rpc::CallEnd::deadline : rpc::CallEnd::host);
  release();
}

void ServedLocally::recycle() noexcept {
  note_end();
  reset();
  known_client_.reset();
  held_ = 0;
  started_ = false;
  over_time_ = false;
  counted_ = false;
  end_noted_ = false;
  started_at_ = {};
  caller_.reset();
}

// ---- The side that makes it ----

LocalCall::LocalCall(LocalCalls& owner) : owner_(owner), served_(*this) {}

void LocalCall::begin(const rpc::OutgoingRequest& request, const rpc::Method& method,
                      std::shared_ptr<const rpc::Client> client, std::string_view authority) {
  kind_ = request.kind;
  holder_ = request.holds_instance ? request.served : nullptr;
  served_.begin(request, method, std::move(client), authority);
}

void LocalCall::reset() noexcept {
  holder_ = nullptr;
  sent_messages_ = 0;
  half_closed_ = false;
  wants_room_ = false;
  caller_gone_ = false;
  status_.reset();
  failure_.reset();
  owner_.give_back(*this);
}

rpc::SendResult LocalCall::send(std::span<const std::byte> message, bool last) {
  if (ended() || failure_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  if (sent_messages_ > 0 && !rpc::streams_requests(kind_)) return rpc::SendResult::invalid;
  if (message.size() > UINT32_MAX) return rpc::SendResult::invalid;
  if (served_.held_ >= most_untaken_requests) {
    wants_room_ = true;
    return rpc::SendResult::again;
  }
  ++sent_messages_;
  served_.held_ += rpc::prefix_size + message.size();
  rpc::Status taken = served_.receive(rpc::make_prefix(std::byte{0}, message.size()), owner_.max_message_size());
  if (taken.ok()) taken = served_.receive(message, owner_.max_message_size());
  served_.count_messages();
  if (!taken.ok()) {
    failure_ = std::move(taken);
    later();
    return rpc::SendResult::ok;
  }
  if (last) {
    end_requests();
  } else if (served_.started_) {
    served_.notify_readable();
  }
  return rpc::SendResult::ok;
}

rpc::SendResult LocalCall::half_close() {
  if (ended() || failure_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  end_requests();
  return rpc::SendResult::ok;
}

void LocalCall::end_requests() {
  half_closed_ = true;
  if (rpc::Status ended = served_.receive_end(); !ended.ok()) {
    failure_ = std::move(ended);
    later();
  } else if (served_.started_) {
    served_.notify_readable();
  } else {
    served_.start();
  }
}

bool LocalCall::writable() const noexcept {
  return ended() || failure_ || half_closed_ || served_.held_ < most_untaken_requests;
}

std::optional<std::span<const std::byte>> LocalCall::message() noexcept {
  const auto output = served_.pending_output();
  if (output.empty()) return std::nullopt;
  return output.subspan(rpc::prefix_size, rpc::read_length(output.data()));
}

void LocalCall::pop_message() noexcept {
  const auto output = served_.pending_output();
  if (output.empty()) return;
  served_.output_sent_ += rpc::prefix_size + rpc::read_length(output.data());
  served_.output_drained();
}

rpc::Clock::duration LocalCall::took() const noexcept {
  if (served_.end_noted_) return served_.ended_at_ - served_.started_at_;
  const bool started = served_.started_at_ != rpc::Clock::time_point{};
  return started ? rpc::Clock::now() - served_.started_at_ : rpc::Clock::duration{};
}

void LocalCall::cancel(rpc::Status why) noexcept {
  if (ended()) return;
  status_ = std::move(why);
  later();
  tell();
}

void LocalCall::let_go() noexcept {
  caller_gone_ = true;
  holder_ = nullptr;
  if (queued_ || !served_.only_caller_holds()) {
    later();
    return;
  }
  // Nobody serves it, or does any more.
  served_.cancel(served_.finished() ? rpc::CallEnd::answered : rpc::CallEnd::client);
  served_.release();
}

void LocalCall::later() noexcept {
  if (!std::exchange(queued_, true)) owner_.add_late(*this);
}

void LocalCall::catch_up() noexcept {
  queued_ = false;
  const bool is_over = caller_gone_;
  served_.retain();
  if (failure_ && !ended()) served_.fail(std::move(*failure_));
  if (is_over || status_) {
    if (!served_.cancelled()) {
      served_.cancel(served_.finished() ? rpc::CallEnd::answered : rpc::CallEnd::client);
    }
    served_.note_end();
  }
  if (is_over) served_.release();
  served_.release();
}

}  // namespace wasm_grpc::runtime
