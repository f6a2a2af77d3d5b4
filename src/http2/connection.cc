#include "http2/connection.h"

#include <cstring>
#include <utility>

#include "http2/core.h"
#include "http2/stream.h"

namespace wasm_grpc::http2 {

namespace {

// One connection writes this much before others have their turn.
constexpr std::size_t max_written_turn = 1024 * 1024;

constexpr std::uint8_t drain_ping[8] = {'d', 'r', 'a', 'i', 'n', 'i', 'n', 'g'};
constexpr std::uint8_t keepalive_ping[8] = {'k', 'e', 'e', 'p', 'a', 'l', 'i', 'v'};
constexpr std::string_view ping_complaint = "too_many_pings";

}  // namespace

void Connection::accept(Core& core, net::Incoming&& incoming, net::SslPointer ssl) {
  ConnectionRef connection(*new Connection(core, std::move(incoming), std::move(ssl)));
  if (!connection->begin()) return;
  connection->place_ = core.open.size();
  core.open.push_back(connection);
  ++core.counters.connections_accepted;
  ++core.counters.connections_open;
  connection->life_.begin(rpc::Clock::now());
  connection->watch_.begin(core);
  if (core.draining) static_cast<void>(connection->life_.drain(rpc::Clock::now()));
  connection->schedule();
  connection->socket_.read();
}

Connection::Connection(Core& core, net::Incoming&& incoming, net::SslPointer ssl)
    : core_(core),
      socket_(core.sockets, core.counters, *this, incoming, std::move(ssl)),
      admission_(std::move(incoming.admission)),
      client_(std::make_shared<rpc::Client>(rpc::next_connection_number(), std::move(incoming.peer))),
      life_(core.settings),
      guard_(core.settings),
      forced_resets_(core.settings.reset_burst, core.settings.resets_per_second),
      watch_(*this) {}

Connection::~Connection() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

bool Connection::begin() {
  if (!socket_.begin()) return false;
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

// ---- What the socket says ----

void Connection::take_input(std::span<const std::byte> bytes) {
  if (end_noted_) return;
  if (speaks_http2_) {
    feed_session(bytes);
  } else if (bridge_ != nullptr) {
    feed_bridge(bytes);
  } else {
    identify(bytes);
  }
}

// Once all is said, what still comes is read so that the end does not overtake the answer.
bool Connection::wants_input() const noexcept {
  return life_.is_lingering() || (!flooded() && (bridge_ == nullptr || bridge_->wants_input()));
}

// A client that does not read our answers, and makes us queue more and more of them.
bool Connection::flooded() const noexcept {
  return socket_.waits() &&
         (nghttp2_session_get_outbound_queue_size(session_) > 4 * core_.settings.max_concurrent_streams + 1000 ||
          socket_.overfull());
}

void Connection::turn_over() {
  life_.heard();
  mark_dirty();
}

void Connection::output_left() {
  mark_dirty();
  if (wants_input()) socket_.read();
}

void Connection::failed(Failure failure, std::string_view detail) {
  switch (failure) {
    case Failure::gone:
      break;
    case Failure::proxy_header:
      note_end(EndReason::bad_proxy_header, detail);
      break;
    case Failure::tls:
      note_end(EndReason::tls_failure, detail);
      linger();  // the client is to read the alert
      return;
  }
  close();
}

void Connection::client_named(const std::string& address) {
  client_ = std::make_shared<rpc::Client>(client_->connection, address);  // no call has it yet
}

void Connection::tls_open(const net::TlsSession& session) {
  client_->tls_peer = session.peer_identity();
  agree(session.protocol());
}

// ---- Input of the session ----

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
  if (dirty_ || is_closed()) return;
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
  if (in_session_ || !socket_.is_ready()) return;    // marked again after the handshake of TLS
  if (!speaks_http2_ && bridge_ == nullptr) return;  // not known yet
  // By index: what is said to a listener here may mark further streams.
  for (std::size_t i = 0; i < dirty_streams_.size(); ++i) {
    Stream* stream = dirty_streams_[i];
    stream->dirty_ = false;
    stream->submit();
    stream->release();
  }
  dirty_streams_.clear();
  if (socket_.waits()) return;

  std::size_t sent = 0;
  bool more = true;
  while (more && !socket_.waits() && socket_.is_open()) {
    if (sent >= max_written_turn) {
      mark_dirty();
      break;
    }
    core_.sockets.batch.clear();
    more = fill_batch();
    if (bridge_ != nullptr) translate_batch();
    sent += core_.sockets.batch.size();
    const bool alive = core_.sockets.batch.empty() || socket_.write();
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
  while (!core_.sockets.batch.full()) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) {
      close_wanted_ = close_wanted_ || size < 0;
      // Nothing is left, or send_large_data() has filled the batch.
      more = core_.sockets.batch.full();
      break;
    }
    core_.sockets.batch.copy(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
  }
  in_session_ = false;
  return more;
}

int Connection::send_large_data(Stream& stream, const std::uint8_t* frame_head, std::size_t length) {
  constexpr std::size_t frame_head_size = 9;
  core_.sockets.batch.copy(std::as_bytes(std::span(frame_head, frame_head_size)));
  core_.sockets.batch.refer(stream.take_output(length));
  written(stream);
  // Give fill_batch() the chance to stop here.
  return core_.sockets.batch.full() ? NGHTTP2_ERR_PAUSE : 0;
}

// ---- The end ----

void Connection::after_flush() {
  if (close_wanted_) {
    close();
    return;
  }
  if (is_closed() || life_.is_lingering() || socket_.waits()) return;
  if (bridge_ != nullptr && bridge_->is_over()) {
    linger();
    socket_.read();
    return;
  }
  // When the end is only announced, streams may be on their way even if there is none now.
  if (life_.state() == ConnectionLife::State::announced) return;
  if (life_.said_goodbye() || (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0)) {
    linger();
  }
}

void Connection::linger() {
  while (streams_ != nullptr) {
    Stream& stream = *streams_;
    nghttp2_session_set_stream_user_data(session_, stream.id(), nullptr);
    forget_open(stream);
    stream.closed(rpc::CallEnd::connection);
  }
  if (is_closed()) return;
  life_.linger(rpc::Clock::now());
  schedule();
  socket_.end_output();
}

void Connection::close() {
  if (is_closed()) return;
  if (in_session_) {
    close_wanted_ = true;
    return;
  }
  const ConnectionRef self(*this);
  life_.close();
  socket_.close();
  admission_.end();
  core_.timers.cancel(*this);
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
  core_.connection_closed(place_);
}

// ---- Its life ----

void Connection::live_on() {
  const auto now = rpc::Clock::now();
  while (!is_closed() && !close_wanted_) {
    const auto action = life_.look(now, {.has_streams = streams_ != nullptr, .can_ping = bridge_ == nullptr});
    if (action == ConnectionLife::Action::none) break;
    act(action);
  }
  schedule();
}

void Connection::schedule() {
  if (is_closed()) return;
  if (life_.next() == ConnectionLife::Time::max()) {
    core_.timers.cancel(*this);
  } else {
    core_.timers.schedule(*this, life_.next());
  }
}

void Connection::act(ConnectionLife::Action action) {
  using Action = ConnectionLife::Action;
  const auto goaway = [this](std::uint32_t error, std::string_view text) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), error,
                          reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  switch (action) {
    case Action::none:
      return;
    case Action::announce_end:
      nghttp2_submit_shutdown_notice(session_);
      nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, drain_ping);
      break;
    case Action::name_last_stream:
      goaway(NGHTTP2_NO_ERROR, {});
      break;
    case Action::refuse_pings:
      note_end(EndReason::too_many_pings, "more PING frames than the interval between them allows");
      goaway(NGHTTP2_ENHANCE_YOUR_CALM, ping_complaint);
      break;
    case Action::ping:
      nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, keepalive_ping);
      break;
    case Action::give_up_opening:
      note_end(EndReason::handshake_timeout, "no HTTP/2 SETTINGS in time");
      close();
      return;
    case Action::give_up_silence:
      note_end(EndReason::keepalive_timeout, "no answer to a keepalive PING");
      close();
      return;
    case Action::close:
      close();
      return;
  }
  mark_dirty();
}

void Connection::drain() {
  act(life_.drain(rpc::Clock::now()));
  schedule();
}

void Connection::client_settings_received() {
  if (life_.state() != ConnectionLife::State::opening) return;
  life_.opened(rpc::Clock::now());
  live_on();
}

void Connection::ping_acknowledged(const std::uint8_t* payload) {
  if (std::memcmp(payload, drain_ping, sizeof(drain_ping)) != 0) return;
  act(life_.end_was_read());
  schedule();
}

void Connection::client_pinged() {
  act(life_.client_pinged(rpc::Clock::now(), answers_sent_, streams_ != nullptr));
  schedule();
}

}  // namespace wasm_grpc::http2
