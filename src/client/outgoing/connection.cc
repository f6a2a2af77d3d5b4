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

nghttp2_nv pair(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

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
  while (!dirty_.empty()) {
    for (const auto& connection : std::exchange(dirty_, {})) {
      connection->dirty_ = false;
      connection->flush();
    }
  }
}

// ---- nghttp2 ----

struct Connection::Callbacks {
  static Connection& self(void* user) { return *static_cast<Connection*>(user); }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    NetworkCall* const call = self(user).call_of(frame->hd.stream_id);
    if (call == nullptr || call->take_field(text_of(name, name_size), text_of(value, value_size))) return 0;
    call->end({rpc::StatusCode::resource_exhausted, "the server's header fields and trailers have more than " +
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
    if (NetworkCall* const call = self(user).call_of(stream)) {
      call->take_data({reinterpret_cast<const std::byte*>(bytes), size});
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
    NetworkCall* const call = self(user).call_of(stream);
    if (call == nullptr) return NGHTTP2_ERR_DEFERRED;
    return call->give(buffer, length, flags);
  }
};

Connection::Connection(Transport transport, ConnectionSettings settings, rpc::TimerQueue& timers, OutputQueue& output,
                       ConnectionOwner& owner)
    : transport_(std::move(transport)),
      settings_(std::move(settings)),
      timers_(timers),
      output_(output),
      owner_(owner) {
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
    nghttp2_option_set_peer_max_concurrent_streams(option, 100);
    static_cast<void>(nghttp2_session_client_new2(&session_, callbacks, this, option));
    nghttp2_option_del(option);
  }
  nghttp2_session_callbacks_del(callbacks);
}

NetworkCall* Connection::call_of(std::int32_t stream) const noexcept {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second;
}

void Connection::on_frame(const nghttp2_frame& frame) noexcept {
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    begin_draining("the server takes no more calls on it (GOAWAY)");
    return;
  }
  if (frame.hd.type == NGHTTP2_SETTINGS) greeted_ = true;
  if (frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) pinged_ = false;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  NetworkCall* const call = call_of(frame.hd.stream_id);
  if (call == nullptr) return;
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.hd.type == NGHTTP2_HEADERS) call->fields_end(ends);
  if (ends) answered(frame.hd.stream_id);
}

void Connection::answered(std::int32_t stream) noexcept {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  NetworkCall& call = *found->second;
  streams_.erase(found);
  call.stream_closed(NGHTTP2_NO_ERROR);
  if (nghttp2_session_get_stream_local_close(session_, stream) == 0) {
    static_cast<void>(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR));
  }
}

void Connection::on_stream_close(std::int32_t stream, std::uint32_t error) noexcept {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  NetworkCall& call = *found->second;
  streams_.erase(found);
  if (error == NGHTTP2_REFUSED_STREAM && call.begin_again()) {
    owner_.call_returned(call);
  } else {
    call.stream_closed(error);
  }
}

// ---- Calls ----

bool Connection::add(NetworkCall& call) {
  const Fields own = call.request_fields();
  std::vector<nghttp2_nv> fields = {pair(":method", "POST"), pair(":scheme", settings_.scheme),
                                    pair(":path", call.path()), pair(":authority", settings_.authority)};
  fields.reserve(fields.size() + own.size());
  for (const auto& [name, value] : own) fields.push_back(pair(name, value));
  nghttp2_data_provider source{};
  source.read_callback = Callbacks::give;
  const std::int32_t stream = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &source, nullptr);
  if (stream < 0) {
    begin_draining("it has no more numbers for streams");
    return false;
  }
  streams_.emplace(stream, &call);
  call.begin_stream(*this, stream);
  mark_dirty();
  arm_keepalive();
  return true;
}

void Connection::output_ready(NetworkCall& call) noexcept {
  if (!call.resumes()) return;
  static_cast<void>(nghttp2_session_resume_data(session_, call.stream_id()));
  mark_dirty();
}

void Connection::input_consumed(NetworkCall& call, std::size_t bytes) noexcept {
  static_cast<void>(nghttp2_session_consume_stream(session_, call.stream_id(), bytes));
  mark_dirty();
}

void Connection::reset(NetworkCall& call) noexcept {
  streams_.erase(call.stream_id());
  static_cast<void>(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.stream_id(), NGHTTP2_CANCEL));
  mark_dirty();
}

// ---- Its life ----

void Connection::start() {
  if (session_ == nullptr) return close("there is no memory for it");
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
  writing_ = true;
  const auto handler = [self = shared_from_this()](const asio::error_code& error, std::size_t) {
    self->writing_ = false;
    if (self->closed_) return;
    if (error) return self->close(error.message());
    self->mark_dirty();
  };
  if (transport_.tls != nullptr) {
    asio::async_write(*transport_.tls, asio::buffer(out_), handler);
  } else {
    asio::async_write(*transport_.socket, asio::buffer(out_), handler);
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
  for (const auto& [stream, call] : std::exchange(streams_, {})) {
    call->stream_lost({rpc::StatusCode::unavailable, "the connection was lost: " + why});
  }
  owner_.connection_closed(*this, why);
}

void Connection::abandon() noexcept {
  if (std::exchange(closed_, true)) return;
  draining_ = true;
  if (scheduled()) timers_.cancel(*this);
  close_socket();
  for (const auto& [stream, call] : std::exchange(streams_, {})) {
    call->stream_lost({rpc::StatusCode::unavailable, "the server stops"});
  }
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
