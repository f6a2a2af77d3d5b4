// Where nghttp2 and the connection meet: what nghttp2 tells of frames, and what it is told about limits.
#include <chrono>
#include <limits>
#include <new>

#include "http2/connection.h"
#include "http2/core.h"
#include "http2/stream.h"

namespace wasm_grpc::http2 {

namespace {

// What a client may make us queue before we call it a flood: acknowledgements of its PINGs and SETTINGS, and settings
// in one frame. nghttp2 ends the connection above that.
constexpr std::size_t max_outbound_acks = 1000;
constexpr std::size_t max_settings_entries = 32;
// Response metadata is limited before (rpc::max_response_metadata, and a status message of 8 KiB); nghttp2 reckons 12
// bytes more per field.
constexpr std::size_t max_response_header_block = 256 * 1024;

Connection& connection_of(void* user_data) { return *static_cast<Connection*>(user_data); }

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  connection_of(user_data).guard().begin_block();
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    connection_of(user_data).begin_head(frame->hd.stream_id);
  }
  return 0;
}

int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
              const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
  // Nobody asks for the trailers of a request: then there is no head stream.
  Connection& connection = connection_of(user_data);
  // A block that is far too large is not even read: a byte of it can stand for kilobytes. feed() ends the connection.
  if (!connection.guard().count_field(name_size + value_size)) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (Stream* stream = connection.head_stream(); stream != nullptr) {
    stream->take_field(text(name, name_size), text(value, value_size));
  }
  return 0;
}

int on_data_chunk(nghttp2_session* session, std::uint8_t, std::int32_t stream_id, const std::uint8_t* data,
                  std::size_t size, void* user_data) {
  // The connection's window is credited at once: a stream whose handler is slow must not stop the others.
  nghttp2_session_consume_connection(session, size);
  if (Stream* stream = connection_of(user_data).find(stream_id); stream != nullptr) {
    stream->take_data(std::as_bytes(std::span(data, size)));
  }
  return 0;
}

int on_frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  Connection& connection = connection_of(user_data);
  const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        if (Stream* stream = connection.end_head(); stream != nullptr) stream->head_complete(end);
      } else if (Stream* stream = connection.find(frame->hd.stream_id); stream != nullptr && end) {
        stream->end_input();
      }
      break;
    case NGHTTP2_DATA:
      if (end || frame->data.padlen > 0) {
        Stream* stream = connection.find(frame->hd.stream_id);
        if (stream == nullptr) break;
        if (end) {
          stream->end_input();
        } else {
          stream->take_padding(frame->data.padlen);
        }
      }
      break;
    case NGHTTP2_SETTINGS:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) connection.client_settings_received();
      break;
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
        connection.ping_acknowledged(frame->ping.opaque_data);
      } else {
        connection.client_pinged();
      }
      break;
    default:
      break;
  }
  return 0;
}

int on_stream_close(nghttp2_session*, std::int32_t stream_id, std::uint32_t error, void* user_data) {
  connection_of(user_data).stream_closed(stream_id, error);
  return 0;
}

int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  connection_of(user_data).frame_sent(*frame);
  return 0;
}

int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
  connection_of(user_data).frame_not_sent(*frame, error);
  return 0;
}

int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) {
  connection_of(user_data).invalid_frame(*frame);
  return 0;
}

int on_send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* frame_head, std::size_t length,
                 nghttp2_data_source* source, void* user_data) {
  return connection_of(user_data).send_large_data(*static_cast<Stream*>(source->ptr), frame_head, length);
}

}  // namespace

std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> make_callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame_received);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(made, on_frame_not_sent);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, on_invalid_frame);
  nghttp2_session_callbacks_set_send_data_callback(made, on_send_data);
  return std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter>(made);
}

std::unique_ptr<nghttp2_option, OptionDeleter> make_options(const Settings& settings) {
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_closed_streams(made, 1);
  nghttp2_option_set_max_outbound_ack(made, max_outbound_acks);
  nghttp2_option_set_max_settings(made, max_settings_entries);
  nghttp2_option_set_max_send_header_block_length(made, max_response_header_block);
  // The FrameGuard counts first, and knows what to call it. Of CONTINUATION frames nghttp2 would count the pieces that
  // they come in.
  nghttp2_option_set_max_continuations(made, std::numeric_limits<std::size_t>::max());
  nghttp2_option_set_stream_reset_rate_limit(made, 2 * (std::uint64_t{settings.reset_burst} + settings.overhead_burst),
                                             std::uint64_t{settings.resets_per_second} + settings.overhead_per_second);
  return std::unique_ptr<nghttp2_option, OptionDeleter>(made);
}

// ---- The connection's part of the callbacks ----

void Connection::begin_head(std::int32_t id) {
  head_stream_ = nullptr;
  // Handlers may still work on streams that the client has reset: those count too.
  if (live_streams_ >= 2 * std::size_t{core_.settings.max_concurrent_streams}) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  Stream* stream = core_.streams.take();
  stream->open(*this, id);
  nghttp2_session_set_stream_user_data(session_, id, stream);
  ++live_streams_;
  stream->next_ = streams_;
  if (streams_ != nullptr) streams_->previous_ = stream;
  streams_ = stream;
  head_stream_ = stream;
}

Stream* Connection::end_head() noexcept {
  last_found_ = head_stream_;
  return std::exchange(head_stream_, nullptr);
}

Stream* Connection::find(std::int32_t id) noexcept {
  if (last_found_ == nullptr || last_found_->id() != id) {
    last_found_ = static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_, id));
  }
  return last_found_;
}

void Connection::stream_closed(std::int32_t id, std::uint32_t error) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  forget_open(*stream);
  stream->closed(error == NGHTTP2_NO_ERROR && stream->finished() ? rpc::CallEnd::answered : rpc::CallEnd::client);
}

void Connection::forget_open(Stream& stream) noexcept {
  if (last_found_ == &stream) last_found_ = nullptr;
  if (head_stream_ == &stream) head_stream_ = nullptr;
  if (stream.previous_ != nullptr) {
    stream.previous_->next_ = stream.next_;
  } else {
    streams_ = stream.next_;
  }
  if (stream.next_ != nullptr) stream.next_->previous_ = stream.previous_;
  if (stream.early_end_) --early_ends_;
  stream.early_end_ = false;
  stream.previous_ = nullptr;
  stream.next_ = nullptr;
  if (streams_ == nullptr && core_.settings.max_connection_idle.count() > 0) life_.idle(rpc::Clock::now());
}

// A client that leaves names the last stream of the server's, of which there are none; grpc-go names 2^31-1, as servers
// do (RFC 9113, section 6.8). To nghttp2 that is an error, which it ends the connection for; the client does so too.
void Connection::invalid_frame(const nghttp2_frame& frame) noexcept {
  client_leaves_ =
      frame.hd.type == NGHTTP2_GOAWAY && frame.hd.stream_id == 0 && frame.goaway.error_code == NGHTTP2_NO_ERROR;
}

// What nghttp2 ends a connection for by itself.
void Connection::note_goaway(const nghttp2_goaway& goaway) {
  if (goaway.error_code == NGHTTP2_NO_ERROR || client_leaves_) return;
  const auto reason =
      goaway.error_code == NGHTTP2_ENHANCE_YOUR_CALM ? EndReason::control_flood : EndReason::protocol_error;
  const std::string_view said = text(goaway.opaque_data, goaway.opaque_data_len);
  note_end(reason, said.empty() ? nghttp2_http2_strerror(goaway.error_code) : said);
}

void Connection::note_end(EndReason reason, std::string_view detail) {
  if (end_noted_) return;
  end_noted_ = true;
  ++core_.counters.connections_ended[static_cast<std::size_t>(reason)];
  core_.host.connection_ended(reason, client_->peer, detail);
}

void Connection::end_for(const Violation& violation) {
  if (is_closed() || life_.is_lingering() || end_noted_) return;
  note_end(violation.reason, violation.text);
  nghttp2_session_terminate_session(session_, violation.error_code);
  life_.ended(rpc::Clock::now());
  schedule();
  mark_dirty();
}

// Whether there is output that the client does not let go.
bool Connection::output_waits() const noexcept {
  if (socket_.waits()) return true;
  for (const Stream* stream = streams_; stream != nullptr; stream = stream->next_) {
    if (stream->has_unsent_output()) return true;
  }
  return false;
}

void Connection::look_at_requests(std::uint64_t silent_looks) noexcept {
  const bool reads = wants_input();
  Stream* next = nullptr;
  for (Stream* stream = streams_; stream != nullptr; stream = next) {
    next = stream->next_;
    stream->look_at_request(reads, silent_looks);
  }
}

void Connection::frame_sent(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_DATA:
      guard_.data_sent();
      ++data_sent_;
      [[fallthrough]];
    case NGHTTP2_HEADERS:
      ++answers_sent_;
      // The answer is complete and the client still sends: it may stop (RFC 9113, 8.1).
      if (early_ends_ > 0 && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        Stream* stream = find(frame.hd.stream_id);
        if (stream != nullptr && stream->early_end_) {
          stream->early_end_ = false;
          --early_ends_;
          if (stream->input_open()) {
            nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
          }
        }
      }
      break;
    case NGHTTP2_RST_STREAM:
      // The errors of a client cost us as much as its resets. Those of a handler are not its.
      if (Stream* stream = find(frame.hd.stream_id); stream != nullptr && stream->is_broken_off()) break;
      if (frame.rst_stream.error_code != NGHTTP2_NO_ERROR && !forced_resets_.take()) {
        end_for({EndReason::error_flood, NGHTTP2_ENHANCE_YOUR_CALM, "too many errors that reset a stream"});
      }
      break;
    case NGHTTP2_GOAWAY:
      note_goaway(frame.goaway);
      break;
    default:
      break;
  }
}

void Connection::frame_not_sent(const nghttp2_frame& frame, int error) {
  // An answer that nghttp2 refuses to send would leave its call without an end.
  if (frame.hd.type != NGHTTP2_HEADERS || error == NGHTTP2_ERR_STREAM_CLOSED || error == NGHTTP2_ERR_STREAM_CLOSING ||
      find(frame.hd.stream_id) == nullptr) {
    return;
  }
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_INTERNAL_ERROR);
}

// ---- Large messages take turns ----

void Connection::request_large_input(Stream& stream) {
  if (stream.waits_for_grant_) return;
  if (large_waiting_.empty() &&
      (large_input_ == 0 || large_input_ + stream.wanted_input() <= core_.settings.max_large_input)) {
    large_input_ += stream.grant_large_input();
    return;
  }
  stream.waits_for_grant_ = true;
  stream.retain();
  large_waiting_.push_back(&stream);
}

void Connection::release_large_input(std::size_t bytes) {
  large_input_ -= bytes;
  while (!large_waiting_.empty()) {
    Stream* stream = large_waiting_.front();
    if (large_input_ != 0 && large_input_ + stream->wanted_input() > core_.settings.max_large_input) return;
    large_waiting_.erase(large_waiting_.begin());
    stream->waits_for_grant_ = false;
    large_input_ += stream->grant_large_input();
    stream->release();
  }
}

}  // namespace wasm_grpc::http2
