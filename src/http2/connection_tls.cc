// A connection's TLS: between its socket and its nghttp2 session.
#include "http2/connection.h"
#include "http2/core.h"

namespace wasm_grpc::http2 {

void Connection::decrypt(std::span<const std::byte> bytes) {
  if (state_ == State::lingering) return;
  std::vector<std::byte>& plain = core_.plaintext;
  if (plain.empty()) plain.resize(plaintext_size);
  std::vector<std::byte>& answer = core_.tls_answer;
  answer.clear();
  const bool opening = tls_->state() == net::TlsSession::State::handshaking;
  tls_->receive(bytes);
  // Handlers are started in here, so who the client is must be known by the first byte.
  bool known = !opening;
  while (state_ != State::closed && state_ != State::lingering) {
    const std::size_t size = tls_->read(plain, answer);
    if (!known && tls_->state() == net::TlsSession::State::open) {
      client_->tls_peer = tls_->peer_identity();
      agree(tls_->protocol());
      known = true;
    }
    if (size == 0) break;
    feed(std::span(plain).first(size));
  }
  if (state_ == State::closed || state_ == State::lingering) return;
  if (!answer.empty() && !write_raw(answer)) {
    close();
    return;
  }
  if (tls_->state() == net::TlsSession::State::failed) {
    note_end(EndReason::tls_failure, opening ? "the TLS handshake failed" : "a TLS record is broken");
    linger();  // the client is to read the alert
  } else if (tls_->ended()) {
    close();
  }
}

bool Connection::write_encrypted() {
  std::vector<std::byte>& encrypted = core_.ciphertext;
  encrypted.clear();
  return tls_->write(core_.batch.buffers(), encrypted) && write_raw(encrypted);
}

void Connection::end_tls() {
  std::vector<std::byte>& goodbye = core_.ciphertext;
  goodbye.clear();
  tls_->end(goodbye);
  if (!goodbye.empty()) (void)write_raw(goodbye);
}

}  // namespace wasm_grpc::http2
