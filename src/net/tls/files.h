// The files that TLS is made of: looked at as they change, and read.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/watched_files.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

/// What OpenSSL complained of last; clears its list.
[[nodiscard]] std::string openssl_reason();

/// Why a file could not be read as what it was to be. `what` is "TLS key", `expected` what should have been in it.
[[nodiscard]] Error unreadable(const std::string& what, const std::string& file, const std::string& expected);

/// The host names that a certificate is for: the DNS names among its alternative names; where it has none of those, the
/// common name of its subject.
class HostNames {
 public:
  enum class Fit : std::uint8_t { none, by_wildcard, exactly };

  HostNames() = default;
  explicit HostNames(const X509* certificate);
  /// "*.a.test" fits "b.a.test", and neither "a.test" nor "c.b.a.test". Upper and lower case are the same.
  [[nodiscard]] Fit fit(std::string_view host) const;

 private:
  std::vector<std::string> names_;  // in lower case
};

/// A certificate with its chain and key, read from files.
struct ReadCertificate {
  SslContext holder;  // only holds them: OpenSSL reads chains into nothing else
  HostNames names;
};

/// The error says which of the files is wrong, and how.
[[nodiscard]] Result<ReadCertificate> read_certificate(const TlsCertificate& files);

/// Whether the time of the certificate is over.
[[nodiscard]] bool expired(const ReadCertificate& certificate);

/// Has the context ask clients for certificates of the authorities in that file. The error says what is wrong with it.
[[nodiscard]] Result<> ask_clients(SSL_CTX* context, const std::string& authorities, TlsClientAuth how);

}  // namespace wasm_grpc::net
