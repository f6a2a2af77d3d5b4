// How the clients of one address are dealt with: Server::listen().
#pragma once

#include <optional>

#include "wasm_grpc/connection_options.h"
#include "wasm_grpc/tls_options.h"

namespace wasm_grpc {

/// What an address has of its own. What is not said here is as the server's options say.
struct ListenOptions {
  /// TLS of this address, in place of ServerOptions::tls. For TCP only.
  std::optional<TlsOptions> tls;

  /// Limits and protocols of its clients, in place of those of ServerOptions. ClientLimits::max_connections counts the
  /// connections of this address, which are counted for the server too, and within its limit;
  /// ClientLimits::max_window_growth is that of the server all the same. Messages may not be larger than those of
  /// ServerOptions::max_message_size.
  std::optional<ConnectionOptions> connections;

  [[nodiscard]] bool operator==(const ListenOptions&) const = default;
};

}  // namespace wasm_grpc
