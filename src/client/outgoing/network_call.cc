#include "client/outgoing/network_call.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "client/status_of.h"
#include "rpc/base64.h"
#include "rpc/message_prefix.h"
#include "rpc/percent.h"

namespace wasm_grpc::client {

namespace {

/// Bytes of a request that are kept after they were sent, to be sent again where a server has not looked at them.
constexpr std::size_t most_kept = std::size_t{64} << 10;
/// How often a call is made again at most that no server has looked at.
constexpr std::uint8_t most_begun_again = 3;
/// Bytes of answers that wait for their caller before the server is not told to go on.
constexpr std::size_t most_untaken = std::size_t{64} << 10;
/// Of a server that had at least so long to answer a call whose deadline passes, that counts as a failure.
constexpr std::chrono::seconds shortest_silence{1};

/// "TimeoutValue TimeoutUnit", eight digits at most (PROTOCOL-HTTP2.md).
std::string timeout_text(rpc::Clock::duration left) {
  constexpr std::int64_t most = 99'999'999;
  const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(left).count();
  if (microseconds <= most) return std::to_string(std::max<std::int64_t>(microseconds, 1)) + "u";
  if (microseconds / 1000 <= most) return std::to_string(microseconds / 1000) + "m";
  return std::to_string(std::min(microseconds / 1'000'000, most)) + "S";
}

std::string wire_value(std::string_view key, std::string_view value) {
  if (!rpc::is_binary_key(key)) return std::string(value);
  std::string text;
  rpc::base64_encode(value, text);
  return text;
}

}  // namespace

NetworkCall::NetworkCall(const CallContext& context, const rpc::OutgoingRequest& request, std::size_t previous_attempts)
    : context_(context),
      path_(request.path),
      kind_(request.kind),
      deadline_(request.deadline),
      previous_attempts_(previous_attempts) {
  for (const auto [key, value] : request.metadata) metadata_.add(key, value);
  if (request.parent != nullptr) rpc::add_trace_keys(metadata_, *request.parent);
  if (deadline_ != rpc::Request::no_deadline) context_.timers.schedule(*this, deadline_);
}

// ---- The request ----

void NetworkCall::append(std::span<const std::byte> message) {
  const auto prefix = rpc::make_prefix(std::byte{0}, message.size());
  compact();
  output_.append(reinterpret_cast<const char*>(prefix.data()), prefix.size());
  output_.append(reinterpret_cast<const char*>(message.data()), message.size());
}

void NetworkCall::compact() noexcept {
  if (keeps_output_ && given_ > most_kept) keeps_output_ = false;
  if (keeps_output_ || given_ == 0) return;
  if (given_ == output_.size()) {
    output_.clear();
    if (output_.capacity() > most_kept) output_.shrink_to_fit();
  } else if (given_ > output_.size() / 2) {
    output_.erase(0, given_);
  } else {
    return;
  }
  given_ = 0;
}

rpc::SendResult NetworkCall::send(std::span<const std::byte> message, bool last) {
  if (ended_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  if (sent_messages_ > 0 && !rpc::streams_requests(kind_)) return rpc::SendResult::invalid;
  if (message.size() > UINT32_MAX) return rpc::SendResult::invalid;
  if (unsent() >= most_unsent) {
    wants_room_ = true;
    return rpc::SendResult::again;
  }
  append(message);
  ++sent_messages_;
  half_closed_ = last;
  if (stream_ != nullptr) stream_->output_ready(*this);
  return rpc::SendResult::ok;
}

rpc::SendResult NetworkCall::half_close() {
  if (ended_) return rpc::SendResult::cancelled;
  if (half_closed_) return rpc::SendResult::closed;
  half_closed_ = true;
  if (stream_ != nullptr) stream_->output_ready(*this);
  return rpc::SendResult::ok;
}

bool NetworkCall::writable() const noexcept { return ended_ || half_closed_ || unsent() < most_unsent; }

Fields NetworkCall::request_fields() const {
  Fields fields;
  fields.emplace_back("te", "trailers");
  fields.emplace_back("content-type", "application/grpc");
  fields.emplace_back("user-agent", "wasm-grpc");
  fields.emplace_back("grpc-accept-encoding", rpc::known_encodings);
  if (deadline_ != rpc::Request::no_deadline) {
    fields.emplace_back("grpc-timeout", timeout_text(deadline_ - rpc::Clock::now()));
  }
  // Of which those that no server has looked at are none (gRFC A6).
  if (previous_attempts_ > 0) fields.emplace_back("grpc-previous-rpc-attempts", std::to_string(previous_attempts_));
  for (const auto [key, value] : metadata_) fields.emplace_back(key, wire_value(key, value));
  return fields;
}

void NetworkCall::begin_stream(CallStream& stream, std::int32_t id) noexcept {
  stream_ = &stream;
  stream_id_ = id;
  given_ = 0;
  deferred_ = false;
  if (address_ != nullptr) began_ = rpc::Clock::now();
}

ssize_t NetworkCall::give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) noexcept {
  const std::size_t size = std::min(length, unsent());
  std::memcpy(buffer, output_.data() + given_, size);
  given_ += size;
  compact();
  if (unsent() == 0 && half_closed_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (size == 0) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (wants_room_ && unsent() <= most_unsent / 2) {
    wants_room_ = false;
    tell();
  }
  return static_cast<ssize_t>(size);
}

bool NetworkCall::begin_again() noexcept {
  if (any_response_ || ended_ || !keeps_output_ || given_ > most_kept) return false;
  if (begun_again_ == most_begun_again) return false;
  address_ = nullptr;
  ++begun_again_;
  stream_ = nullptr;
  stream_id_ = 0;
  given_ = 0;
  deferred_ = false;
  field_bytes_ = 0;
  fields_.clear();
  return true;
}

// ---- The response ----

bool NetworkCall::take_field(std::string_view name, std::string_view value) {
  any_response_ = true;
  field_bytes_ += name.size() + value.size() + 32;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113, 6.5.2)
  if (field_bytes_ > most_field_bytes) return false;
  if (name == ":status") {
    http_status_ = value;
  } else if (name == "content-type") {
    content_type_ = value;
  } else if (name == "grpc-status") {
    take_status(value);
  } else if (name == "grpc-message") {
    grpc_message_ = rpc::percent_decode(value);
  } else if (name == "grpc-encoding") {
    encoding_ = value;
  } else if (name == "grpc-retry-pushback-ms") {
    take_pushback(value);
  } else if (rpc::is_binary_key(name)) {
    std::string raw;
    if (rpc::base64_decode(value, raw)) fields_.add(name, raw);
  } else if (rpc::is_valid_key(name) && rpc::is_valid_ascii_value(value)) {
    fields_.add(name, value);
  }
  return true;
}

void NetworkCall::take_status(std::string_view text) {
  int code = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), code);
  const bool known = read.ec == std::errc() && read.ptr == text.data() + text.size() && code >= 0;
  grpc_status_ = known && code <= rpc::max_status_code ? code : static_cast<int>(rpc::StatusCode::unknown);
}

// A value that is none says never, as a negative one does.
void NetworkCall::take_pushback(std::string_view text) noexcept {
  std::int32_t milliseconds = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  pushback_ = std::chrono::milliseconds(is_number ? milliseconds : -1);
}

void NetworkCall::fields_end(bool end_of_stream) noexcept {
  if (ended_) return;
  if (!has_headers_ && http_status_.starts_with('1')) {  // informational: the response comes later (RFC 9113, 8.1)
    http_status_.clear();
    fields_.clear();
    return;
  }
  if (end_of_stream) {  // trailers, or headers and trailers in one
    std::swap(trailers_, fields_);
    if (!has_headers_ && !grpc_status_) judge_head(true);
    return;
  }
  if (has_headers_) {
    end({rpc::StatusCode::internal, "the server sent header fields in the middle of its answer"});
    return;
  }
  judge_head(false);
  if (ended_) return;
  std::swap(headers_, fields_);
  fields_.clear();
  has_headers_ = true;
  tell();
}

void NetworkCall::judge_head(bool end_of_stream) noexcept {
  if (http_status_ != "200") {
    end({code_of_http(http_status_),
         "the server answered with HTTP status " + http_status_ + ", not as a gRPC server does"});
  } else if (!content_type_.starts_with("application/grpc")) {
    end({rpc::StatusCode::unknown, "the server answered with the content-type \"" + content_type_.substr(0, 100) +
                                       "\", not as a gRPC server does"});
  } else if (end_of_stream) {
    end({rpc::StatusCode::internal, "the server ended the call without a status"});
  }
}

void NetworkCall::take_data(std::span<const std::byte> bytes) noexcept {
  uncredited_ += bytes.size();
  if (ended_) {
    credit();
    return;
  }
  if (!has_headers_) return end({rpc::StatusCode::internal, "the server sent a message before its headers"});
  const std::size_t before = complete_;
  if (taken_ > 0 && taken_ >= input_.size() / 2) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken_));
    scanned_ -= taken_;
    taken_ = 0;
  }
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (!scan()) return;
  credit();
  if (complete_ > before) tell();
}

bool NetworkCall::scan() noexcept {
  while (input_.size() - scanned_ >= rpc::prefix_size) {
    const std::byte* prefix = input_.data() + scanned_;
    const auto flags = std::to_integer<unsigned>(prefix[0]);
    const std::size_t length = rpc::read_length(prefix);
    if (flags > 1) {
      end({rpc::StatusCode::internal, "the server sent a message with the unknown flags " + std::to_string(flags)});
      return false;
    }
    if (length > context_.max_message_size) {
      end({rpc::StatusCode::resource_exhausted, "the server sent a message of " + std::to_string(length) +
                                                    " bytes; at most " + std::to_string(context_.max_message_size) +
                                                    " are accepted"});
      return false;
    }
    if (input_.size() - scanned_ < rpc::prefix_size + length) return true;
    scanned_ += rpc::prefix_size + length;
    ++complete_;
    if (++received_messages_ > 1 && !rpc::streams_responses(kind_)) {
      end({rpc::StatusCode::internal, "the server sent more than the one message of this method"});
      return false;
    }
  }
  return true;
}

// Of messages that the caller does not take a window full waits; of one that is not complete all may come.
void NetworkCall::credit() noexcept {
  if (stream_ == nullptr || uncredited_ == 0 || (!ended_ && scanned_ - taken_ > most_untaken)) return;
  stream_->input_consumed(*this, std::exchange(uncredited_, 0));
}

std::optional<std::span<const std::byte>> NetworkCall::message() noexcept {
  if (complete_ == 0) return std::nullopt;
  const std::byte* prefix = input_.data() + taken_;
  const auto data = std::span<const std::byte>(input_).subspan(taken_ + rpc::prefix_size, rpc::read_length(prefix));
  if (prefix[0] == std::byte{0}) return data;
  if (has_plain_) return std::span<const std::byte>(plain_);
  const auto encoding = rpc::parse_encoding(encoding_);
  rpc::Status wrong{rpc::StatusCode::internal, "the server sent a message that cannot be decompressed"};
  if (!encoding || *encoding == rpc::Encoding::identity) {
    wrong.message = "the server sent a compressed message in the encoding \"" + encoding_.substr(0, 100) + "\"";
  } else {
    plain_.clear();
    switch (context_.codec.decompress(*encoding, data, context_.max_message_size, plain_)) {
      case rpc::CodecOutcome::done:
        has_plain_ = true;
        return std::span<const std::byte>(plain_);
      case rpc::CodecOutcome::too_large:
        wrong = {rpc::StatusCode::resource_exhausted, "the server sent a message of more than " +
                                                          std::to_string(context_.max_message_size) +
                                                          " bytes when it is decompressed; no more are accepted"};
        break;
      default:
        break;
    }
  }
  complete_ = 0;  // none behind it either
  if (ended_) {
    status_ = std::move(wrong);
  } else {
    end(std::move(wrong));
  }
  return std::nullopt;
}

void NetworkCall::pop_message() noexcept {
  if (complete_ == 0) return;
  taken_ += rpc::prefix_size + rpc::read_length(input_.data() + taken_);
  --complete_;
  if (std::exchange(has_plain_, false)) std::vector<std::byte>().swap(plain_);
  if (taken_ == input_.size()) {
    if (input_.capacity() > most_untaken) {
      std::vector<std::byte>().swap(input_);
    } else {
      input_.clear();
    }
    taken_ = 0;
    scanned_ = 0;
  }
  credit();
}

// ---- Its end ----

rpc::Status NetworkCall::final_status(std::uint32_t error) const {
  if (grpc_status_ == 0 && scanned_ != input_.size()) {
    return {rpc::StatusCode::internal, "the server ended the call in the middle of a message"};
  }
  if (grpc_status_ == 0 && received_messages_ == 0 && !rpc::streams_responses(kind_)) {
    return {rpc::StatusCode::internal, "the server answered OK without a message"};
  }
  if (grpc_status_) {
    return {static_cast<rpc::StatusCode>(*grpc_status_), *grpc_status_ == 0 ? std::string() : grpc_message_};
  }
  if (error != NGHTTP2_NO_ERROR) {
    if (deadline_ <= rpc::Clock::now()) return {rpc::StatusCode::deadline_exceeded, "the deadline has passed"};
    return {code_of_reset(error), std::string("the server reset the call: ") + nghttp2_http2_strerror(error)};
  }
  return {rpc::StatusCode::internal, "the server ended the call without a status"};
}

void NetworkCall::stream_closed(std::uint32_t error) noexcept {
  stream_ = nullptr;
  if (!ended_) end(final_status(error));
}

void NetworkCall::stream_lost(rpc::Status status) noexcept {
  stream_ = nullptr;
  end(std::move(status));
}

void NetworkCall::cancel(rpc::Status why) noexcept {
  address_ = nullptr;  // which has nothing to do with it
  end(std::move(why));
}

void NetworkCall::end(rpc::Status status) noexcept {
  if (ended_) return;
  ended_ = true;
  status_ = std::move(status);
  if (const auto address = std::exchange(address_, nullptr)) address->note(status_.code);
  if (scheduled()) context_.timers.cancel(*this);
  if (CallStream* const stream = std::exchange(stream_, nullptr)) {
    stream->reset(*this);
  } else if (stream_id_ == 0) {
    context_.owner.no_stream_wanted(*this);
  }
  tell();
}

void NetworkCall::on_timer() noexcept {
  // A caller in a hurry is no reason to leave the server out.
  if (rpc::Clock::now() - began_ < shortest_silence) address_ = nullptr;
  end({rpc::StatusCode::deadline_exceeded, "the deadline passed before the server had answered"});
}

void NetworkCall::let_go() noexcept {
  cancel({rpc::StatusCode::cancelled, "the caller has let go of the call"});
  context_.owner.gone(*this);
}

}  // namespace wasm_grpc::client
