// Sockets bound to the addresses of a name, before they listen.
#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <string>
#include <vector>

#include "net/door.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

using Acceptor = asio::basic_socket_acceptor<Protocol>;

/// Whether this machine has an address of the family, AF_INET or AF_INET6, on whichever interface.
[[nodiscard]] bool has_family(int family);

/// A socket bound to each of the addresses, in their order, all to one port: where that is 0, to one that is free on
/// all of them. An address whose family this machine does not have is left out where there is another; any other that
/// cannot be bound is an error, which names it and `name`, "localhost:50051", of which they are. At least one address.
[[nodiscard]] Result<std::vector<Acceptor>> bind_to(asio::io_context& io, const std::string& name,
                                                    const std::vector<asio::ip::tcp::endpoint>& addresses,
                                                    const std::function<bool(int family)>& has = has_family);

/// The same of all addresses of "ADDR:PORT"; resolves a name, which blocks.
[[nodiscard]] Result<std::vector<Acceptor>> bind_to(asio::io_context& io, const std::string& address);

/// Where it is bound to.
[[nodiscard]] asio::ip::tcp::endpoint local_endpoint(const Acceptor& acceptor);

/// What a generic endpoint of TCP is.
[[nodiscard]] asio::ip::tcp::endpoint to_tcp(const Protocol::endpoint& endpoint);

}  // namespace wasm_grpc::net
