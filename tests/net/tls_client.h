// The other side of a TlsSession, without a socket: OpenSSL as a client.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "certificates.h"
#include "net/tls/context.h"
#include "net/tls/session.h"

namespace wasm_grpc::net {

class TlsClient {
 public:
  struct Options {
    std::string authority;  // whose certificates it accepts
    std::vector<std::string> alpn = {"h2"};
    int version = TLS1_3_VERSION;
    std::optional<CertificateFiles> certificate{};  // its own
    SSL_SESSION* session = nullptr;                 // to be resumed
    std::string name{};                             // of the server it asks for; none when empty
  };

  explicit TlsClient(const Options& options);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// Takes what the server sent, and goes on as far as that brings it.
  void receive(std::span<const std::byte> bytes);
  /// What it has to send, once.
  [[nodiscard]] std::vector<std::byte> take_output();
  void write(std::string_view plain);
  /// Says goodbye (close_notify).
  void end();

  [[nodiscard]] bool open() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  /// All that was decrypted so far.
  [[nodiscard]] const std::string& received() const { return received_; }
  /// The server has said goodbye.
  [[nodiscard]] bool ended() const { return ended_; }
  /// What went wrong, as OpenSSL says it; empty when nothing did.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::string protocol() const;
  /// The common name of the server's certificate.
  [[nodiscard]] std::string server_name() const;
  [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  /// To be resumed by another client, which takes a share of it.
  [[nodiscard]] SSL_SESSION* session() const { return session_.get(); }
  /// The session that it has, with the ticket that it was given last: also in place of another, which OpenSSL does not
  /// tell of with TLS 1.2.
  [[nodiscard]] SSL_SESSION* session_in_use() const { return SSL_get_session(ssl_.get()); }

 private:
  struct SessionDeleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  static int new_session(SSL* ssl, SSL_SESSION* session);
  void note(int result);

  std::unique_ptr<SSL_CTX, SslContextDeleter> context_;
  SslPointer ssl_;
  std::unique_ptr<SSL_SESSION, SessionDeleter> session_;
  BIO* in_ = nullptr;   // of ssl_
  BIO* out_ = nullptr;  // of ssl_
  std::string received_;
  std::string error_;
  bool ended_ = false;
};

/// A TlsSession as a connection uses it, and what it decrypted.
class TlsServer {
 public:
  explicit TlsServer(TlsContext& context) : session(context.make_session()) {}

  /// Takes what the client sent, `piece` bytes at a time.
  void receive(std::span<const std::byte> bytes, std::size_t piece);

  TlsSession session;
  std::string received;
  std::vector<std::byte> output;  // to be sent
};

/// Carries what either side has to say to the other, `piece` bytes at a time, until both are silent.
void converse(TlsServer& server, TlsClient& client, std::size_t piece = 1 << 20);

/// A handshake, as far as it comes.
struct Handshake {
  Handshake(TlsContext& context, const TlsClient::Options& options) : server(context), client(options) {
    converse(server, client);
  }
  [[nodiscard]] bool opened() const { return server.session.state() == TlsSession::State::open; }

  TlsServer server;
  TlsClient client;
};

}  // namespace wasm_grpc::net
