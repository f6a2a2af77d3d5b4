// A connection whose client speaks HTTP/1.1: between its bytes and its nghttp2 session is a bridge.
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
  const Settings& settings = core_.settings;
  bridge_ = std::make_unique<http1::Bridge>(socket_.is_secure() ? "https" : "http", settings.max_header_list_size);
  // HTTP/1.1 has no PING: the system asks whether its client is still there.
  if (settings.keepalive_time.count() > 0) socket_.keep_alive(settings.keepalive_time, settings.keepalive_timeout);
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
    if (!is_closed()) feed_session(bytes);
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
  while (socket_.is_open() && !life_.is_lingering() && !end_noted_) {
    const auto frames = bridge_->next_frames();
    if (frames.empty()) break;
    feed_session(frames);
  }
  if (is_closed()) return;
  if (bridge_->is_over() && !bridge_->complaint().empty()) note_end(EndReason::malformed_http1, bridge_->complaint());
  mark_dirty();
}

// After a flush: handlers are not started in it.
void Connection::pump_bridge_later() {
  if (pumping_) return;
  pumping_ = true;
  asio::post(core_.io, [self = ConnectionRef(*this)] {
    self->pumping_ = false;
    if (self->is_closed()) return;
    self->pump_bridge();
    if (!self->is_closed() && !self->socket_.waits() && self->wants_input()) self->socket_.read();
  });
}

// Makes HTTP/1.1 of the frames in the batch.
void Connection::translate_batch() {
  net::OutputBatch& batch = core_.sockets.batch;
  const bool wanted_input = bridge_->wants_input();
  for (const asio::const_buffer& frames : batch.buffers()) {
    bridge_->take_frames(std::span(static_cast<const std::byte*>(frames.data()), frames.size()));
  }
  batch.clear();
  if (bridge_->has_frames() || (!wanted_input && bridge_->wants_input())) pump_bridge_later();
  batch.copy(bridge_->output());
  bridge_->output().clear();
  bridge_->shrink_when_idle();
}

}  // namespace wasm_grpc::http2
