#include "http2/connection.h"

#include <algorithm>
#include <array>
#include <asio/post.hpp>
#include <utility>

#include "http2/core.h"
#include "http2/http1_wire.h"
#include "http2/http2_wire.h"

namespace wasm_grpc::http2 {

namespace {

// One connection writes this much before others have their turn.
constexpr std::size_t max_written_turn = 1024 * 1024;

constexpr std::array<std::uint8_t, 8> drain_ping = {'d', 'r', 'a', 'i', 'n', 'i', 'n', 'g'};
constexpr std::array<std::uint8_t, 8> keepalive_ping = {'k', 'e', 'e', 'p', 'a', 'l', 'i', 'v'};

std::shared_ptr<rpc::Client> make_client(const Core& core, std::uint64_t connection, std::string address,
                                         bool is_encrypted) {
  auto client = std::make_shared<rpc::Client>(connection, std::move(address));
  client->is_encrypted = is_encrypted;
  client->forwards_certificates = core.certificate_forwarders.contain_peer(client->peer);
  return client;
}

}  // namespace

void Connection::accept(Core& core, net::Incoming&& incoming, net::SslPointer ssl) {
  ConnectionRef connection(*new Connection(core, std::move(incoming), std::move(ssl)));
  if (!connection->socket_.begin() || !connection->session_.begin()) return;
  connection->place_ = core.open.size();
  core.open.push_back(connection);
  ++core.counters.connections_accepted;
  ++core.counters.connections_open;
  connection->life_.begin(rpc::Clock::now());
  connection->watch_.begin(core);
  if (core.draining) connection->drain();
  connection->schedule();
  connection->socket_.read();
}

Connection::Connection(Core& core, net::Incoming&& incoming, net::SslPointer ssl)
    : core_(core),
      socket_(core.sockets, core.counters, *this, incoming, std::move(ssl)),
      admission_(std::move(incoming.admission)),
      session_(core, *this, *this, make_client(core, rpc::next_connection_number(), incoming.peer, socket_.is_secure()),
               incoming.peer == "unix:" ? Session::Authorities::any : Session::Authorities::of_http,
               std::move(incoming.terms)),
      life_(session_.settings()),
      watch_(*this) {}

// ---- What the socket says ----

void Connection::take_input(std::span<const std::byte> bytes) {
  if (wire_ == nullptr) {
    if (!session_.takes_input()) return;
    const auto before = first_bytes_.before();
    switch (first_bytes_.look(bytes)) {
      case FirstBytes::Tell::nothing_yet:
        return;
      case FirstBytes::Tell::http2:
        wire_ = std::make_unique<Http2Wire>(session_);
        break;
      case FirstBytes::Tell::another:
        wire_ = make_http1();
        break;
    }
    if (!before.empty()) feed(before);
  }
  feed(bytes);
}

void Connection::feed(std::span<const std::byte> bytes) {
  if (!session_.takes_input()) return;
  wire_->feed(bytes);
  if (session_.close_wanted()) close();
}

std::unique_ptr<Wire> Connection::make_http1() {
  const ConnectionOptions& settings = session_.settings();
  session_.keep_windows();
  // HTTP/1.1 has no PING: the system asks whether its client is still there.
  if (settings.keepalive_time.count() > 0) socket_.keep_alive(settings.keepalive_time, settings.keepalive_timeout);
  SessionOwner& owner = *this;
  return std::make_unique<Http1Wire>(session_, owner, socket_.is_secure() ? "https" : "http",
                                     settings.clients.max_header_list_size, settings.protocols.http1);
}

// Once all is said, what still comes is read so that the end does not overtake the answer. A client that does not read
// our answers, and makes us queue more and more of them, is not read from either.
bool Connection::wants_input() const noexcept {
  if (life_.is_lingering()) return true;
  if (socket_.waits() && (session_.is_flooded() || socket_.overfull())) return false;
  return wire_ == nullptr || wire_->wants_input();
}

void Connection::turn_over() {
  life_.heard();
  session_.mark_dirty();
}

void Connection::output_left() {
  session_.mark_dirty();
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
  session_.set_client(make_client(core_, session_.client().connection, address, socket_.is_secure()));
}

// What was agreed on by ALPN holds (RFC 9113, 3.2): a client that chose HTTP/2 is answered in nothing else.
void Connection::tls_open(const net::TlsSession& tls) {
  session_.client().tls_names = tls.peer_names();
  if (tls.protocol() == "h2") {
    wire_ = std::make_unique<Http2Wire>(session_);
  } else if (!tls.protocol().empty()) {
    wire_ = make_http1();
  }
}

// ---- Output ----

void Connection::flush() {
  session_.note_flush();
  // Marked again after the handshake of TLS, and when it is known what is spoken.
  if (!socket_.is_ready() || session_.is_busy() || wire_ == nullptr) return;
  if (life_.is_lingering()) return;  // all was said
  session_.submit();
  if (socket_.waits()) return;

  net::OutputBatch& batch = core_.sockets.batch;
  std::size_t sent = 0;
  Wire::Pulled pulled{.more = true};
  while (pulled.more && !socket_.waits() && !is_closed()) {
    if (sent >= max_written_turn) {
      session_.mark_dirty();
      break;
    }
    batch.clear();
    pulled = wire_->pull(batch);
    sent += batch.size();
    const bool alive = batch.empty() || socket_.write();
    session_.written();  // only now may the streams touch what the batch refers to
    if (!alive) {
      close();
      return;
    }
    // A session that takes no input any more would be gone on with for ever.
    if (pulled.go_on && session_.takes_input()) go_on_later();
  }
  after_flush();
}

void Connection::go_on_later() {
  if (going_on_) return;
  going_on_ = true;
  asio::post(core_.io, [self = ConnectionRef(*this)] {
    self->going_on_ = false;
    if (self->is_closed()) return;
    self->feed({});
    if (self->is_closed()) return;
    self->session_.mark_dirty();
    if (!self->socket_.waits() && self->wants_input()) self->socket_.read();
  });
}

void Connection::has_output() {
  if (!is_closed()) core_.mark_dirty(*this);
}

// ---- The end ----

void Connection::after_flush() {
  if (session_.close_wanted()) {
    close();
    return;
  }
  if (is_closed() || life_.is_lingering() || socket_.waits()) return;
  // When the end is only announced, streams may be on their way even if there is none now.
  const bool announced = life_.state() == ConnectionLife::State::announced;
  if (!wire_->is_over() && (announced || !(life_.said_goodbye() || session_.is_over()))) return;
  linger();
  socket_.read();
}

void Connection::linger() {
  session_.drop_streams();
  if (is_closed()) return;
  life_.linger(rpc::Clock::now());
  schedule();
  socket_.end_output();
}

void Connection::close() {
  if (is_closed()) return;
  if (!session_.may_close()) return;  // it closes when nghttp2 has returned
  const ConnectionRef self(*this);
  life_.close();
  socket_.close();
  admission_.end();
  core_.timers.cancel(*this);
  watch_.end(core_);
  session_.close(core_.closing ? rpc::CallEnd::stopping : rpc::CallEnd::connection);
  core_.connection_closed(place_);
}

void Connection::violated(const Violation& violation) {
  if (is_closed() || life_.is_lingering() || end_noted_) return;
  note_end(violation.reason, violation.text);
  session_.end(violation.error_code);
  life_.ended(rpc::Clock::now());
  schedule();
}

void Connection::end_unread() {
  session_.forgive_unread();
  violated({EndReason::unread_output, NGHTTP2_ENHANCE_YOUR_CALM,
            "more answers than there is room for, and more than others leave unread"});
}

void Connection::note_end(EndReason reason, std::string_view detail) {
  if (end_noted_) return;
  end_noted_ = true;
  session_.ignore_input();
  ++core_.counters.connections_ended[static_cast<std::size_t>(reason)];
  core_.owner.connection_ended(reason, session_.client().peer, detail);
}

// ---- Its life ----

void Connection::live_on() {
  const auto now = rpc::Clock::now();
  while (!is_closed() && !session_.close_wanted()) {
    const bool can_ping = wire_ == nullptr || wire_->can_ping();
    const auto action = life_.look(now, {.has_streams = session_.has_streams(), .can_ping = can_ping});
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
  switch (action) {
    case Action::none:
      break;
    case Action::announce_end:
      session_.announce_end();
      session_.ping(drain_ping);
      break;
    case Action::name_last_stream:
      session_.name_last_stream(NGHTTP2_NO_ERROR, {});
      break;
    case Action::refuse_pings:
      note_end(EndReason::too_many_pings, "more PING frames than the interval between them allows");
      session_.name_last_stream(NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
      break;
    case Action::ping:
      session_.ping(keepalive_ping);
      break;
    case Action::give_up_opening:
      note_end(EndReason::handshake_timeout, "no HTTP/2 SETTINGS in time");
      close();
      break;
    case Action::give_up_silence:
      note_end(EndReason::keepalive_timeout, "no answer to a keepalive PING");
      close();
      break;
    case Action::close:
      close();
      break;
  }
}

void Connection::drain() {
  act(life_.drain(rpc::Clock::now()));
  schedule();
}

void Connection::client_opened() {
  if (life_.state() != ConnectionLife::State::opening) return;
  life_.opened(rpc::Clock::now());
  live_on();
}

void Connection::client_pinged() {
  act(life_.client_pinged(rpc::Clock::now(), session_.answers_sent(), session_.has_streams()));
  schedule();
}

void Connection::ping_answered(std::span<const std::uint8_t> payload) {
  if (!std::ranges::equal(payload, drain_ping)) return;
  act(life_.end_was_read());
  schedule();
}

void Connection::became_idle() { life_.idle(rpc::Clock::now()); }

}  // namespace wasm_grpc::http2
