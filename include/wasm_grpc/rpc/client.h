// Who is at the other end of a call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "wasm_grpc/tls_name.h"

namespace wasm_grpc::rpc {

/// What a server counts of a client, or of a host that clients come from. Used by the thread of the connection only.
struct ClientUse {
  /// Instances of guests that serve its calls now.
  std::uint32_t instances = 0;
  /// Of a client: that of its host, once it is counted.
  std::shared_ptr<ClientUse> host;
};

/// One connection of a client, as its calls know it. A transport makes one for each connection, as a std::shared_ptr,
/// and changes it no more once the first call has it; from then on any thread may read it, but for
/// `use`.
struct Client : std::enable_shared_from_this<Client> {
  /// `address` as in `peer`; the host is found in it.
  Client(std::uint64_t connection_number, std::string address);

  /// Differs from that of every other connection of the process.
  std::uint64_t connection = 0;
  /// The same for all connections from one host, whatever their port: of an IPv6 address its first half counts, which
  /// is what one customer has at least. All of unix sockets have the same.
  std::uint64_t host = 0;
  /// The address, such as "127.0.0.1:4711" or "[::1]:4711"; "unix:" for a unix socket.
  std::string peer;
  /// Who the client is by its verified TLS certificate; empty without one.
  TlsNames tls_names;
  /// It speaks TLS with us.
  bool is_encrypted = false;
  /// Its calls are those of others, and say of each whose it is: ServerOptions::certificate_forwarders.
  bool forwards_certificates = false;

  mutable ClientUse use;
};

/// The next number for Client::connection; from any thread.
[[nodiscard]] std::uint64_t next_connection_number() noexcept;

/// Client::host of an address: 0 when it is neither IPv4 nor IPv6 nor "unix:".
[[nodiscard]] std::uint64_t host_of(std::string_view address) noexcept;

}  // namespace wasm_grpc::rpc
