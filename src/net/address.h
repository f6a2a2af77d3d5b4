// Addresses as people write them.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/socket_access.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

/// What a `--listen` says: where, and what is spoken there.
struct ListenAddress {
  enum class Transport : std::uint8_t { cleartext, tls, unix_socket, passed };
  Transport transport = Transport::cleartext;
  std::string place;    // "ADDR:PORT", the path of a unix socket, or which sockets were passed (passed_sockets.h)
  SocketAccess access;  // of a unix socket
  bool tls = false;     // of sockets that were passed: what is spoken where they are TCP
};

/// Reads "ADDR:PORT" (TLS where `tls_by_default`, cleartext else), "http://ADDR:PORT", "https://ADDR:PORT" or
/// "unix:PATH", which may be followed by "?mode=0660&user=NAME&group=NAME" (the last "?" counts, so that a path that
/// has one is written with another behind it); "fd://", "fd://NAME" or "fd://NUMBER" for sockets that were passed,
/// whose TCP is TLS where `tls` is set. The rest of a TCP address is read by whoever listens there.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text, bool tls_by_default);

/// Reads "ADDR:PORT": "127.0.0.1:50051", "[::1]:0", "localhost:50051"; a name is resolved (this blocks) into all its
/// addresses, each once, in the order the system gives them. The error quotes the address.
Result<std::vector<asio::ip::tcp::endpoint>> resolve_address(asio::io_context& io, std::string_view address);

/// "127.0.0.1:4711" or "[::1]:4711".
[[nodiscard]] std::string to_text(const asio::ip::tcp::endpoint& endpoint);

}  // namespace wasm_grpc::net
