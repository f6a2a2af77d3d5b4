#include "client/outgoing/target_address.h"

#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace wasm_grpc::client {

namespace {

constexpr std::size_t most_endpoints = 64;
constexpr std::size_t most_path = 107;  // sockaddr_un::sun_path with its NUL

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

struct HostPort {
  std::string_view host;
  std::string_view port;  // empty: none was said
};

std::optional<HostPort> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    return HostPort{text.substr(1, end - 1), rest.empty() ? rest : rest.substr(1)};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return HostPort{text, {}};
  if (text.substr(0, colon).find(':') != std::string_view::npos) return std::nullopt;  // IPv6 needs its brackets
  return HostPort{text.substr(0, colon), text.substr(colon + 1)};
}

Error none(std::string_view text) {
  return Error{"the address \"" + std::string(text) +
               "\" is none: expected HOST:PORT, dns:HOST:PORT, ipv4:ADDRESS:PORT, ipv6:[ADDRESS]:PORT or unix:PATH"};
}

Result<TargetAddress> parse_list(std::string_view whole, std::string_view list, bool v6) {
  TargetAddress address;
  while (true) {
    const auto comma = list.find(',');
    const auto parts = split(list.substr(0, comma));
    const auto port = parts ? port_of(parts->port) : std::nullopt;
    if (!port) return none(whole);
    asio::error_code error;
    const auto ip = asio::ip::make_address(parts->host, error);
    if (error || ip.is_v6() != v6) return none(whole);
    if (address.endpoints.size() == most_endpoints) {
      return Error{"the address \"" + std::string(whole).substr(0, 64) + "...\" has more than 64 parts"};
    }
    address.endpoints.emplace_back(asio::ip::tcp::endpoint(ip, *port));
    if (address.authority.empty()) address.authority = std::string(list.substr(0, comma));
    if (comma == std::string_view::npos) return address;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<TargetAddress> parse_target_address(std::string_view text) {
  const std::string_view whole = text;
  if (text.starts_with("unix:")) {
    text.remove_prefix(5);
    if (text.starts_with("//")) text.remove_prefix(2);
    if (text.empty() || text.size() > most_path || text.find('\0') != std::string_view::npos) return none(whole);
    TargetAddress address;
    address.endpoints.emplace_back(asio::local::stream_protocol::endpoint(std::string(text)));
    address.authority = "localhost";
    return address;
  }
  if (text.starts_with("ipv4:")) return parse_list(whole, text.substr(5), false);
  if (text.starts_with("ipv6:")) return parse_list(whole, text.substr(5), true);
  if (text.starts_with("dns:")) {
    text.remove_prefix(4);
    if (text.starts_with("///")) text.remove_prefix(3);
    if (text.starts_with("//")) {
      return Error{"the address \"" + std::string(whole) +
                   "\" names a resolver, and only the system's is asked; expected dns:HOST:PORT"};
    }
  } else if (text.find('/') != std::string_view::npos || text.find(':') == std::string_view::npos) {
    return none(whole);  // of a scheme that is not known, or without a port
  }
  const auto parts = split(text);
  if (text.ends_with(':')) return none(whole);
  if (!parts || parts->host.empty() || parts->host.find_first_of(" ,/@") != std::string_view::npos) return none(whole);
  if (!parts->port.empty() && !port_of(parts->port)) return none(whole);
  TargetAddress address;
  address.host = parts->host;
  address.port = parts->port.empty() ? "443" : std::string(parts->port);
  address.authority = text;
  asio::error_code error;
  const auto ip = asio::ip::make_address(address.host, error);
  if (!error) {
    address.endpoints.emplace_back(asio::ip::tcp::endpoint(ip, *port_of(address.port)));
    address.host.clear();
  }
  return address;
}

std::string to_text(const Endpoint& endpoint) {
  if (endpoint.protocol().family() == AF_UNIX) {
    asio::local::stream_protocol::endpoint path;
    std::memcpy(path.data(), endpoint.data(), endpoint.size());
    path.resize(endpoint.size());  // which looks at what is there
    return "unix:" + path.path();
  }
  asio::ip::tcp::endpoint address;
  address.resize(endpoint.size());
  std::memcpy(address.data(), endpoint.data(), endpoint.size());
  const std::string host = address.address().to_string();
  return (address.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(address.port());
}

}  // namespace wasm_grpc::client
