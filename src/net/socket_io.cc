#include "net/socket_io.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <utility>

namespace wasm_grpc::net {

namespace {

constexpr std::size_t read_buffer_size = 128 * 1024;
constexpr std::size_t plaintext_size = 16 * 1024;  // one TLS record
// One connection reads this much before others have their turn.
constexpr std::size_t max_turn = 256 * 1024;
constexpr std::size_t kept_backlog = 64 * 1024;
constexpr std::size_t max_backlog = 1024 * 1024;  // more than a batch: only what TLS itself answers adds to it

bool would_block(const asio::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

SocketScratch::SocketScratch() : read_buffer(read_buffer_size) {}

SocketIo::SocketIo(SocketScratch& scratch, Traffic& traffic, SocketOwner& owner, Incoming& incoming, SslPointer ssl)
    : scratch_(scratch),
      traffic_(traffic),
      owner_(owner),
      socket_(std::move(incoming.socket)),
      tls_(ssl ? std::make_unique<TlsSession>(std::move(ssl)) : nullptr),
      proxy_header_(incoming.behind_proxy ? std::make_unique<ProxyHeader>() : nullptr) {}

bool SocketIo::begin() {
  asio::error_code error;
  socket_.non_blocking(true, error);
  if (error) return false;
  socket_.set_option(asio::ip::tcp::no_delay(true), error);  // we batch by ourselves; fails on a unix socket
  return true;
}

// ---- Input ----

void SocketIo::read() {
  if (reading_ || !open_) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(input_), [this, held = Ref(owner_)](const asio::error_code& error,
                                                                           std::size_t size) { on_read(error, size); });
}

void SocketIo::on_read(const asio::error_code& error, std::size_t size) {
  reading_ = false;
  if (!open_) return;
  if (error) {
    owner_.failed(SocketOwner::Failure::gone, {});
    return;
  }
  ++traffic_.reads;
  take(std::span(input_).first(size));
  // A full buffer means that there is more: take it in larger pieces, as far as fairness allows.
  std::size_t taken = size;
  bool full = size == input_.size();
  while (full && open_ && taken < max_turn && owner_.wants_input()) {
    asio::error_code failure;
    const std::size_t more = socket_.read_some(asio::buffer(scratch_.read_buffer), failure);
    if (would_block(failure)) break;
    if (failure) {
      owner_.failed(SocketOwner::Failure::gone, {});
      return;
    }
    ++traffic_.reads;
    take(std::span(scratch_.read_buffer).first(more));
    taken += more;
    full = more == scratch_.read_buffer.size();
  }
  if (!open_) return;
  owner_.turn_over();
  if (owner_.wants_input()) read();
}

void SocketIo::take(std::span<const std::byte> bytes) {
  traffic_.bytes_read += bytes.size();
  if (proxy_header_ != nullptr) {
    bytes = take_proxy_header(bytes);
    if (bytes.empty()) return;
  }
  if (ended_) return;
  if (tls_ == nullptr) {
    owner_.take_input(bytes);
  } else {
    decrypt(bytes);
  }
}

std::span<const std::byte> SocketIo::take_proxy_header(std::span<const std::byte> bytes) {
  const std::size_t taken = proxy_header_->take(bytes);
  switch (proxy_header_->state()) {
    case ProxyHeader::State::incomplete:
      return {};
    case ProxyHeader::State::malformed:
      owner_.failed(SocketOwner::Failure::proxy_header, proxy_header_->complaint());
      return {};
    case ProxyHeader::State::complete:
      break;
  }
  if (const std::string& address = proxy_header_->client(); !address.empty()) owner_.client_named(address);
  proxy_header_.reset();
  return bytes.subspan(taken);
}

void SocketIo::decrypt(std::span<const std::byte> bytes) {
  std::vector<std::byte>& plain = scratch_.plaintext;
  if (plain.empty()) plain.resize(plaintext_size);
  std::vector<std::byte>& answer = scratch_.tls_answer;
  answer.clear();
  const bool opening = tls_->state() == TlsSession::State::handshaking;
  tls_->receive(bytes);
  // The owner acts on the first byte, so who the client is must be known by then.
  bool known = !opening;
  while (open_ && !ended_) {
    const std::size_t size = tls_->read(plain, answer);
    if (!known && tls_->state() == TlsSession::State::open) {
      owner_.tls_open(*tls_);
      known = true;
    }
    if (size == 0) break;
    owner_.take_input(std::span(plain).first(size));
  }
  if (!open_ || ended_) return;
  if (!answer.empty() && !write_bytes(answer)) {
    owner_.failed(SocketOwner::Failure::gone, {});
  } else if (tls_->state() == TlsSession::State::failed) {
    owner_.failed(SocketOwner::Failure::tls, opening ? "the TLS handshake failed" : "a TLS record is broken");
  } else if (tls_->ended()) {
    owner_.failed(SocketOwner::Failure::gone, {});
  }
}

// ---- Output ----

bool SocketIo::write() {
  if (tls_ != nullptr) return write_encrypted();
  asio::error_code error;
  const std::size_t size = socket_.write_some(scratch_.batch.buffers(), error);
  if (error && !would_block(error)) return false;
  ++traffic_.writes;
  traffic_.bytes_written += size;
  if (size < scratch_.batch.size()) {
    scratch_.batch.save_rest(size, backlog_);
    wait_until_writable();
  }
  return true;
}

bool SocketIo::write_encrypted() {
  std::vector<std::byte>& encrypted = scratch_.ciphertext;
  encrypted.clear();
  return tls_->write(scratch_.batch.buffers(), encrypted) && write_bytes(encrypted);
}

// What is not in the batch, after what waits.
bool SocketIo::write_bytes(std::span<const std::byte> bytes) {
  std::size_t size = 0;
  if (!waits_) {
    asio::error_code error;
    size = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error && !would_block(error)) return false;
    ++traffic_.writes;
    traffic_.bytes_written += size;
  }
  if (size < bytes.size()) {
    backlog_.insert(backlog_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end());
    if (!waits_) wait_until_writable();
  }
  return true;
}

void SocketIo::wait_until_writable() {
  waits_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [this, held = Ref(owner_)](const asio::error_code& error) {
    if (!open_) return;
    if (error) {
      owner_.failed(SocketOwner::Failure::gone, {});
    } else {
      on_writable();
    }
  });
}

void SocketIo::on_writable() {
  asio::error_code error;
  const auto rest = std::span(backlog_).subspan(backlog_sent_);
  const std::size_t size = socket_.write_some(asio::buffer(rest.data(), rest.size()), error);
  if (error && !would_block(error)) {
    owner_.failed(SocketOwner::Failure::gone, {});
    return;
  }
  ++traffic_.writes;
  traffic_.bytes_written += size;
  backlog_sent_ += size;
  ++moved_;
  if (backlog_sent_ < backlog_.size()) {
    wait_until_writable();
    return;
  }
  backlog_.clear();
  backlog_sent_ = 0;
  if (backlog_.capacity() > kept_backlog) std::vector<std::byte>().swap(backlog_);
  waits_ = false;
  owner_.output_left();
}

bool SocketIo::overfull() const noexcept { return backlog_.size() > max_backlog; }

// ---- The end ----

void SocketIo::end_output() {
  ended_ = true;
  if (tls_ != nullptr) {
    std::vector<std::byte>& goodbye = scratch_.ciphertext;
    goodbye.clear();
    tls_->end(goodbye);
    if (!goodbye.empty()) static_cast<void>(write_bytes(goodbye));
  }
  asio::error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
}

void SocketIo::close() noexcept {
  open_ = false;
  asio::error_code error;
  socket_.close(error);
  std::vector<std::byte>().swap(backlog_);
}

void SocketIo::keep_alive(std::chrono::milliseconds silence, std::chrono::milliseconds timeout) noexcept {
  constexpr int probes = 3;
  const auto seconds = [](std::chrono::milliseconds time, int parts) {
    constexpr std::int64_t most = 32767;  // what Linux takes
    return static_cast<int>(std::clamp<std::int64_t>((time.count() / parts + 999) / 1000, 1, most));
  };
  const auto set = [&](int level, int option, int value) {
    return setsockopt(socket_.native_handle(), level, option, &value, sizeof(value)) == 0;
  };
  static_cast<void>(set(SOL_SOCKET, SO_KEEPALIVE, 1) && set(IPPROTO_TCP, TCP_KEEPIDLE, seconds(silence, 1)) &&
                    set(IPPROTO_TCP, TCP_KEEPINTVL, seconds(timeout, probes)) && set(IPPROTO_TCP, TCP_KEEPCNT, probes));
}

}  // namespace wasm_grpc::net
