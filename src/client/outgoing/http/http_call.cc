#include "client/outgoing/http/http_call.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wasm_grpc::client {

namespace {

/// Bytes of a request that may wait to be sent before send() answers `again`; one piece may pass it. As many are kept
/// to be sent again where a connection turns out to have been closed.
constexpr std::size_t most_waiting = std::size_t{64} << 10;
/// Bytes of a body that wait for the caller before no more is read.
constexpr std::size_t most_of_answer = std::size_t{64} << 10;
/// How often a request is made again at most.
constexpr std::uint8_t most_begun_again = 3;
/// Fields that say how messages are framed and whom they are for.
constexpr std::array<std::string_view, 5> own_fields = {"content-length", "expect", "host", "trailer",
                                                        "http2-settings"};

bool has_no_body(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "DELETE" || method == "OPTIONS";
}

bool may_be_asked_twice(std::string_view method) noexcept { return has_no_body(method) || method == "PUT"; }

}  // namespace

std::string check_http_request(const rpc::OutgoingRequest& request) {
  if (!is_plain_target(request.path)) return "the request is for no path, or for one with the segments . or ..";
  const auto method = request.metadata.get(":method").value_or("GET");
  if (method.empty() || method.size() > 32 ||
      !std::ranges::all_of(method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; })) {
    return "the method of the request is none";
  }
  if (method == "CONNECT" || method == "TRACE") return "the method " + std::string(method) + " cannot be asked for";
  for (const auto [key, value] : request.metadata) {
    const bool is_known = key == ":method" || key == ":authority" || key == "content-type";
    const bool is_own =
        !is_known && (!rpc::is_valid_key(key) || std::ranges::find(own_fields, key) != own_fields.end());
    if (is_own || !rpc::is_valid_ascii_value(value)) {
      return "the request has the field \"" + std::string(key) + "\", which is not to be said, or not so";
    }
  }
  return {};
}

HttpCall::HttpCall(rpc::TimerQueue& timers, HttpCallOwner& owner, HttpAuthority authority, std::string_view method,
                   const rpc::OutgoingRequest& request, bool with_binary_keys)
    : timers_(timers), owner_(owner), authority_(std::move(authority)), method_(method), path_(request.path) {
  if (!request.metadata.get("user-agent")) fields_.add("user-agent", "wasm-grpc");
  const auto add = [&](std::string_view key, std::string_view value) {
    if (with_binary_keys || !rpc::is_binary_key(key)) fields_.add(key, value);
  };
  for (const auto [key, value] : request.metadata) {
    if (!key.starts_with(':')) add(key, value);
  }
  if (request.parent != nullptr) {
    rpc::Metadata trace = request.metadata;
    rpc::add_trace_keys(trace, *request.parent);
    for (std::size_t i = request.metadata.size(); i < trace.size(); ++i) add(trace[i].key, trace[i].value);
  }
  if (request.deadline != rpc::Request::no_deadline) timers_.schedule(*this, request.deadline);
}

// ---- The request ----

void HttpCall::begin_request(bool has_body, std::optional<std::size_t> length) noexcept {
  begun_ = true;
  has_body_ = has_body || (length && !has_no_body(method_));
  body_length_ = length;
}

rpc::SendResult HttpCall::send(std::span<const std::byte> piece, bool last) {
  if (ended_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  if (unsent_body().size() >= most_waiting) {
    wants_room_ = true;
    return rpc::SendResult::again;
  }
  const bool begins = !begun_;
  if (begins) begin_request(!last || !piece.empty(), last ? std::optional(piece.size()) : std::nullopt);
  body_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  half_closed_ = last;
  if (begins) {
    owner_.begun(*this);
  } else if (stream_ != nullptr) {
    stream_->output_ready();
  }
  return rpc::SendResult::ok;
}

rpc::SendResult HttpCall::half_close() {
  if (ended_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  if (!begun_) return send({}, true);
  half_closed_ = true;
  if (stream_ != nullptr) stream_->output_ready();
  return rpc::SendResult::ok;
}

bool HttpCall::writable() const noexcept { return ended_ || half_closed_ || unsent_body().size() < most_waiting; }

void HttpCall::begin_stream(HttpStream& stream) noexcept {
  stream_ = &stream;
  sent_ = 0;
}

void HttpCall::begin_stream(std::unique_ptr<HttpStream> stream) noexcept {
  own_stream_ = std::move(stream);
  begin_stream(*own_stream_);
}

void HttpCall::sent_body(std::size_t bytes) noexcept {
  sent_ += bytes;
  if (sent_ > most_waiting) keeps_body_ = false;
  if (!keeps_body_ && sent_ >= body_.size() / 2) {
    body_.erase(0, sent_);
    if (body_.empty()) body_.shrink_to_fit();
    sent_ = 0;
  }
  if (wants_room_ && writable()) {
    wants_room_ = false;
    tell();
  }
}

bool HttpCall::begin_again(bool was_looked_at) noexcept {
  if (ended_ || any_answer_ || !keeps_body_) return false;
  if (begun_again_ >= (was_looked_at ? 1 : most_begun_again)) return false;
  if (was_looked_at && !may_be_asked_twice(method_)) return false;
  ++begun_again_;
  stream_ = nullptr;
  sent_ = 0;
  return true;
}

// ---- The answer ----

void HttpCall::head_is_whole() noexcept {
  has_headers_ = true;
  tell();
}

void HttpCall::add_piece(std::span<const std::byte> bytes) {
  if (answer_taken_ > 0 && answer_taken_ >= answer_.size() / 2) {
    answer_.erase(0, answer_taken_);
    answer_taken_ = 0;
  }
  answer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

bool HttpCall::wants_input() const noexcept { return !ended_ && answer_.size() - answer_taken_ < most_of_answer; }

std::optional<std::span<const std::byte>> HttpCall::message() noexcept {
  if (answer_taken_ == answer_.size()) return std::nullopt;
  if (piece_ == 0) piece_ = std::min(largest_http_piece, answer_.size() - answer_taken_);
  return std::as_bytes(std::span(answer_)).subspan(answer_taken_, piece_);
}

void HttpCall::pop_message() noexcept {
  if (answer_taken_ == answer_.size()) return;
  const bool was_full = !wants_input();
  answer_taken_ += piece_ == 0 ? std::min(largest_http_piece, answer_.size() - answer_taken_) : piece_;
  piece_ = 0;
  if (answer_taken_ == answer_.size()) {
    answer_.clear();
    answer_taken_ = 0;
  }
  if (was_full && wants_input() && stream_ != nullptr) stream_->input_wanted();
}

// ---- Its end ----

void HttpCall::finish() noexcept {
  if (ended_) return;
  status_ = {};
  ended_ = true;
  if (scheduled()) timers_.cancel(*this);
  stream_ = nullptr;
  tell();
}

void HttpCall::end(rpc::Status status) noexcept {
  if (ended_) return;
  ended_ = true;
  status_ = std::move(status);
  if (scheduled()) timers_.cancel(*this);
  if (HttpStream* const stream = std::exchange(stream_, nullptr)) {
    stream->abandoned();
  } else {
    owner_.no_stream_wanted(*this);
  }
  tell();
}

void HttpCall::on_timer() noexcept {
  end({rpc::StatusCode::deadline_exceeded, "the deadline passed before the server had answered"});
}

void HttpCall::let_go() noexcept {
  end({rpc::StatusCode::cancelled, "the caller has let go of the call"});
  owner_.gone(*this);
}

}  // namespace wasm_grpc::client
