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
/// Bytes that a call which is over keeps of each of its buffers for the next.
constexpr std::size_t most_spare = std::size_t{1} << 10;
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

std::string base64_of(std::string_view value) {
  std::string text;
  rpc::base64_encode(value, text);
  return text;
}

}  // namespace

void NetworkCall::begin(const rpc::OutgoingRequest& request, std::size_t previous_attempts) {
  now_ = {};
  now_.kind = request.kind;
  now_.encoding = request.encoding;
  now_.deadline = request.deadline;
  now_.previous_attempts = previous_attempts;
  path_ = request.path;
  for (const auto [key, value] : request.metadata) metadata_.add(key, value);
  if (request.parent != nullptr) rpc::add_trace_keys(metadata_, *request.parent);
  if (now_.deadline != rpc::Request::no_deadline) context_.timers.schedule(*this, now_.deadline);
}

void NetworkCall::forget() noexcept {
  address_ = nullptr;
  status_ = {};
  for (std::string* const text : {&output_, &http_status_, &content_type_, &encoding_, &grpc_message_}) {
    text->clear();
    if (text->capacity() > most_spare) text->shrink_to_fit();
  }
  for (rpc::Metadata* const metadata : {&metadata_, &fields_, &headers_, &trailers_}) metadata->clear();
  for (std::vector<std::byte>* const bytes : {&input_, &plain_}) {
    bytes->clear();
    if (bytes->capacity() > most_spare) bytes->shrink_to_fit();
  }
}

// ---- The request ----

void NetworkCall::append(std::span<const std::byte> message) {
  std::vector<std::byte> compressed;
  const bool is_compressed = now_.encoding != rpc::Encoding::identity && !message.empty() &&
                             context_.codec.compress(now_.encoding, message, compressed);
  if (is_compressed) message = compressed;
  const auto prefix = rpc::make_prefix(is_compressed ? std::byte{1} : std::byte{0}, message.size());
  compact();
  output_.append(reinterpret_cast<const char*>(prefix.data()), prefix.size());
  output_.append(reinterpret_cast<const char*>(message.data()), message.size());
}

void NetworkCall::compact() noexcept {
  if (now_.keeps_output && now_.given > most_kept) now_.keeps_output = false;
  if (now_.keeps_output || now_.given == 0) return;
  if (now_.given == output_.size()) {
    output_.clear();
    if (output_.capacity() > most_kept) output_.shrink_to_fit();
  } else if (now_.given > output_.size() / 2) {
    output_.erase(0, now_.given);
  } else {
    return;
  }
  now_.given = 0;
}

rpc::SendResult NetworkCall::send(std::span<const std::byte> message, bool last) {
  if (now_.ended) return rpc::SendResult::cancelled;
  if (now_.half_closed) return rpc::SendResult::closed;
  if (now_.sent_messages > 0 && !rpc::streams_requests(now_.kind)) return rpc::SendResult::invalid;
  if (message.size() > UINT32_MAX) return rpc::SendResult::invalid;
  if (unsent() >= most_unsent) {
    now_.wants_room = true;
    return rpc::SendResult::again;
  }
  append(message);
  ++now_.sent_messages;
  now_.half_closed = last;
  if (now_.stream != nullptr) now_.stream->output_ready(*this);
  return rpc::SendResult::ok;
}

rpc::SendResult NetworkCall::half_close() {
  if (now_.ended) return rpc::SendResult::cancelled;
  if (now_.half_closed) return rpc::SendResult::closed;
  now_.half_closed = true;
  if (now_.stream != nullptr) now_.stream->output_ready(*this);
  return rpc::SendResult::ok;
}

bool NetworkCall::writable() const noexcept { return now_.ended || now_.half_closed || unsent() < most_unsent; }

void NetworkCall::add_fields(RequestFields& fields) const {
  fields.begin("POST", path_);
  fields.add_constant("te", "trailers");
  fields.add_constant("content-type", "application/grpc");
  fields.add_constant("user-agent", "wasm-grpc");
  fields.add_constant("grpc-accept-encoding", rpc::known_encodings);
  if (now_.encoding != rpc::Encoding::identity) fields.add("grpc-encoding", rpc::name(now_.encoding));
  if (now_.deadline != rpc::Request::no_deadline) {
    fields.add_unlike("grpc-timeout", timeout_text(now_.deadline - rpc::Clock::now()));
  }
  // Of which those that no server has looked at are none (gRFC A6).
  if (now_.previous_attempts > 0)
    fields.add_unlike("grpc-previous-rpc-attempts", std::to_string(now_.previous_attempts));
  for (const auto [key, value] : metadata_) {
    fields.add(key, rpc::is_binary_key(key) ? fields.keep(base64_of(value)) : value);
  }
}

void NetworkCall::begin_stream(ExchangeStream& stream, std::int32_t id) noexcept {
  now_.stream = &stream;
  now_.stream_id = id;
  now_.given = 0;
  now_.deferred = false;
  if (address_ != nullptr) now_.began = rpc::Clock::now();
}

ssize_t NetworkCall::give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) noexcept {
  const std::size_t size = std::min(length, unsent());
  std::memcpy(buffer, output_.data() + now_.given, size);
  now_.given += size;
  compact();
  if (unsent() == 0 && now_.half_closed) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (size == 0) {
    now_.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (now_.wants_room && unsent() <= most_unsent / 2) {
    now_.wants_room = false;
    tell();
  }
  return static_cast<ssize_t>(size);
}

bool NetworkCall::begin_again() noexcept {
  if (now_.any_response || now_.ended || !now_.keeps_output || now_.given > most_kept) return false;
  if (now_.begun_again == most_begun_again) return false;
  address_ = nullptr;
  ++now_.begun_again;
  now_.stream = nullptr;
  now_.stream_id = 0;
  now_.given = 0;
  now_.deferred = false;
  now_.field_bytes = 0;
  fields_.clear();
  return true;
}

// ---- The response ----

bool NetworkCall::take_field(std::string_view name, std::string_view value) {
  now_.any_response = true;
  now_.field_bytes += name.size() + value.size() + 32;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113, 6.5.2)
  if (now_.field_bytes > most_field_bytes) return false;
  if (name == ":status") {
    http_status_ = value;
  } else if (name == "content-type") {
    content_type_ = value;
  } else if (name == "grpc-status") {
    now_.grpc_status = code_of_grpc(value);
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

// A value that is none says never, as a negative one does.
void NetworkCall::take_pushback(std::string_view text) noexcept {
  std::int32_t milliseconds = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  now_.pushback = std::chrono::milliseconds(is_number ? milliseconds : -1);
}

void NetworkCall::fields_end(bool end_of_stream) noexcept {
  if (now_.ended) return;
  if (!now_.has_headers && http_status_.starts_with('1')) {  // informational: the response comes later (RFC 9113, 8.1)
    http_status_.clear();
    fields_.clear();
    return;
  }
  if (end_of_stream) {  // trailers, or headers and trailers in one
    std::swap(trailers_, fields_);
    if (!now_.has_headers && !now_.grpc_status) judge_head(true);
    return;
  }
  if (now_.has_headers) {
    end({rpc::StatusCode::internal, "the server sent header fields in the middle of its answer"});
    return;
  }
  judge_head(false);
  if (now_.ended) return;
  std::swap(headers_, fields_);
  fields_.clear();
  now_.has_headers = true;
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
  now_.uncredited += bytes.size();
  if (now_.ended) {
    credit();
    return;
  }
  if (!now_.has_headers) return end({rpc::StatusCode::internal, "the server sent a message before its headers"});
  const std::size_t before = now_.complete;
  if (now_.taken > 0 && now_.taken >= input_.size() / 2) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(now_.taken));
    now_.scanned -= now_.taken;
    now_.taken = 0;
  }
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (!scan()) return;
  credit();
  if (now_.complete > before) tell();
}

bool NetworkCall::scan() noexcept {
  while (input_.size() - now_.scanned >= rpc::prefix_size) {
    const std::byte* prefix = input_.data() + now_.scanned;
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
    if (input_.size() - now_.scanned < rpc::prefix_size + length) return true;
    now_.scanned += rpc::prefix_size + length;
    ++now_.complete;
    if (++now_.received_messages > 1 && !rpc::streams_responses(now_.kind)) {
      end({rpc::StatusCode::internal, "the server sent more than the one message of this method"});
      return false;
    }
  }
  return true;
}

// Of messages that the caller does not take a window full waits; of one that is not complete all may come.
void NetworkCall::credit() noexcept {
  if (now_.stream == nullptr || now_.uncredited == 0 || (!now_.ended && now_.scanned - now_.taken > most_untaken))
    return;
  now_.stream->input_consumed(*this, std::exchange(now_.uncredited, 0));
}

std::optional<std::span<const std::byte>> NetworkCall::message() noexcept {
  if (now_.complete == 0) return std::nullopt;
  const std::byte* prefix = input_.data() + now_.taken;
  const auto data = std::span<const std::byte>(input_).subspan(now_.taken + rpc::prefix_size, rpc::read_length(prefix));
  if (prefix[0] == std::byte{0}) return data;
  if (now_.has_plain) return std::span<const std::byte>(plain_);
  const auto encoding = rpc::parse_encoding(encoding_);
  rpc::Status wrong{rpc::StatusCode::internal, "the server sent a message that cannot be decompressed"};
  if (!encoding || *encoding == rpc::Encoding::identity) {
    wrong.message = "the server sent a compressed message in the encoding \"" + encoding_.substr(0, 100) + "\"";
  } else {
    plain_.clear();
    switch (context_.codec.decompress(*encoding, data, context_.max_message_size, plain_)) {
      case rpc::CodecOutcome::done:
        now_.has_plain = true;
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
  now_.complete = 0;  // none behind it either
  if (now_.ended) {
    status_ = std::move(wrong);
  } else {
    end(std::move(wrong));
  }
  return std::nullopt;
}

void NetworkCall::pop_message() noexcept {
  if (now_.complete == 0) return;
  now_.taken += rpc::prefix_size + rpc::read_length(input_.data() + now_.taken);
  --now_.complete;
  if (std::exchange(now_.has_plain, false)) std::vector<std::byte>().swap(plain_);
  if (now_.taken == input_.size()) {
    if (input_.capacity() > most_untaken) {
      std::vector<std::byte>().swap(input_);
    } else {
      input_.clear();
    }
    now_.taken = 0;
    now_.scanned = 0;
  }
  credit();
}

// ---- Its end ----

rpc::Status NetworkCall::final_status(std::uint32_t error) const {
  const bool says_ok = now_.grpc_status == rpc::StatusCode::ok;
  if (says_ok && now_.scanned != input_.size()) {
    return {rpc::StatusCode::internal, "the server ended the call in the middle of a message"};
  }
  if (says_ok && now_.received_messages == 0 && !rpc::streams_responses(now_.kind)) {
    return {rpc::StatusCode::internal, "the server answered OK without a message"};
  }
  if (now_.grpc_status) {
    return told_at(now_.deadline, {*now_.grpc_status, says_ok ? std::string() : grpc_message_});
  }
  if (error != NGHTTP2_NO_ERROR) {
    return told_at(now_.deadline,
                   {code_of_reset(error), std::string("the server reset the call: ") + nghttp2_http2_strerror(error)});
  }
  return {rpc::StatusCode::internal, "the server ended the call without a status"};
}

void NetworkCall::stream_closed(std::optional<std::uint32_t> error) noexcept {
  now_.stream = nullptr;
  if (!now_.ended) end(final_status(error.value_or(NGHTTP2_NO_ERROR)));
}

void NetworkCall::stream_lost(rpc::Status status) noexcept {
  now_.stream = nullptr;
  end(std::move(status));
}

void NetworkCall::cancel(rpc::Status why) noexcept {
  address_ = nullptr;  // which has nothing to do with it
  end(std::move(why));
}

void NetworkCall::end(rpc::Status status) noexcept {
  if (now_.ended) return;
  now_.ended = true;
  status_ = std::move(status);
  // A caller in a hurry is no reason to leave the server out.
  if (status_.code == rpc::StatusCode::deadline_exceeded) {
    const auto now = rpc::Clock::now();
    if (now_.deadline <= now && now - now_.began < shortest_silence) address_ = nullptr;
  }
  if (const auto address = std::exchange(address_, nullptr)) address->note(status_.code);
  if (scheduled()) context_.timers.cancel(*this);
  if (ExchangeStream* const stream = std::exchange(now_.stream, nullptr)) {
    stream->reset(*this);
  } else if (now_.stream_id == 0) {
    context_.owner.no_stream_wanted(*this);
  }
  tell();
}

void NetworkCall::on_timer() noexcept {
  end({rpc::StatusCode::deadline_exceeded, "the deadline passed before the server had answered"});
}

void NetworkCall::let_go() noexcept {
  cancel({rpc::StatusCode::cancelled, "the caller has let go of the call"});
  context_.owner.gone(*this);
}

}  // namespace wasm_grpc::client
