// TLS as a client: with which files, for which server, and what to say where there is none.
#pragma once

#include <asio/error_code.hpp>
#include <asio/ip/address.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/host_name_verification.hpp>
#include <asio/ssl/stream.hpp>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// Files in PEM. Only looked at while a context is made.
struct TlsFiles {
  const std::string& ca;           // who signs the server's certificate; the system's authorities when empty
  const std::string& certificate;  // shown to the server, followed by its chain; none when empty
  const std::string& key;
};
/// What errors call them.
struct TlsFileNames {
  std::string_view ca;
  std::string_view certificate;
  std::string_view key;
};

/// TLS 1.2 at least, by which HTTP/2 is offered (ALPN).
[[nodiscard]] Result<asio::ssl::context> make_tls_context(const TlsFiles& files, const TlsFileNames& said);

/// Says by SNI which server is wanted, unless that is an address.
template <typename Stream>
void ask_for_server(Stream& tls, const std::string& name) {
  asio::error_code no_address;
  static_cast<void>(asio::ip::make_address(name, no_address));
  if (no_address) SSL_set_tlsext_host_name(tls.native_handle(), name.c_str());
}

/// Wants a certificate of that server.
template <typename Stream>
void verify_server(Stream& tls, const std::string& name) {
  tls.set_verify_mode(asio::ssl::verify_peer);
  tls.set_verify_callback(asio::ssl::host_name_verification(name));
}

/// Why the handshake with `where` failed, with what was wrong with its certificate.
[[nodiscard]] std::string no_tls_with(const std::string& where, const asio::error_code& error, const SSL* tls);

/// Before the handshake: HTTP/1.1 is offered instead.
void offer_http1(SSL* tls) noexcept;
/// The same beside HTTP/2, which comes first.
void offer_http2_and_http1(SSL* tls) noexcept;
/// After the handshake: whether it has chosen HTTP/2.
[[nodiscard]] Result<> chose_http2(const std::string& where, const SSL* tls);

}  // namespace wasm_grpc::client
