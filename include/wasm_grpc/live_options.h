// The part of ServerOptions that may change while the server runs.
#pragma once

#include <string>
#include <vector>

#include "wasm_grpc/access_options.h"
#include "wasm_grpc/connection_options.h"
#include "wasm_grpc/log.h"
#include "wasm_grpc/tls_options.h"

namespace wasm_grpc {

/// Server::reload() says when each takes effect.
struct LiveOptions : ConnectionOptions {
  /// TLS on the TCP addresses, but for those listened on as "http://ADDRESS:PORT".
  TlsOptions tls;

  /// Web pages that may call the server from another origin than its own, by gRPC-Web, Connect or JSON (CORS):
  /// "https://app.example.com", "http://localhost:8080", "https://*.example.com" for one label, or "*" for all. What a
  /// module serves by HTTP it answers to other origins itself. Cookies and other credentials of browsers are never
  /// asked for. Empty: none.
  std::vector<std::string> cors_origins;

  /// Who may call what, by which certificates and tokens, and how often.
  AccessOptions access;

  /// Log lines of less severity are dropped.
  LogLevel log_level = LogLevel::info;

  [[nodiscard]] bool operator==(const LiveOptions&) const = default;
};

}  // namespace wasm_grpc
