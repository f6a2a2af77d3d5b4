// TLS of one connection, as a filter of bytes.
#pragma once

#include <openssl/bio.h>

#include <asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "net/tls/context.h"
#include "wasm_grpc/tls_name.h"

namespace wasm_grpc::net {

/// Knows no socket: what the socket brought goes in by receive() and comes out of read(); what is to be sent goes
/// through write() into a buffer. So OpenSSL costs the socket no call, and a connection without TLS nothing at all.
class TlsSession {
 public:
  enum class State : std::uint8_t { handshaking, open, failed };

  explicit TlsSession(SslPointer ssl);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Gives it bytes from the socket, which it refers to until read() has returned 0.
  void receive(std::span<const std::byte> bytes) noexcept { input_ = bytes; }
  /// Goes on with the handshake, or decrypts into `buffer`. 0: nothing more before the next receive(), or state() is
  /// `failed`, or the client has said goodbye (ended()). What TLS itself has to say is appended to `output`.
  [[nodiscard]] std::size_t read(std::span<std::byte> buffer, std::vector<std::byte>& output);
  /// Encrypts all of it, appended to `output`. False when that failed. Only when open.
  [[nodiscard]] bool write(std::span<const asio::const_buffer> plain, std::vector<std::byte>& output);
  /// Says goodbye (close_notify).
  void end(std::vector<std::byte>& output);

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Who the client's verified certificate says it is; empty without one. Once open.
  [[nodiscard]] TlsNames peer_names() const;
  /// What ALPN has chosen: "h2", "http/1.1", or nothing where the client does not use it. Once open.
  [[nodiscard]] std::string_view protocol() const noexcept;

 private:
  static int bio_read(BIO* bio, char* data, std::size_t size, std::size_t* taken);
  static int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* taken);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
  static const BIO_METHOD* bio_method();

  void fail() noexcept;

  SslPointer ssl_;
  State state_ = State::handshaking;
  bool ended_ = false;
  std::span<const std::byte> input_;
  std::vector<std::byte>* output_ = nullptr;  // while a function above runs
};

}  // namespace wasm_grpc::net
