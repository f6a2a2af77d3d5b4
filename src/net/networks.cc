#include "net/networks.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/ip/address.hpp>
#include <cstring>

namespace wasm_grpc::net {

namespace {

constexpr unsigned bits_of_v4 = 32;
constexpr unsigned bits_of_v6 = 128;

bool contains(const asio::ip::network_v4& network, const asio::ip::address_v4& address) noexcept {
  const auto mask = network.netmask().to_uint();
  return (address.to_uint() & mask) == (network.address().to_uint() & mask);
}

bool contains(const asio::ip::network_v6& network, const asio::ip::address_v6& address) noexcept {
  const auto wanted = network.address().to_bytes();
  const auto bytes = address.to_bytes();
  const unsigned whole = network.prefix_length() / 8;
  if (!std::equal(wanted.begin(), wanted.begin() + whole, bytes.begin())) return false;
  const unsigned rest = network.prefix_length() % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFF << (8 - rest));
  return (wanted[whole] & mask) == (bytes[whole] & mask);
}

}  // namespace

Result<Networks> Networks::parse(std::span<const std::string> texts) {
  Networks networks;
  for (const std::string& text : texts) {
    if (text == "unix:") {
      networks.unix_ = true;
      continue;
    }
    const auto slash = text.find('/');
    asio::error_code error;
    const auto address = asio::ip::make_address(text.substr(0, slash), error);
    if (!error && address.is_v4()) {
      networks.v4_.push_back(slash == std::string::npos ? asio::ip::network_v4(address.to_v4(), bits_of_v4)
                                                        : asio::ip::make_network_v4(text, error));
    } else if (!error) {
      networks.v6_.push_back(slash == std::string::npos ? asio::ip::network_v6(address.to_v6(), bits_of_v6)
                                                        : asio::ip::make_network_v6(text, error));
    }
    if (error) {
      return Error{"\"" + text + "\" is no network; expected one such as 10.0.0.0/8, fd00::/8, 192.0.2.7 or unix:"};
    }
  }
  return networks;
}

bool Networks::contain_address(const asio::ip::address& address) const noexcept {
  const auto in_v4 = [&](const asio::ip::address_v4& v4) {
    return std::any_of(v4_.begin(), v4_.end(), [&](const auto& network) { return contains(network, v4); });
  };
  if (address.is_v4()) return in_v4(address.to_v4());
  const asio::ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return in_v4(asio::ip::make_address_v4(asio::ip::v4_mapped, v6));
  return std::any_of(v6_.begin(), v6_.end(), [&](const auto& network) { return contains(network, v6); });
}

bool Networks::contain(const Protocol::endpoint& endpoint) const noexcept {
  const int family = endpoint.protocol().family();
  if (family == AF_UNIX) return unix_;
  if (family == AF_INET) {
    sockaddr_in place{};
    std::memcpy(&place, endpoint.data(), std::min(sizeof(place), endpoint.size()));
    return contain_address(asio::ip::address(asio::ip::address_v4(ntohl(place.sin_addr.s_addr))));
  }
  if (family != AF_INET6) return false;
  sockaddr_in6 place{};
  std::memcpy(&place, endpoint.data(), std::min(sizeof(place), endpoint.size()));
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &place.sin6_addr, bytes.size());
  return contain_address(asio::ip::address(asio::ip::address_v6(bytes)));
}

bool Networks::contain_peer(std::string_view peer) const noexcept {
  if (!unix_ && v4_.empty() && v6_.empty()) return false;
  if (peer.starts_with("unix:")) return unix_;
  std::string_view host = peer.substr(0, peer.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));  // the scope of a link-local address
  asio::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return !error && contain_address(address);
}

}  // namespace wasm_grpc::net
