// Addresses of targets, as gRPC names them (grpc/doc/naming.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/endpoints.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// Where a target is: a name to be asked of the resolver, or endpoints.
struct TargetAddress {
  std::string host;  // of a name; empty: `endpoints`
  std::string port;
  std::vector<Endpoint> endpoints;
  std::string authority;  // what its servers are asked for where nothing else is said
};

/// Reads "HOST:PORT", "dns:[///]HOST[:PORT]" (port 443 without one), "ipv4:ADDRESS:PORT[,...]",
/// "ipv6:[ADDRESS]:PORT[,...]" or "unix:PATH". The error quotes it.
[[nodiscard]] Result<TargetAddress> parse_target_address(std::string_view text);

/// "127.0.0.1:443", "[::1]:443" or "unix:/path".
[[nodiscard]] std::string to_text(const Endpoint& endpoint);

}  // namespace wasm_grpc::client
