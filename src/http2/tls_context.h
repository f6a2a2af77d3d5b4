// What a server needs to speak TLS: its certificate, and how clients show theirs.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::http2 {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;

/// Makes TLS sessions: TLS 1.3, or 1.2 with the ciphers HTTP/2 allows (RFC 9113, 9.2), and the protocol "h2" by ALPN
/// and nothing else. Shared by the workers; every function may be called from any thread.
///
/// The files are looked at again when a client connects, at most once a second: new ones serve the connections that
/// follow, those that are open go on as they are. Files that cannot be read, or make no sense, are logged and tried
/// again each time, and the last good ones serve on.
class TlsContext {
 public:
  /// Gets what is to be logged about the files.
  using Log = std::function<void(LogLevel level, const std::string& text)>;

  /// Reads the files. The error says which of them is wrong, and how.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> create(const TlsOptions& options, Log log);

  /// A session for a new connection; nullptr when there is no memory.
  [[nodiscard]] SslPointer make_session();

 private:
  using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

  /// When, and as what, a file was last written, or given to others: its contents may then be read at last.
  struct FileState {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    bool operator==(const FileState& other) const noexcept;
  };
  using FileStates = std::array<FileState, 3>;

  TlsContext(TlsOptions options, Log log);
  [[nodiscard]] FileStates look() const;
  [[nodiscard]] Result<SslContext> load() const;
  void reload_if_changed();

  const TlsOptions options_;
  const Log log_;
  std::mutex mutex_;  // of what follows; taken once for each connection
  SslContext context_;
  FileStates files_;
  std::string failure_;  // why they could not be read; empty: they could
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace wasm_grpc::http2
