// Sets of addresses, as operators name them.
#pragma once

#include <asio/ip/address.hpp>
#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/door.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

/// Immutable once made; from any thread.
class Networks {
 public:
  /// None.
  Networks() = default;
  /// Each of "10.0.0.0/8", "fd00::/8", a single address, or "unix:" for all unix sockets. The error quotes what is none
  /// of these.
  [[nodiscard]] static Result<Networks> parse(std::span<const std::string> texts);

  /// An IPv4 address that was mapped into IPv6 is the IPv4 address.
  [[nodiscard]] bool contain(const Protocol::endpoint& endpoint) const noexcept;
  /// The same of an address as rpc::Client::peer has it: "192.0.2.7:4711", "[fd00::7]:4711" or "unix:".
  [[nodiscard]] bool contain_peer(std::string_view peer) const noexcept;

 private:
  [[nodiscard]] bool contain_address(const asio::ip::address& address) const noexcept;

  std::vector<asio::ip::network_v4> v4_;
  std::vector<asio::ip::network_v6> v6_;
  bool unix_ = false;
};

}  // namespace wasm_grpc::net
