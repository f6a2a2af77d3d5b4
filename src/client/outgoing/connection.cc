#include "client/outgoing/connection.h"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <utility>

namespace wasm_grpc::client {

namespace {

/// What a server may send of one answer, and of all together, before it is told to go on.
constexpr std::int32_t stream_window = 256 << 10;
constexpr std::int32_t connection_window = 8 << 20;
/// Bytes that are gathered for one write.
constexpr std::size_t most_of_a_write = std::size_t{256} << 10;
/// Streams that a server is taken to let be open until it has said how many (RFC 9113, 6.5.2).
constexpr std::uint32_t streams_at_first = 100;
/// Frames that wait for a server which does not read, before no more exchanges begin: those that were begun and given
/// up are frames too.
constexpr std::size_t most_waiting_frames = 4096;

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

// ---- The queue ----

void OutputQueue::add(std::shared_ptr<Connection> connection) {
  dirty_.push_back(std::move(connection));
  if (dirty_.size() == 1) wake_();
}

void OutputQueue::flush() noexcept {
  requests_ = 0;
  while (!dirty_.empty()) {
    flushed_.swap(dirty_);
    for (const auto& connection : flushed_) {
      connection->dirty_ = false;
      connection->flush();
    }
    flushed_.clear();
  }
}

// ---- nghttp2 ----

struct Connection::Callbacks {
  static Connection& self(void* user) { return *static_cast<Connection*>(user); }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    Exchange* const exchange = self(user).exchange_of(frame->hd.stream_id);
    if (exchange == nullptr || exchange->take_field(text_of(name, name_size), text_of(value, value_size))) return 0;
    exchange->end({rpc::StatusCode::resource_exhausted, "the server's header fields and trailers have more than " +
                                                            std::to_string(most_field_bytes) + " bytes"});
    return 0;
  }
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    self(user).on_frame(*frame);
    return 0;
  }
  static int data(nghttp2_session* session, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    static_cast<void>(nghttp2_session_consume_connection(session, size));
    if (Exchange* const exchange = self(user).exchange_of(stream)) {
      exchange->take_data({reinterpret_cast<const std::byte*>(bytes), size});
    }
    return 0;
  }
  static int stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* user) {
    self(user).on_stream_close(stream, error);
    return 0;
  }
  // Of a request that waited for its turn, and cannot be sent any more.
  static int not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS) self(user).on_stream_close(frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  static ssize_t give(nghttp2_session*, std::int32_t stream, std::uint8_t* buffer, std::size_t length,
                      std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Exchange* const exchange = self(user).exchange_of(stream);
    if (exchange == nullptr) return NGHTTP2_ERR_DEFERRED;
    return exchange->give(buffer, length, flags);
  }
};

Connection::Connection(Transport transport, ConnectionSettings settings, rpc::TimerQueue& timers, OutputQueue& output,
                       ConnectionOwner& owner)
    : transport_(std::move(transport)),
      settings_(std::move(settings)),
      timers_(timers),
      output_(output),
      owner_(owner),
      fields_(settings_.scheme, settings_.authority),
      max_streams_(streams_at_first) {
  make_session();
}

Connection::~Connection() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

void Connection::make_session() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) return;
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::stream_closed);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, Callbacks::not_sent);
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) == 0) {
    nghttp2_option_set_no_auto_window_update(option, 1);  // what waits for its caller is bounded by the windows
    nghttp2_option_set_peer_max_concurrent_streams(option, streams_at_first);
    static_cast<void>(nghttp2_session_client_new2(&session_, callbacks, this, option));
    nghttp2_option_del(option);
  }
  nghttp2_session_callbacks_del(callbacks);
}

Exchange* Connection::take_stream(std::int32_t stream) noexcept {
  Exchange* const exchange = exchange_of(stream);
  if (exchange != nullptr) streams_.erase(stream);
  return exchange;
}

void Connection::on_frame(const nghttp2_frame& frame) noexcept {
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    begin_draining("the server takes no more calls on it (GOAWAY)");
    return;
  }
  if (frame.hd.type == NGHTTP2_SETTINGS && (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    greeted_ = true;
    max_streams_ = nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  }
  if (frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) pinged_ = false;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  Exchange* const exchange = exchange_of(frame.hd.stream_id);
  if (exchange == nullptr) return;
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.hd.type == NGHTTP2_HEADERS) exchange->fields_end(ends);
  if (ends) answered(frame.hd.stream_id);
}

void Connection::answered(std::int32_t stream) noexcept {
  Exchange* const exchange = take_stream(stream);
  if (exchange == nullptr) return;
  exchange->stream_closed(std::nullopt);
  if (nghttp2_session_get_stream_local_close(session_, stream) == 0) {
    static_cast<void>(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR));
  }
}

void Connection::on_stream_close(std::int32_t stream, std::uint32_t error) noexcept {
  Exchange* const exchange = take_stream(stream);
  if (exchange == nullptr) return;
  if (error == NGHTTP2_REFUSED_STREAM && exchange->begin_again()) {
    owner_.returned(*exchange);
  } else {
    exchange->stream_closed(error);
  }
}

// ---- Exchanges ----

bool Connection::is_full() const noexcept {
  return streams_.size() >= max_streams_ ||
         (writing_ && nghttp2_session_get_outbound_queue_size(session_) >= most_waiting_frames);
}

bool Connection::has_room() noexcept {
  if (!open()) return false;
  told_full_ = told_full_ || is_full();
  return !told_full_;
}

bool Connection::add(Exchange& exchange) {
  exchange.add_fields(fields_);
  nghttp2_data_provider source{};
  source.read_callback = Callbacks::give;
  const auto fields = fields_.all();
  const std::int32_t stream = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                     exchange.has_body() ? &source : nullptr, nullptr);
  if (stream < 0) {
    begin_draining("it has no more numbers for streams");
    return false;
  }
  streams_.insert({stream, &exchange});
  exchange.begin_stream(*this, stream);
  output_.count_request();
  mark_dirty();
  arm_keepalive();
  return true;
}

void Connection::output_ready(Exchange& exchange) noexcept {
  if (!exchange.resumes()) return;
  static_cast<void>(nghttp2_session_resume_data(session_, exchange.stream_id()));
  mark_dirty();
}

void Connection::input_consumed(Exchange& exchange, std::size_t bytes) noexcept {
  static_cast<void>(nghttp2_session_consume_stream(session_, exchange.stream_id(), bytes));
  mark_dirty();
}

void Connection::reset(Exchange& exchange) noexcept {
  streams_.erase(exchange.stream_id());
  static_cast<void>(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.stream_id(), NGHTTP2_CANCEL));
  mark_dirty();
}

// ---- Its life ----

void Connection::start() {
  if (session_ == nullptr) return close("there is no memory for it");
  if (transport_.socket != nullptr) {
    asio::error_code ignored;
    transport_.socket->non_blocking(true, ignored);
  }
  heard_ = rpc::Clock::now();
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, most_field_bytes}};
  static_cast<void>(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings)));
  static_cast<void>(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window));
  mark_dirty();
  read();
}

void Connection::read() {
  const auto handler = [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
    if (self->closed_) return;
    if (error) {
      return self->close(error == asio::error::eof ? "the server closed it" : error.message());
    }
    self->heard_ = rpc::Clock::now();
    const ssize_t taken = nghttp2_session_mem_recv(self->session_, self->input_.data(), size);
    if (taken < 0) {
      return self->close(std::string("the server does not speak HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken)));
    }
    self->mark_dirty();
    if (!self->closed_) self->read();
  };
  const auto buffer = asio::buffer(input_);
  if (transport_.tls != nullptr) {
    transport_.tls->async_read_some(buffer, handler);
  } else {
    transport_.socket->async_read_some(buffer, handler);
  }
}

void Connection::mark_dirty() {
  if (dirty_ || closed_) return;
  dirty_ = true;
  output_.add(shared_from_this());
}

void Connection::flush() noexcept {
  if (closed_) return;
  if (!writing_) write();
  close_if_done();
  if (!told_full_ || !open() || is_full()) return;
  told_full_ = false;
  owner_.connection_has_room(*this);
}

void Connection::write() {
  out_.clear();
  while (out_.size() < most_of_a_write) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size < 0) return close(std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(size)));
    if (size == 0) break;
    out_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  if (out_.empty()) return;
  std::size_t written = 0;
  if (transport_.tls == nullptr) {  // mostly the socket takes all at once, and nobody need be told
    asio::error_code error;
    written = transport_.socket->write_some(asio::buffer(out_), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) return close(error.message());
  }
  if (written < out_.size()) {
    write_rest(written);
  } else if (written >= most_of_a_write) {
    mark_dirty();  // there may be more, when others have had their turn
  }
}

void Connection::write_rest(std::size_t from) {
  writing_ = true;
  const auto handler = [self = shared_from_this()](const asio::error_code& error, std::size_t) {
    self->writing_ = false;
    if (self->closed_) return;
    if (error) return self->close(error.message());
    self->mark_dirty();
  };
  const auto rest = asio::buffer(out_.data() + from, out_.size() - from);
  if (transport_.tls != nullptr) {
    asio::async_write(*transport_.tls, rest, handler);
  } else {
    asio::async_write(*transport_.socket, rest, handler);
  }
}

void Connection::begin_draining(const std::string& why) noexcept {
  if (std::exchange(draining_, true)) return;
  owner_.connection_draining(*this, why);
}

void Connection::drain() noexcept {
  draining_ = true;
  mark_dirty();
}

void Connection::close_if_done() noexcept {
  if (closed_ || writing_) return;
  const bool wants_nothing = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (wants_nothing || (draining_ && streams_.empty() && nghttp2_session_want_write(session_) == 0)) {
    close(wants_nothing ? "the server broke the rules of HTTP/2" : "it is not needed any more");
  }
}

void Connection::close(const std::string& why) noexcept {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  draining_ = true;
  if (scheduled()) timers_.cancel(*this);
  close_socket();
  lose_streams("the connection was lost: " + why);
  owner_.connection_closed(*this, why);
}

void Connection::abandon() noexcept {
  if (std::exchange(closed_, true)) return;
  draining_ = true;
  if (scheduled()) timers_.cancel(*this);
  close_socket();
  lose_streams("the server stops");
}

void Connection::lose_streams(const std::string& why) noexcept {
  std::exchange(streams_, {}).for_each([&](const Stream& stream) {
    stream.exchange->stream_lost({rpc::StatusCode::unavailable, why});
  });
}

void Connection::close_socket() noexcept {
  asio::error_code ignored;
  if (transport_.tls != nullptr) {
    transport_.tls->next_layer().close(ignored);
  } else {
    transport_.socket->close(ignored);
  }
}

// ---- Keepalive ----

void Connection::arm_keepalive() noexcept {
  if (settings_.keepalive_time.count() == 0 || scheduled() || closed_) return;
  timers_.schedule(*this, std::max(heard_, rpc::Clock::now() - settings_.keepalive_time) + settings_.keepalive_time);
}

void Connection::on_timer() noexcept {
  const auto now = rpc::Clock::now();
  if (pinged_) {
    const auto self = shared_from_this();
    close("it did not answer a PING within " + std::to_string(settings_.keepalive_timeout.count()) + " ms");
    return;
  }
  if (streams_.empty()) return;
  if (heard_ + settings_.keepalive_time > now) {
    timers_.schedule(*this, heard_ + settings_.keepalive_time);
    return;
  }
  pinged_ = true;
  static_cast<void>(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr));
  mark_dirty();
  timers_.schedule(*this, now + settings_.keepalive_timeout);
}

}  // namespace wasm_grpc::client
