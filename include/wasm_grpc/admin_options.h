// What the admin address shows, and to whom.
#pragma once

#include <string>

namespace wasm_grpc {

/// Of Server::listen_admin().
struct AdminOptions {
  // Not left to the compiler: GCC 12 would warn of a token_file without a value at every Server::create({}).
  AdminOptions() noexcept {}  // NOLINT(modernize-use-equals-default)

  /// A file with a token, one line, that who asks must send as "Authorization: Bearer TOKEN"; but not for /healthz,
  /// /readyz and grpc.health.v1, which tell no more than whether the server is ready. It is read again for each
  /// request, so that a new token counts at once. Empty: no token.
  std::string token_file;
  /// Whether it may listen on an address that is not of this machine only (loopback, a unix socket) without a token.
  bool without_token = false;
  /// Whether who is let in may call methods from there: POST /try, and a form of the page (docs/metrics.md). The calls
  /// are served as those of a client of this machine are that shows no certificate.
  bool try_it = false;
};

}  // namespace wasm_grpc
