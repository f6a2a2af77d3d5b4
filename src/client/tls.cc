#include "client/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

namespace wasm_grpc::client {

Result<asio::ssl::context> make_tls_context(const TlsFiles& files, const TlsFileNames& said) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  asio::error_code error;
  const auto failed = [&](std::string_view name, const std::string& file) {
    return Error{std::string(name) + " " + file + ": " + error.message()};
  };
  if (files.ca.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(files.ca, error);
    if (error) return failed(said.ca, files.ca);
    // Whoever is named is trusted, be it a root or an authority below one.
    X509_STORE_set_flags(SSL_CTX_get_cert_store(native), X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (!files.certificate.empty()) {
    context.use_certificate_chain_file(files.certificate, error);
    if (error) return failed(said.certificate, files.certificate);
    context.use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error) return failed(said.key, files.key);
  }
  static constexpr std::array<unsigned char, 3> h2 = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(native, h2.data(), h2.size());
  return context;
}

std::string no_tls_with(const std::string& where, const asio::error_code& error, const SSL* tls) {
  std::string text = "no TLS with " + where + ": " + error.message();
  const long verdict = SSL_get_verify_result(tls);
  if (verdict != X509_V_OK) text += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
  return text;
}

void offer_http1(SSL* tls) noexcept {
  static constexpr std::string_view http1 = "\x08http/1.1";
  SSL_set_alpn_protos(tls, reinterpret_cast<const unsigned char*>(http1.data()), static_cast<unsigned>(http1.size()));
}

void offer_http2_and_http1(SSL* tls) noexcept {
  static constexpr std::string_view both = "\x02h2\x08http/1.1";
  SSL_set_alpn_protos(tls, reinterpret_cast<const unsigned char*>(both.data()), static_cast<unsigned>(both.size()));
}

Result<> chose_http2(const std::string& where, const SSL* tls) {
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(tls, &chosen, &length);
  if (std::string_view(reinterpret_cast<const char*>(chosen), length) == "h2") return success();
  return Error{where + " does not speak HTTP/2 over TLS (it did not choose h2 by ALPN)"};
}

}  // namespace wasm_grpc::client
