// What a server needs to speak TLS: its certificates, and how clients show theirs.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls/files.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;

/// Makes TLS sessions: TLS 1.3, or 1.2 with the ciphers HTTP/2 allows (RFC 9113, 9.2), and by ALPN the protocol "h2",
/// or else "http/1.1" where that is spoken. Shared by the workers; every function may be called from any thread.
/// Outlives the handshakes of its sessions.
///
/// Of several certificates a client is shown the first that is for the name it asks for (SNI), exactly or else by a
/// wildcard; the first of all where none is, or it asks for none.
///
/// The files are looked at again when a client connects, at most once a second, each certificate with its key by
/// itself, and the client CA: new ones serve the connections that follow, those that are open go on as they are. Files
/// that cannot be read, or make no sense, are logged and tried again each time, and the last good ones serve on.
class TlsContext {
 public:
  /// Gets what is to be logged about the files.
  using Log = std::function<void(LogLevel level, const std::string& text)>;

  /// Reads the files. `http1`: HTTP/1.1 is spoken too. The error says which of them is wrong, and how.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> create(const TlsOptions& options, Log log,
                                                                  bool http1 = true);

  [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }
  [[nodiscard]] bool http1() const noexcept { return http1_; }

  /// A session for a new connection; nullptr when there is no memory.
  [[nodiscard]] SslPointer make_session();

 private:
  struct Certificate {
    explicit Certificate(TlsCertificate from)
        : names(std::move(from)), files({names.certificate_file, names.key_file}) {}
    TlsCertificate names;
    WatchedFiles files;
    ReadCertificate read;
  };

  TlsContext(const TlsOptions& options, Log log, bool http1);
  [[nodiscard]] Result<SslContext> make_context();
  [[nodiscard]] Result<ReadCertificate> read(const TlsCertificate& certificate) const;
  void read_what_changed();
  /// OpenSSL's, when it needs the certificate for a client.
  static int choose_certificate(SSL* ssl, void* self);

  const TlsOptions options_;
  const Log log_;
  const bool http1_;
  std::mutex mutex_;                       // of what follows; taken twice for each connection
  std::vector<Certificate> certificates_;  // one at least
  WatchedFiles authorities_;
  SslContext context_;  // has no certificate, which each session gets
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace wasm_grpc::net
