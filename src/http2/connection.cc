#include "http2/connection.h"

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <utility>

#include "http2/core.h"
#include "http2/stream.h"

namespace wasm_grpc::http2 {

namespace {

// One connection reads and writes this much before others have their turn.
constexpr std::size_t max_turn = 256 * 1024;
constexpr std::size_t max_written_turn = 1024 * 1024;
constexpr std::size_t kept_backlog = 64 * 1024;
constexpr std::size_t max_backlog = 1024 * 1024;  // more than a batch: only what TLS itself answers adds to it

}  // namespace

void Connection::accept(Core& core, net::Incoming&& incoming, net::SslPointer ssl) {
  ConnectionRef connection(*new Connection(core, std::move(incoming), std::move(ssl)));
  if (!connection->begin()) return;
  connection->place_ = core.open.size();
  core.open.push_back(connection);
  ++core.counters.connections_accepted;
  ++core.counters.connections_open;
  if (const auto limit = core.settings.handshake_timeout; limit.count() > 0) {
    core.timers.schedule(*connection, rpc::later(rpc::Clock::now(), limit));
  }
  connection->watch_.begin(core);
  if (core.draining) connection->drain();
  connection->read();
}

Connection::Connection(Core& core, net::Incoming&& incoming, net::SslPointer ssl)
    : core_(core),
      socket_(std::move(incoming.socket)),
      admission_(std::move(incoming.admission)),
      tls_(ssl ? std::make_unique<net::TlsSession>(std::move(ssl)) : nullptr),
      client_(std::make_shared<rpc::Client>(rpc::next_connection_number(), std::move(incoming.peer))),
      proxy_header_(incoming.behind_proxy ? std::make_unique<net::ProxyHeader>() : nullptr),
      guard_(core.settings),
      forced_resets_(core.settings.reset_burst, core.settings.resets_per_second),
      watch_(*this) {}

Connection::~Connection() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

bool Connection::begin() {
  asio::error_code error;
  socket_.non_blocking(true, error);
  if (error) return false;
  socket_.set_option(asio::ip::tcp::no_delay(true), error);  // we batch by ourselves; fails on a unix socket
  if (nghttp2_session_server_new2(&session_, core_.callbacks.get(), this, core_.options.get()) != 0) return false;

  const Settings& settings = core_.settings;
  const std::array<nghttp2_settings_entry, 4> entries = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.max_header_list_size},
      // gRPC has no use for stream priorities, and nghttp2 schedules faster without them (RFC 9218, 2.1).
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  return nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size()) == 0 &&
         nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                               static_cast<std::int32_t>(settings.connection_window)) == 0;
}

// ---- Reading ----

void Connection::read() {
  if (reading_ || state_ == State::closed) return;
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(input_),
      [self = ConnectionRef(*this)](const asio::error_code& error, std::size_t size) { self->on_read(error, size); });
}

void Connection::on_read(const asio::error_code& error, std::size_t size) {
  reading_ = false;
  if (state_ == State::closed) return;
  if (error) {
    close();
    return;
  }
  ++core_.counters.reads;
  heard_ = true;
  take(std::span(input_).first(size));
  // A full buffer means that there is more: take it in larger pieces, as far as fairness allows.
  std::size_t taken = size;
  bool full = size == input_.size();
  while (full && state_ != State::closed && !flooded() && wants_input() && taken < max_turn) {
    asio::error_code failure;
    const std::size_t more = socket_.read_some(asio::buffer(core_.read_buffer), failure);
    if (failure == asio::error::would_block || failure == asio::error::try_again) break;
    if (failure) {
      close();
      return;
    }
    ++core_.counters.reads;
    take(std::span(core_.read_buffer).first(more));
    taken += more;
    full = more == core_.read_buffer.size();
  }
  if (state_ == State::closed) return;
  mark_dirty();
  if (!flooded() && wants_input()) read();  // otherwise on_writable() or pump_bridge() goes on
}

// A client that does not read our answers, and makes us queue more and more of them.
bool Connection::flooded() const {
  return writing_ &&
         (nghttp2_session_get_outbound_queue_size(session_) > 4 * core_.settings.max_concurrent_streams + 1000 ||
          backlog_.size() > max_backlog);
}

void Connection::take(std::span<const std::byte> bytes) {
  core_.counters.bytes_read += bytes.size();
  if (proxy_header_ != nullptr) {
    bytes = take_proxy_header(bytes);
    if (bytes.empty()) return;
  }
  if (tls_ == nullptr) {
    feed(bytes);
  } else {
    decrypt(bytes);
  }
}

std::span<const std::byte> Connection::take_proxy_header(std::span<const std::byte> bytes) {
  const std::size_t taken = proxy_header_->take(bytes);
  switch (proxy_header_->state()) {
    case net::ProxyHeader::State::incomplete:
      return {};
    case net::ProxyHeader::State::malformed:
      note_end(EndReason::bad_proxy_header, proxy_header_->complaint());
      close();
      return {};
    case net::ProxyHeader::State::complete:
      break;
  }
  if (const std::string& address = proxy_header_->client(); !address.empty()) {
    client_ = std::make_shared<rpc::Client>(client_->connection, address);  // no call has it yet
  }
  proxy_header_.reset();
  return bytes.subspan(taken);
}

void Connection::feed(std::span<const std::byte> bytes) {
  if (state_ == State::lingering || end_noted_) return;
  if (speaks_http2_) {
    feed_session(bytes);
  } else if (bridge_ != nullptr) {
    feed_bridge(bytes);
  } else {
    identify(bytes);
  }
}

void Connection::feed_session(std::span<const std::byte> bytes) {
  const std::size_t good = guard_.inspect(bytes);
  in_session_ = true;
  const ssize_t result = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), good);
  in_session_ = false;
  if (close_wanted_) {
    close();
  } else if (result < 0) {
    const int error = static_cast<int>(result);
    note_end(error == NGHTTP2_ERR_FLOODED ? EndReason::control_flood : EndReason::protocol_error,
             nghttp2_strerror(error));
    close();
  } else if (guard_.violation()) {
    end_for(*guard_.violation());
  }
}

// ---- Writing ----

void Connection::mark_dirty() {
  if (dirty_ || state_ == State::closed) return;
  dirty_ = true;
  core_.mark_dirty(*this);
}

void Connection::mark_dirty(Stream& stream) {
  if (stream.dirty_) return;
  stream.dirty_ = true;
  stream.retain();
  dirty_streams_.push_back(&stream);
  mark_dirty();
}

void Connection::written(Stream& stream) {
  if (stream.written_) return;
  stream.written_ = true;
  stream.retain();
  written_streams_.push_back(&stream);
}

void Connection::flush() {
  dirty_ = false;
  if (state_ == State::closed || in_session_) return;
  if (tls_ != nullptr && tls_->state() != net::TlsSession::State::open) return;  // marked again after the handshake
  if (!speaks_http2_ && bridge_ == nullptr) return;                              // not known yet
  // By index: what is said to a listener here may mark further streams.
  for (std::size_t i = 0; i < dirty_streams_.size(); ++i) {
    Stream* stream = dirty_streams_[i];
    stream->dirty_ = false;
    stream->submit();
    stream->release();
  }
  dirty_streams_.clear();
  if (writing_) return;

  std::size_t sent = 0;
  bool more = true;
  while (more && !writing_ && state_ != State::closed) {
    if (sent >= max_written_turn) {
      mark_dirty();
      break;
    }
    core_.batch.clear();
    more = fill_batch();
    sent += core_.batch.size();
    const bool nothing = core_.batch.empty() && (bridge_ == nullptr || bridge_->output().empty());
    const bool alive = nothing || write_batch();
    // Only now may the streams touch what the batch refers to. One by one: what is told of it may close the connection.
    while (!written_streams_.empty()) {
      Stream* stream = written_streams_.back();
      written_streams_.pop_back();
      stream->written_ = false;
      stream->output_written();
      stream->release();
    }
    if (!alive) {
      close();
      return;
    }
  }
  after_flush();
}

// Takes frames from nghttp2 until the batch is full. False when there are no more.
bool Connection::fill_batch() {
  in_session_ = true;
  bool more = true;
  while (!core_.batch.full()) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) {
      close_wanted_ = close_wanted_ || size < 0;
      // Nothing is left, or send_large_data() has filled the batch.
      more = core_.batch.full();
      break;
    }
    core_.batch.copy(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
  }
  in_session_ = false;
  return more;
}

int Connection::send_large_data(Stream& stream, const std::uint8_t* frame_head, std::size_t length) {
  constexpr std::size_t frame_head_size = 9;
  core_.batch.copy(std::as_bytes(std::span(frame_head, frame_head_size)));
  core_.batch.refer(stream.take_output(length));
  written(stream);
  // Give fill_batch() the chance to stop here.
  return core_.batch.full() ? NGHTTP2_ERR_PAUSE : 0;
}

// Writes the batch; the connection keeps what the socket does not take. False when the socket is broken.
bool Connection::write_batch() {
  if (bridge_ != nullptr && !translate_batch()) return true;
  if (tls_ != nullptr) return write_encrypted();
  asio::error_code error;
  const std::size_t size = socket_.write_some(core_.batch.buffers(), error);
  if (error && error != asio::error::would_block && error != asio::error::try_again) return false;
  ++core_.counters.writes;
  core_.counters.bytes_written += size;
  if (size < core_.batch.size()) {
    core_.batch.save_rest(size, backlog_);
    wait_until_writable();
  }
  return true;
}

// The same for bytes that are not in the batch, after those that wait.
bool Connection::write_raw(std::span<const std::byte> bytes) {
  std::size_t size = 0;
  if (!writing_) {
    asio::error_code error;
    size = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) return false;
    ++core_.counters.writes;
    core_.counters.bytes_written += size;
  }
  if (size < bytes.size()) {
    backlog_.insert(backlog_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end());
    if (!writing_) wait_until_writable();
  }
  return true;
}

void Connection::wait_until_writable() {
  writing_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [self = ConnectionRef(*this)](const asio::error_code& error) {
    if (self->state_ == State::closed) return;
    if (error) {
      self->close();
    } else {
      self->on_writable();
    }
  });
}

void Connection::on_writable() {
  asio::error_code error;
  const auto rest = std::span(backlog_).subspan(backlog_sent_);
  const std::size_t size = socket_.write_some(asio::buffer(rest.data(), rest.size()), error);
  if (error && error != asio::error::would_block && error != asio::error::try_again) {
    close();
    return;
  }
  ++core_.counters.writes;
  core_.counters.bytes_written += size;
  backlog_sent_ += size;
  ++output_moved_;
  if (backlog_sent_ < backlog_.size()) {
    wait_until_writable();
    return;
  }
  backlog_.clear();
  backlog_sent_ = 0;
  if (backlog_.capacity() > kept_backlog) std::vector<std::byte>().swap(backlog_);
  writing_ = false;
  mark_dirty();
  if (wants_input()) read();
}

// ---- The end ----

void Connection::after_flush() {
  if (close_wanted_) {
    close();
    return;
  }
  if (bridge_ != nullptr && bridge_->is_over() && !writing_ && state_ != State::closed && state_ != State::lingering) {
    linger();
    read();  // what the client still sends, so that the end does not overtake the answer
    return;
  }
  // When the end is only announced, streams may be on their way even if there is none now.
  if (state_ == State::closed || state_ == State::lingering || state_ == State::announced || writing_) return;
  if (said_goodbye_ || (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0))
    linger();
}

void Connection::close() {
  if (state_ == State::closed) return;
  if (in_session_) {
    close_wanted_ = true;
    return;
  }
  const ConnectionRef self(*this);
  state_ = State::closed;
  asio::error_code error;
  socket_.close(error);
  admission_.end();
  core_.timers.cancel(*this);
  core_.timers.cancel(life_);
  watch_.end(core_);
  for (Stream* stream : std::exchange(large_waiting_, {})) {
    stream->waits_for_grant_ = false;
    stream->release();
  }
  while (streams_ != nullptr) {
    Stream& stream = *streams_;
    forget_open(stream);
    stream.closed(core_.closing ? rpc::CallEnd::stopping : rpc::CallEnd::connection);
  }
  for (Stream* stream : std::exchange(dirty_streams_, {})) {
    stream->dirty_ = false;
    stream->release();
  }
  for (Stream* stream : std::exchange(written_streams_, {})) {
    stream->written_ = false;
    stream->release();
  }
  nghttp2_session_del(std::exchange(session_, nullptr));
  std::vector<std::byte>().swap(backlog_);
  core_.connection_closed(place_);
}

}  // namespace wasm_grpc::http2
