// TLS of a server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wasm_grpc {

/// What is asked of clients that connect by TLS.
enum class TlsClientAuth : std::uint8_t {
  require,  // who shows no certificate of the client CA is refused
  request,  // who shows none is served too, without an identity; a bad one is refused
};

/// A certificate and its key, as PEM files.
struct TlsCertificate {
  /// The certificate, followed by its chain.
  std::string certificate_file;
  /// Its private key, without a passphrase.
  std::string key_file;

  [[nodiscard]] bool operator==(const TlsCertificate&) const = default;
};

/// TLS of a server. The files are PEM. They are looked at again as clients connect, and new ones taken for the
/// connections that follow.
struct TlsOptions {
  /// The server's certificate, followed by its chain. Empty: no TLS.
  std::string certificate_file;
  /// Its private key, without a passphrase.
  std::string key_file;
  /// More of both, for other names. A client is shown the first that is for the name it asks for (SNI): by a DNS name
  /// of the certificate, or by its common name where it has none; the same name comes before a wildcard, "*.a.test",
  /// which stands for one label. Who asks for another name, or none, is shown the one above.
  std::vector<TlsCertificate> further_certificates;
  /// The authorities whose certificates clients may show; the root above one need not be there. Empty: clients are not
  /// asked for any.
  std::string client_ca_file;
  /// With a client CA only.
  TlsClientAuth client_auth = TlsClientAuth::require;

  [[nodiscard]] bool operator==(const TlsOptions&) const = default;
};

}  // namespace wasm_grpc
