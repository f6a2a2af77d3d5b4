// Addresses of targets that are called by plain HTTP, and whom one with a wildcard may reach.
#pragma once

#include <asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// "http://HOST[:PORT]" or "https://HOST[:PORT]". "*.HOST" is any name below HOST, "*" any at all: with them the guest
/// says which.
struct HttpAddress {
  bool tls = false;
  std::string host;  // without brackets; with a wildcard what follows the asterisk: ".example.com" or ""
  std::string port;
  bool wildcard = false;
};

/// Whom a request is for.
struct HttpAuthority {
  std::string host;  // without brackets
  std::string port;
  std::string text;  // as the server is told
};

/// Whether it is one that parse_http_address() reads.
[[nodiscard]] bool is_http_address(std::string_view text) noexcept;
/// The error quotes it.
[[nodiscard]] Result<HttpAddress> parse_http_address(std::string_view text);
/// The one server of an address without a wildcard.
[[nodiscard]] HttpAuthority authority_of(const HttpAddress& address);
/// The server that a guest names, "HOST[:PORT]"; nothing where the wildcard of `address` does not have it.
[[nodiscard]] std::optional<HttpAuthority> find_authority(const HttpAddress& address, std::string_view said);

/// True for addresses that are not of the public internet: those of this machine, of private networks, of links, of
/// clouds' metadata services, of groups, and reserved ones; also where an address of IPv6 stands for one of those.
[[nodiscard]] bool is_private(const asio::ip::address& address) noexcept;

/// True for the target of a request that servers take as it is: "/" and what is printable, without segments "." and
/// "..", also not in percent-encoding, by which it could leave what was granted.
[[nodiscard]] bool is_plain_target(std::string_view target) noexcept;

}  // namespace wasm_grpc::client
