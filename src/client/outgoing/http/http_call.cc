#include "client/outgoing/http/http_call.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/lower_case.h"

namespace wasm_grpc::client {

namespace {

/// Bytes of a request that may wait to be sent before send() answers `again`; one piece may pass it. As many are kept
/// to be sent again where a connection turns out to have been closed.
constexpr std::size_t most_waiting = std::size_t{64} << 10;
/// Bytes of a body that wait for the caller before no more is read.
constexpr std::size_t most_of_body = std::size_t{64} << 10;
constexpr std::string_view end_of_lines = "\r\n";
/// Fields that say how messages are framed and whom they are for.
constexpr std::array<std::string_view, 5> own_fields = {"content-length", "expect", "host", "trailer",
                                                        "http2-settings"};

bool has_no_body(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "DELETE" || method == "OPTIONS";
}

bool may_be_asked_twice(std::string_view method) noexcept { return has_no_body(method) || method == "PUT"; }

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append(end_of_lines);
}

std::string hexadecimal(std::size_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[number % 16]);
    number /= 16;
  } while (number > 0);
  return text;
}

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
    : timers_(timers), owner_(owner), authority_(std::move(authority)), method_(method) {
  rpc::Metadata fields;
  for (const auto [key, value] : request.metadata) {
    if (!key.starts_with(':')) fields.add(key, value);
  }
  if (request.parent != nullptr) rpc::add_trace_keys(fields, *request.parent);
  head_lines_.append(method_).append(" ").append(request.path).append(" HTTP/1.1").append(end_of_lines);
  append_field(head_lines_, "host", authority_.text);
  if (!fields.get("user-agent")) append_field(head_lines_, "user-agent", "wasm-grpc");
  for (const auto [key, value] : fields) {
    if (with_binary_keys || !rpc::is_binary_key(key)) append_field(head_lines_, key, value);
  }
  if (request.deadline != rpc::Request::no_deadline) timers_.schedule(*this, request.deadline);
}

// ---- The request ----

void HttpCall::begin_request(bool has_body, std::optional<std::size_t> length) {
  begun_ = true;
  output_ = std::move(head_lines_);
  if (length && (has_body || !has_no_body(method_))) {
    append_field(output_, "content-length", std::to_string(*length));
  } else if (has_body) {
    chunked_ = true;
    append_field(output_, "transfer-encoding", "chunked");
  }
  output_.append(end_of_lines);
}

void HttpCall::append_piece(std::span<const std::byte> piece) {
  if (piece.empty()) return;  // a chunk of no bytes would be the last
  if (chunked_) output_.append(hexadecimal(piece.size())).append(end_of_lines);
  output_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  if (chunked_) output_.append(end_of_lines);
}

rpc::SendResult HttpCall::send(std::span<const std::byte> piece, bool last) {
  if (ended_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  if (unsent() >= most_waiting) {
    wants_room_ = true;
    return rpc::SendResult::again;
  }
  if (!begun_) begin_request(!last || !piece.empty(), last ? std::optional(piece.size()) : std::nullopt);
  append_piece(piece);
  half_closed_ = last;
  if (last && chunked_) output_.append("0\r\n\r\n");
  if (stream_ != nullptr) stream_->output_ready();
  return rpc::SendResult::ok;
}

rpc::SendResult HttpCall::half_close() {
  if (ended_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  if (!begun_) begin_request(false, 0);
  half_closed_ = true;
  if (chunked_) output_.append("0\r\n\r\n");
  if (stream_ != nullptr) stream_->output_ready();
  return rpc::SendResult::ok;
}

bool HttpCall::writable() const noexcept { return ended_ || half_closed_ || unsent() < most_waiting; }

void HttpCall::begin_stream(HttpStream& stream) noexcept {
  stream_ = &stream;
  given_ = 0;
}

void HttpCall::take_output(std::string& out) {
  if (unsent() == 0) return;
  out.append(output_, given_);
  given_ = output_.size();
  if (given_ > most_waiting) keeps_output_ = false;
  if (!keeps_output_) {
    std::string().swap(output_);
    given_ = 0;
  }
  if (std::exchange(wants_room_, false)) tell();
}

bool HttpCall::begin_again() noexcept {
  if (ended_ || begun_again_ || head_bytes_ > 0 || !keeps_output_ || !may_be_asked_twice(method_)) return false;
  begun_again_ = true;
  stream_ = nullptr;
  given_ = 0;
  return true;
}

// ---- The response ----

std::size_t HttpCall::take(std::span<const std::byte> bytes) noexcept {
  std::size_t taken = 0;
  while (!ended_ && taken < bytes.size()) {
    const auto rest = bytes.subspan(taken);
    const std::size_t step =
        has_headers_ ? take_body(rest) : take_head({reinterpret_cast<const char*>(rest.data()), rest.size()});
    taken += step;
    if (step == 0) break;
  }
  return taken;
}

std::size_t HttpCall::take_head(std::string_view bytes) noexcept {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  const std::size_t before = head_.size();
  head_.append(bytes.substr(0, most_http_head - head_bytes_));
  const auto found = head_.find(end_of_head, before < end_of_head.size() ? 0 : before - end_of_head.size());
  const std::size_t size = found == std::string::npos ? head_.size() : found + end_of_head.size();
  const std::size_t taken = size - before;
  head_bytes_ += taken;
  head_.resize(size);
  if (found != std::string::npos) {
    read_head();
  } else if (head_bytes_ >= most_http_head) {
    end_with_too_much();
  } else if (parser_.parse(head_.substr(0, 16)) == http1::Parse::malformed) {
    end({rpc::StatusCode::internal, "the server does not speak HTTP/1.1"});
  }
  return taken;
}

void HttpCall::read_head() noexcept {
  switch (parser_.parse(head_)) {
    case http1::Parse::complete:
      break;
    case http1::Parse::too_many_fields:
      return end({rpc::StatusCode::resource_exhausted,
                  "the server's answer has more than " + std::to_string(http1::max_fields) + " header fields"});
    default:
      return end({rpc::StatusCode::internal, "the server's answer has no head of HTTP/1.1"});
  }
  head_.clear();
  if (parser_.status() == 101)
    return end({rpc::StatusCode::internal, "the server speaks another protocol from here on"});
  if (parser_.status() < 200) return;  // informational: the answer comes later
  const std::string_view wrong = framing_.read(parser_, method_ == "HEAD");
  if (!wrong.empty()) {
    return end({rpc::StatusCode::internal, "the server's answer could be read in two ways: " + std::string(wrong)});
  }
  headers_.add(":status", std::to_string(parser_.status()));
  for (const auto& [name, value] : parser_.fields()) headers_.add(text::lower_case(name), value);
  has_headers_ = true;
  if (!framing_.until_close) {
    body_reader_.begin(framing_.body);
    if (body_reader_.state() == http1::BodyReader::State::ended) return finish();
  }
  tell();
}

std::size_t HttpCall::take_body(std::span<const std::byte> bytes) noexcept {
  if (framing_.until_close) {
    add_piece(bytes);
    tell();
    return bytes.size();
  }
  // The reader leaves the beginning of a line that is not complete: it is given again with more behind it.
  const bool has_line = !line_.empty();
  const std::size_t before = line_.size();
  if (has_line) line_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::span<const std::byte> input = has_line ? std::as_bytes(std::span(line_)) : bytes;
  const std::size_t whole = input.size();
  bool any = false;
  while (body_reader_.state() == http1::BodyReader::State::more) {
    const auto step = body_reader_.take(input);
    if (!step.data.empty()) add_piece(step.data);
    any = any || !step.data.empty();
    input = input.subspan(step.taken);
    if (step.taken == 0) break;
  }
  if (body_reader_.state() == http1::BodyReader::State::malformed) {
    end({rpc::StatusCode::internal, "the server's answer has a body that is not in chunks as it should be"});
    return bytes.size();
  }
  if (body_reader_.state() == http1::BodyReader::State::ended) {
    const std::size_t used = whole - input.size() - before;
    line_.clear();
    finish();
    return used;
  }
  std::string left(reinterpret_cast<const char*>(input.data()), input.size());
  line_ = std::move(left);
  if (any) tell();
  return bytes.size();
}

void HttpCall::add_piece(std::span<const std::byte> bytes) {
  if (body_taken_ > 0 && body_taken_ >= body_.size() / 2) {
    body_.erase(0, body_taken_);
    body_taken_ = 0;
  }
  body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

bool HttpCall::wants_input() const noexcept { return !ended_ && body_.size() - body_taken_ < most_of_body; }

std::optional<std::span<const std::byte>> HttpCall::message() noexcept {
  if (body_taken_ == body_.size()) return std::nullopt;
  if (piece_ == 0) piece_ = std::min(largest_http_piece, body_.size() - body_taken_);
  return std::as_bytes(std::span(body_)).subspan(body_taken_, piece_);
}

void HttpCall::pop_message() noexcept {
  if (body_taken_ == body_.size()) return;
  const bool was_full = !wants_input();
  body_taken_ += piece_ == 0 ? std::min(largest_http_piece, body_.size() - body_taken_) : piece_;
  piece_ = 0;
  if (body_taken_ == body_.size()) {
    body_.clear();
    body_taken_ = 0;
  }
  if (was_full && wants_input() && stream_ != nullptr) stream_->input_wanted();
}

// ---- Its end ----

void HttpCall::finish() noexcept {
  status_ = {};
  ended_ = true;
  if (scheduled()) timers_.cancel(*this);
  stream_ = nullptr;
  tell();
}

bool HttpCall::leaves_connection() const noexcept {
  return ended_ && status_.ok() && has_headers_ && framing_.keep_alive && half_closed_ && unsent() == 0;
}

void HttpCall::stream_lost(const std::string& why) noexcept {
  stream_ = nullptr;
  if (ended_) return;
  if (has_headers_ && framing_.until_close && why.empty()) return finish();
  end({rpc::StatusCode::unavailable, why.empty() ? "the server closed the connection before its answer was complete"
                                                 : "the connection was lost: " + why});
}

void HttpCall::end_with_too_much() noexcept {
  end({rpc::StatusCode::resource_exhausted,
       "the server's header fields have more than " + std::to_string(most_http_head) + " bytes"});
}

void HttpCall::end(rpc::Status status) noexcept {
  if (ended_) return;
  ended_ = true;
  status_ = std::move(status);
  if (scheduled()) timers_.cancel(*this);
  if (HttpStream* const stream = std::exchange(stream_, nullptr)) {
    stream->abandoned();
  } else {
    owner_.no_connection_wanted(*this);
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
