// What nghttp2 tells a session, and what it is told about limits.
#include <limits>
#include <new>

#include "http2/session/session.h"
#include "http2/session/session_core.h"
#include "http2/session/stream.h"

namespace wasm_grpc::http2 {

namespace {

// What a client may make us queue before we call it a flood: acknowledgements of its PINGs and SETTINGS, and settings
// in one frame. nghttp2 ends the connection above that.
constexpr std::size_t max_outbound_acks = 1000;
constexpr std::size_t max_settings_entries = 32;
// Response metadata is limited before (rpc::max_response_metadata, and a status message of 8 KiB); nghttp2 reckons 12
// bytes more per field.
constexpr std::size_t max_response_header_block = 256 * 1024;

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

struct Session::Callbacks {
  static Session& session_of(void* user_data) { return *static_cast<Session*>(user_data); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Session& session = session_of(user_data);
    session.guard_.begin_block();
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    const bool is_request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    if (session.rules_ != nullptr) session.rules_->begin(frame->hd.stream_id, is_request);
    if (is_request) session.begin_head(frame->hd.stream_id);
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    Session& session = session_of(user_data);
    // A block that is far too large is not even read: a byte of it can stand for kilobytes. feed() ends the connection.
    if (!session.guard_.count_field(name_size + value_size)) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::string_view key = text(name, name_size);
    if (session.rules_ != nullptr && !session.rules_->take_field(key, text(value, value_size))) return 0;
    // Nobody asks for the trailers of a request: then there is no head stream.
    if (Stream* stream = session.head_stream_; stream != nullptr) stream->take_field(key, text(value, value_size));
    return 0;
  }

  static int on_data_chunk(nghttp2_session* nghttp2, std::uint8_t, std::int32_t stream_id, const std::uint8_t* data,
                           std::size_t size, void* user_data) {
    // The connection's window is credited at once: a stream whose handler is slow must not stop the others.
    nghttp2_session_consume_connection(nghttp2, size);
    session_of(user_data).take_data(stream_id, std::as_bytes(std::span(data, size)));
    return 0;
  }

  static int on_frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    session_of(user_data).frame_received(*frame);
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t stream_id, std::uint32_t error, void* user_data) {
    session_of(user_data).stream_closed(stream_id, error);
    return 0;
  }

  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    session_of(user_data).frame_sent(*frame);
    return 0;
  }

  static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
    session_of(user_data).frame_not_sent(*frame, error);
    return 0;
  }

  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) {
    session_of(user_data).invalid_frame(*frame);
    return 0;
  }

  static int on_send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* frame_head, std::size_t length,
                          nghttp2_data_source* source, void* user_data) {
    return session_of(user_data).send_large_data(*static_cast<Stream*>(source->ptr), frame_head, length);
  }
};

std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> Session::make_callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Callbacks::on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, Callbacks::on_frame_received);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, Callbacks::on_frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(made, Callbacks::on_frame_not_sent);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, Callbacks::on_invalid_frame);
  nghttp2_session_callbacks_set_send_data_callback(made, Callbacks::on_send_data);
  return std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter>(made);
}

std::unique_ptr<nghttp2_option, OptionDeleter> Session::make_options() const {
  const ClientLimits& clients = settings().clients;
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(made, 1);
  // Then the MessageRules look.
  if (rules_ != nullptr) nghttp2_option_set_no_http_messaging(made, 1);
  nghttp2_option_set_no_closed_streams(made, 1);
  nghttp2_option_set_max_outbound_ack(made, max_outbound_acks);
  nghttp2_option_set_max_settings(made, max_settings_entries);
  nghttp2_option_set_max_send_header_block_length(made, max_response_header_block);
  // The FrameGuard counts first, and knows what to call it. Of CONTINUATION frames nghttp2 would count the pieces that
  // they come in.
  nghttp2_option_set_max_continuations(made, std::numeric_limits<std::size_t>::max());
  nghttp2_option_set_stream_reset_rate_limit(made, 2 * (std::uint64_t{clients.reset_burst} + clients.overhead_burst),
                                             std::uint64_t{clients.resets_per_second} + clients.overhead_per_second);
  return std::unique_ptr<nghttp2_option, OptionDeleter>(made);
}

}  // namespace wasm_grpc::http2
