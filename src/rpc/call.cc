#include "wasm_grpc/rpc/call.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

#include "rpc/buffer_pool.h"
#include "rpc/message_prefix.h"
#include "rpc/user_metadata.h"
#include "rpc/utf8.h"

namespace wasm_grpc::rpc {

namespace {

// A call keeps buffers up to this size; what larger messages needed is given back as soon as they are gone.
constexpr std::size_t kept_buffer = BufferPool::small_buffer;
constexpr std::size_t max_status_message = 8 * 1024;

// Cuts to at most max_status_message bytes, not inside a UTF-8 sequence.
void cut(std::string& message) {
  if (message.size() <= max_status_message) return;
  std::size_t end = max_status_message;
  while (end > max_status_message - 4 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  message.resize(end);
}

// A rich status (google.rpc.Status) beside the plain one.
constexpr std::string_view details_key = "grpc-status-details-bin";
// When to try again, in milliseconds, or not at all when it is no number (gRFC A6).
constexpr std::string_view pushback_key = "grpc-retry-pushback-ms";

bool is_own_trailer(std::string_view key) { return key == details_key || key == pushback_key; }

bool add_metadata(Metadata& target, std::size_t used, std::string_view key, std::string_view value) {
  return add_user_metadata(target, used, max_response_metadata, key, value,
                           is_own_trailer(key) ? KeyRule::known : KeyRule::users);
}

}  // namespace

void Call::pop_message() noexcept {
  if (complete_messages_ == 0) return;
  const std::size_t size = prefix_size + read_length(input_.data() + input_taken_);
  --complete_messages_;
  if (has_unpacked() || broken_ != CodecOutcome{}) forget_plain();
  input_taken_ += size;
  if (input_taken_ == input_.size()) {
    empty(input_);
    input_taken_ = 0;
    input_scanned_ = 0;
  }
  input_consumed(is_http() ? size - prefix_size : size);
}

Status Call::receive(std::span<const std::byte> bytes, std::size_t max_message_size) {
  try {
    if (input_taken_ >= input_.size() / 2 && input_.capacity() - input_.size() < bytes.size()) compact_input();
    // A prefix at the front of `bytes` announces how much is to come: make room once, before anything is copied.
    if (input_scanned_ == input_.size() && bytes.size() >= prefix_size) {
      const std::size_t length = read_length(bytes.data());
      if (length <= max_message_size && prefix_size + length > bytes.size()) {
        make_room(input_, input_.size() + prefix_size + length);
      }
    }
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    return scan_input(max_message_size);
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  return {StatusCode::resource_exhausted, "the server has no memory for the request message"};
}

Status Call::scan_input(std::size_t max_message_size) {
  missing_ = 0;
  while (input_.size() - input_scanned_ >= prefix_size) {
    const std::byte* prefix = input_.data() + input_scanned_;
    const auto flags = std::to_integer<unsigned>(prefix[0]);
    if (flags == 1) {
      if (request_.encoding == Encoding::identity) {
        return {StatusCode::internal,
                "the request message is marked compressed, but grpc-encoding names no compression"};
      }
      max_message_size_ = max_message_size;
    } else if (flags != 0) {
      return {StatusCode::internal, "the request message begins with flags " + std::to_string(flags) +
                                        "; expected 0 (not compressed) or 1 (compressed)"};
    }
    const std::size_t length = read_length(prefix);
    if (length > max_message_size) {
      return {StatusCode::resource_exhausted, "the request message has " + std::to_string(length) +
                                                  " bytes; this server accepts at most " +
                                                  std::to_string(max_message_size)};
    }
    const std::size_t end = input_scanned_ + prefix_size + length;
    if (end > input_.size()) {
      missing_ = end - input_.size();
      if (end > input_.capacity()) {
        compact_input();
        make_room(input_, input_.size() + missing_);
      }
      break;
    }
    input_scanned_ = end;
    ++complete_messages_;
    ++received_messages_;
    if (received_messages_ > 1 && !streams_requests(request_.method->kind)) return wrong_number_of_requests();
  }
  return {};
}

void Call::compact_input() {
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(input_taken_));
  input_scanned_ -= input_taken_;
  input_taken_ = 0;
}

Status Call::wrong_number_of_requests() const {
  // gRPC's list of status codes asks for UNIMPLEMENTED ("request cardinality violation").
  return {StatusCode::unimplemented, "method " + request_.method->path +
                                         " takes exactly one request message, the client sent " +
                                         (received_messages_ == 0 ? "none" : "more")};
}

Status Call::receive_end() {
  request_.half_closed = true;
  if (input_scanned_ != input_.size()) {
    return {StatusCode::internal, "the request ended in the middle of a message"};
  }
  if (!streams_requests(request_.method->kind) && received_messages_ != 1) return wrong_number_of_requests();
  return {};
}

bool Call::add_header(std::string_view key, std::string_view value) {
  if (is_http()) return add_http_header(key, value);
  if (response_.headers_wanted || response_.finished || cancelled_ || is_own_trailer(key)) return false;
  return add_metadata(response_.headers, response_.headers.byte_size() + response_.trailers.byte_size(), key, value);
}

bool Call::add_trailer(std::string_view key, std::string_view value) {
  if (response_.finished || cancelled_ || is_http()) return false;
  if (is_own_trailer(key) && response_.trailers.get(key)) return false;
  return add_metadata(response_.trailers, response_.headers.byte_size() + response_.trailers.byte_size(), key, value);
}

SendResult Call::send_headers() noexcept {
  if (cancelled_) return SendResult::cancelled;
  if (response_.finished) return SendResult::closed;
  if (!response_.headers_wanted) {
    response_.headers_wanted = true;
    output_ready();
  }
  return SendResult::ok;
}

SendResult Call::send(std::span<const std::byte> message) {
  if (cancelled_) return SendResult::cancelled;
  if (response_.finished) return SendResult::closed;
  if (response_.sent_messages > 0 && !streams_responses(request_.method->kind)) return SendResult::invalid;
  if (message.size() > std::numeric_limits<std::uint32_t>::max()) return SendResult::invalid;
  if (message.size() > max_response_size_) {
    finish({is_http() ? StatusCode::internal : StatusCode::resource_exhausted,
            "the response message has " + std::to_string(message.size()) + " bytes; the server sends at most " +
                std::to_string(max_response_size_)});
    return SendResult::closed;
  }
  if (unsent_bytes() >= output_high_water) {
    wants_writable_ = true;
    return SendResult::again;
  }
  if (!pack_later(message)) {
    drop_sent_output(prefix_size + message.size());
    if (!response_.compressing || !append_compressed(message)) append_plain(message);
  }
  if (unsent_bytes() >= output_high_water) wants_writable_ = true;
  ++response_.sent_messages;
  response_.headers_wanted = true;
  output_ready();
  return SendResult::ok;
}

// What was sent makes room for `coming` bytes where that is cheap.
void Call::drop_sent_output(std::size_t coming) {
  if (output_sent_ <= output_.size() - output_sent_ || output_.capacity() - output_.size() >= coming) return;
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(output_sent_));
  output_sent_ = 0;
}

void Call::reserve_output(std::size_t size) {
  if (const std::size_t needed = output_.size() + size; needed > output_.capacity()) {
    make_room(output_, std::max(needed, std::min(2 * output_.capacity(), output_high_water)));
  }
}

void Call::append_framed(std::span<const std::byte> messages) {
  drop_sent_output(messages.size());
  reserve_output(messages.size());
  output_.insert(output_.end(), messages.begin(), messages.end());
}

void Call::append_plain(std::span<const std::byte> message) {
  if (request_.method->kind == MethodKind::http) {
    append_framed(message);
    return;
  }
  const auto prefix = make_prefix(std::byte{0}, message.size());
  reserve_output(prefix_size + message.size());
  output_.insert(output_.end(), prefix.begin(), prefix.end());
  output_.insert(output_.end(), message.begin(), message.end());
}

SendResult Call::compress(bool on) noexcept {
  if (cancelled_) return SendResult::cancelled;
  if (response_.finished) return SendResult::closed;
  if (on) {
    const Encoding best = request_.accepted_encodings.best();
    if (best == Encoding::identity) return SendResult::ok;
    if (response_.headers_wanted && response_.encoding == Encoding::identity) return SendResult::invalid;
    response_.encoding = best;
  }
  response_.compressing = on;
  return SendResult::ok;
}

bool Call::writable() const noexcept { return cancelled_ || response_.finished || unsent_bytes() < output_high_water; }

SendResult Call::finish(Status status) {
  if (cancelled_) return SendResult::cancelled;
  if (response_.finished) return SendResult::closed;
  if (status.ok() && response_.sent_messages == 0 && !streams_responses(request_.method->kind)) {
    status = {StatusCode::internal, "the handler returned OK without a response message"};
  }
  set_status(std::move(status));
  return SendResult::ok;
}

void Call::set_status(Status status) {
  if (status.ok()) status.message.clear();
  if (!status.message.empty()) {
    cut(status.message);
    if (replace_invalid_utf8(status.message)) cut(status.message);  // it may have become longer
  }
  response_.status = std::move(status);
  if (!response_.status.ok() && is_http()) answer_failure_in_http();
  response_.finished = true;
  response_.headers_wanted = true;
  output_ready();
}

void Call::fail(Status status, CallEnd why) {
  // Where messages wait to be compressed the client has not got the status before, nor will it get all of the answer.
  if (!output_complete()) set_status(std::move(status));
  cancel(why);
}

void Call::cancel(CallEnd why) noexcept {
  stop_unpacking();
  const bool told = std::exchange(cancelled_, true);
  CallListener* const listener = std::exchange(listener_, nullptr);
  if (!told) {
    // Clients cancel by themselves at their deadline.
    const bool late = why == CallEnd::client && deadline() && *deadline() <= Clock::now();
    request_.end = late ? CallEnd::deadline : why;
  }
  if (!told && listener != nullptr) listener->on_cancelled(*this);
  drop_packing();
}

void Call::output_drained() noexcept {
  if (output_sent_ == output_.size()) {
    empty(output_);
    output_sent_ = 0;
  }
  if (wants_writable_ && !response_.finished && !cancelled_ && unsent_bytes() <= output_high_water / 2) {
    wants_writable_ = false;
    if (listener_ != nullptr) listener_->on_writable(*this);
  }
}

void Call::make_room(std::vector<std::byte>& buffer, std::size_t size) {
  if (buffer_pool_ != nullptr && size > kept_buffer) {
    buffer_pool_->reserve(buffer, size);
  } else {
    buffer.reserve(size);
  }
}

void Call::empty(std::vector<std::byte>& buffer) noexcept {
  if (buffer.capacity() <= kept_buffer) {
    buffer.clear();
  } else if (buffer_pool_ != nullptr) {
    buffer_pool_->keep(buffer);
  } else {
    std::vector<std::byte>().swap(buffer);
  }
}

void Call::reset() noexcept {
  forget_method();
  request_.reset();
  response_.reset();
  empty(output_);
  output_sent_ = 0;
  cancelled_ = false;
  empty(input_);
  input_taken_ = 0;
  input_scanned_ = 0;
  complete_messages_ = 0;
  missing_ = 0;
  received_messages_ = 0;
  wants_writable_ = false;
  last_piece_ = 0;
  max_response_size_ = std::numeric_limits<std::size_t>::max();
  forget_plain();
  may_drop_plain_ = false;
  listener_ = nullptr;
  holders_ = 0;
  meter_ = nullptr;
  counted_received_ = 0;
  counted_sent_ = 0;
}

}  // namespace wasm_grpc::rpc
