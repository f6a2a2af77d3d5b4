// A connection whose client speaks HTTP/1.1: between its bytes and its nghttp2 session is a bridge.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/post.hpp>
#include <string_view>

#include "http2/connection.h"
#include "http2/core.h"

namespace wasm_grpc::http2 {

namespace {
constexpr std::string_view preface(NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN);
}

// By ALPN, before the first byte (RFC 9113, 3.2): a client that chose HTTP/2 is answered in nothing else.
void Connection::agree(std::string_view protocol) {
  if (protocol == "h2") {
    speaks_http2_ = true;
  } else if (!protocol.empty()) {
    speak_http1();
  }
}

void Connection::speak_http1() {
  bridge_ = std::make_unique<http1::Bridge>(tls_ != nullptr ? "https" : "http", core_.settings.max_header_list_size);
  keep_alive_by_tcp();
}

// HTTP/1.1 has no PING: the system asks whether its client is still there. A unix socket ends with its client.
void Connection::keep_alive_by_tcp() noexcept {
  const Settings& settings = core_.settings;
  if (settings.keepalive_time.count() == 0) return;
  constexpr int probes = 3;
  const auto seconds = [](std::chrono::milliseconds time, int parts) {
    constexpr std::int64_t most = 32767;  // what Linux takes
    return static_cast<int>(std::clamp<std::int64_t>((time.count() / parts + 999) / 1000, 1, most));
  };
  const auto set = [&](int level, int option, int value) {
    return setsockopt(socket_.native_handle(), level, option, &value, sizeof(value)) == 0;
  };
  static_cast<void>(set(SOL_SOCKET, SO_KEEPALIVE, 1) &&
                    set(IPPROTO_TCP, TCP_KEEPIDLE, seconds(settings.keepalive_time, 1)) &&
                    set(IPPROTO_TCP, TCP_KEEPINTVL, seconds(settings.keepalive_timeout, probes)) &&
                    set(IPPROTO_TCP, TCP_KEEPCNT, probes));
}

// The preface of HTTP/2 was made to be no request of HTTP/1.1 (RFC 9113, 3.4): the first bytes tell.
void Connection::identify(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view before = preface.substr(0, preface_seen_);
  const std::string_view expected = preface.substr(preface_seen_);
  const std::size_t common = std::min(text.size(), expected.size());
  if (text.substr(0, common) == expected.substr(0, common)) {
    preface_seen_ += common;
    if (preface_seen_ < preface.size()) return;
    speaks_http2_ = true;
    if (!before.empty()) feed_session(std::as_bytes(std::span(before)));
    if (state_ != State::closed) feed_session(bytes);
    return;
  }
  speak_http1();
  if (!before.empty()) bridge_->take(std::as_bytes(std::span(before)));
  feed_bridge(bytes);
}

void Connection::feed_bridge(std::span<const std::byte> bytes) {
  bridge_->take(bytes);
  pump_bridge();
}

// Gives the session what the bridge has for it.
void Connection::pump_bridge() {
  while (state_ != State::closed && state_ != State::lingering && !end_noted_) {
    const auto frames = bridge_->next_frames();
    if (frames.empty()) break;
    feed_session(frames);
  }
  if (state_ == State::closed) return;
  if (bridge_->is_over() && !bridge_->complaint().empty()) note_end(EndReason::malformed_http1, bridge_->complaint());
  mark_dirty();
}

// After a flush: handlers are not started in it.
void Connection::pump_bridge_later() {
  if (pumping_) return;
  pumping_ = true;
  asio::post(core_.io, [self = ConnectionRef(*this)] {
    self->pumping_ = false;
    if (self->state_ == State::closed) return;
    self->pump_bridge();
    if (self->state_ != State::closed && !self->writing_ && self->wants_input()) self->read();
  });
}

// Makes HTTP/1.1 of the frames in the batch. False when there is nothing to write.
bool Connection::translate_batch() {
  for (const asio::const_buffer& frames : core_.batch.buffers()) {
    bridge_->take_frames(std::span(static_cast<const std::byte*>(frames.data()), frames.size()));
  }
  core_.batch.clear();
  if (bridge_->has_frames() || (!reading_ && bridge_->wants_input())) pump_bridge_later();
  core_.batch.copy(bridge_->output());
  bridge_->output().clear();
  bridge_->shrink_when_idle();
  return !core_.batch.empty();
}

}  // namespace wasm_grpc::http2
