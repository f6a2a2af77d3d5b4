// Addresses of servers as people write them.
#pragma once

#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

struct Target {
  bool tls = false;
  bool unix_socket = false;
  std::string host;  // or the path of a unix socket
  std::string port;
  std::string authority;  // "host:port"; "localhost" for a unix socket
};

/// Reads "HOST:PORT", "http://HOST:PORT", "https://HOST:PORT" or "unix:PATH"; "[::1]:PORT" for IPv6.
[[nodiscard]] Result<Target> parse_target(std::string_view text, bool tls_by_default);

/// The host of an authority: "::1" of "[::1]:443", "a.test" of "a.test:443".
[[nodiscard]] std::string_view host_of_authority(std::string_view authority) noexcept;

}  // namespace wasm_grpc::client
