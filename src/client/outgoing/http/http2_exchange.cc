#include "client/outgoing/http/http2_exchange.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/status_of.h"

namespace wasm_grpc::client {

// ---- The request ----

void Http2Exchange::add_fields(RequestFields& fields) const {
  fields.begin(call_.method(), call_.path());
  for (const auto [key, value] : call_.fields()) fields.add(key, value);
  if (const auto length = call_.body_length(); length && call_.has_body()) {
    fields.add_unlike("content-length", std::to_string(*length));
  }
}

void Http2Exchange::begin_stream(ExchangeStream& stream, std::int32_t id) noexcept {
  stream_ = &stream;
  stream_id_ = id;
}

ssize_t Http2Exchange::give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) noexcept {
  const std::string_view body = call_.unsent_body();
  const std::size_t size = std::min(length, body.size());
  std::memcpy(buffer, body.data(), size);
  call_.sent_body(size);
  if (call_.is_sent()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (size == 0) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(size);
}

void Http2Exchange::output_ready() noexcept {
  if (stream_ != nullptr) stream_->output_ready(*this);
}

// ---- The answer ----

bool Http2Exchange::take_field(std::string_view name, std::string_view value) {
  call_.note_answer();
  field_bytes_ += name.size() + value.size() + 32;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113, 6.5.2)
  if (field_bytes_ > most_field_bytes) return false;
  if (has_head_) return true;  // trailers are dropped
  if (name == ":status") {
    http_status_ = value;
  } else {
    fields_.add(name, value);
  }
  return true;
}

void Http2Exchange::fields_end(bool) noexcept {
  if (has_head_ || call_.ended()) return;
  if (http_status_.starts_with('1')) {  // informational: the answer comes later (RFC 9113, 8.1)
    http_status_.clear();
    fields_.clear();
    return;
  }
  has_head_ = true;
  call_.add_field(":status", http_status_);
  for (const auto [name, value] : fields_) call_.add_field(name, value);
  fields_.clear();
  call_.head_is_whole();
}

void Http2Exchange::take_data(std::span<const std::byte> bytes) noexcept {
  uncredited_ += bytes.size();
  if (!has_head_) return end({rpc::StatusCode::internal, "the server sent a body before its header fields"});
  if (!call_.ended()) {
    call_.add_piece(bytes);
    call_.tell_of_pieces();
  }
  credit();
}

// Of what the caller does not take a window full waits.
void Http2Exchange::credit() noexcept {
  if (stream_ == nullptr || uncredited_ == 0 || !call_.wants_input()) return;
  stream_->input_consumed(*this, std::exchange(uncredited_, 0));
}

// ---- Its end ----

void Http2Exchange::stream_closed(std::optional<std::uint32_t> error) noexcept {
  stream_ = nullptr;
  if (error) {
    end({code_of_reset(*error), std::string("the server reset the request: ") + nghttp2_http2_strerror(*error)});
  } else if (has_head_) {
    call_.finish();
  } else {
    end({rpc::StatusCode::internal, "the server ended the request without an answer"});
  }
}

bool Http2Exchange::begin_again() noexcept {
  if (!call_.begin_again(false)) return false;
  stream_ = nullptr;
  return true;
}

void Http2Exchange::stream_lost(rpc::Status status) noexcept {
  stream_ = nullptr;
  if (call_.begin_again(true)) return owner_.again(call_);
  end(std::move(status));
}

void Http2Exchange::abandoned() noexcept {
  if (ExchangeStream* const stream = std::exchange(stream_, nullptr)) stream->reset(*this);
}

}  // namespace wasm_grpc::client
