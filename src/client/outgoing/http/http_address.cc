#include "client/outgoing/http/http_address.h"

#include <algorithm>
#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>
#include <charconv>
#include <cstdint>

#include "text/lower_case.h"

namespace wasm_grpc::client {

namespace {

constexpr std::string_view http_scheme = "http://";
constexpr std::string_view https_scheme = "https://";

bool is_host_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool is_port(std::string_view text) noexcept {
  unsigned port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && port > 0 && port <= 65535;
}

/// "HOST[:PORT]" or "[ADDRESS][:PORT]", the host in small letters and without brackets.
std::optional<HttpAuthority> parse_authority(std::string_view text, std::string_view usual_port) {
  HttpAuthority authority;
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
    asio::error_code error;
    const auto address = asio::ip::make_address_v6(std::string(host), error);
    if (error || address.scope_id() != 0) return std::nullopt;
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (has_port && !is_port(port)) return std::nullopt;
  authority.host = text::lower_case(host);
  if (!text.starts_with('[') && !is_host_name(authority.host)) return std::nullopt;
  authority.port = has_port ? port : usual_port;
  authority.text = text.starts_with('[') ? "[" + authority.host + "]" : authority.host;
  if (authority.port != usual_port) authority.text += ":" + authority.port;
  return authority;
}

std::string_view usual_port(bool tls) noexcept { return tls ? "443" : "80"; }

template <typename Network, typename Address>
bool in_any(std::string_view const* first, std::size_t count, const Address& address) noexcept {
  return std::any_of(first, first + count, [&](std::string_view text) {
    asio::error_code error;
    Network network;
    if constexpr (std::is_same_v<Network, asio::ip::network_v4>) {
      network = asio::ip::make_network_v4(std::string(text), error);
      return !error && (address.to_uint() & network.netmask().to_uint()) == network.network().to_uint();
    } else {
      network = asio::ip::make_network_v6(std::string(text), error);
      if (error) return false;
      const auto bytes = address.to_bytes();
      const auto base = network.address().to_bytes();
      for (unsigned bit = 0; bit < network.prefix_length(); ++bit) {
        const unsigned mask = 0x80U >> (bit % 8);
        if ((bytes[bit / 8] & mask) != (base[bit / 8] & mask)) return false;
      }
      return true;
    }
  });
}

// The special-purpose registries of IANA (RFC 6890 and after), but for what is public.
constexpr std::string_view private_v4[] = {"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
                                           "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
                                           "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                                           "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4"};
// Of IPv6 only 2000::/3 is given to anybody; of that these are not.
constexpr std::string_view public_v6[] = {"2000::/3"};
constexpr std::string_view private_v6[] = {"2001::/23", "2001:db8::/32", "3fff::/20"};

bool is_private_v4(std::uint32_t address) noexcept {
  return in_any<asio::ip::network_v4>(private_v4, std::size(private_v4), asio::ip::address_v4(address));
}

std::uint32_t four_bytes(const asio::ip::address_v6::bytes_type& bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | bytes[i];
  return value;
}

bool is_private_v6(const asio::ip::address_v6& address) noexcept {
  constexpr std::string_view six_to_four[] = {"2002::/16"};
  constexpr std::string_view nat64[] = {"64:ff9b::/96"};
  const auto bytes = address.to_bytes();
  if (address.is_v4_mapped()) return is_private_v4(four_bytes(bytes, 12));
  if (in_any<asio::ip::network_v6>(nat64, 1, address)) return is_private_v4(four_bytes(bytes, 12));
  if (in_any<asio::ip::network_v6>(six_to_four, 1, address)) return is_private_v4(four_bytes(bytes, 2));
  return !in_any<asio::ip::network_v6>(public_v6, std::size(public_v6), address) ||
         in_any<asio::ip::network_v6>(private_v6, std::size(private_v6), address);
}

}  // namespace

bool is_http_address(std::string_view text) noexcept {
  return text.starts_with(http_scheme) || text.starts_with(https_scheme);
}

Result<HttpAddress> parse_http_address(std::string_view text) {
  HttpAddress address;
  address.tls = text.starts_with(https_scheme);
  std::string_view rest = text.substr(address.tls ? https_scheme.size() : http_scheme.size());
  address.wildcard = rest.starts_with('*');
  // "*" is read as a name of its own, "*.example.com" as its name without the first part.
  std::string readable(rest);
  if (address.wildcard)
    readable = rest.starts_with("*.") ? std::string(rest.substr(2)) : "any" + std::string(rest.substr(1));
  const auto authority = parse_authority(readable, usual_port(address.tls));
  const bool is_any = address.wildcard && !rest.starts_with("*.");
  if (!authority || (is_any && authority->host != "any") || (address.wildcard && readable.starts_with('['))) {
    return Error{
        "the address \"" + std::string(text) +
        "\" is none of HTTP: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, with *.HOST for "
        "all names below HOST and * for any"};
  }
  address.host = is_any ? "" : address.wildcard ? "." + authority->host : authority->host;
  address.port = authority->port;
  return address;
}

HttpAuthority authority_of(const HttpAddress& address) {
  const std::string host = address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
  return {address.host, address.port, address.port == usual_port(address.tls) ? host : host + ":" + address.port};
}

std::optional<HttpAuthority> find_authority(const HttpAddress& address, std::string_view said) {
  if (!address.wildcard || said.size() > 300) return std::nullopt;
  auto authority = parse_authority(said, usual_port(address.tls));
  if (!authority || authority->port != address.port) return std::nullopt;
  const std::string& host = authority->host;
  if (!host.ends_with(address.host) || host.size() == address.host.size() || host.starts_with('.')) return std::nullopt;
  return authority;
}

bool is_private(const asio::ip::address& address) noexcept {
  return address.is_v4() ? is_private_v4(address.to_v4().to_uint()) : is_private_v6(address.to_v6());
}

bool is_plain_target(std::string_view target) noexcept {
  if (!target.starts_with('/')) return false;
  if (!std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '\\'; })) return false;
  std::string path(target.substr(0, target.find('?')));
  for (std::size_t at = 0; (at = path.find('%', at)) != std::string::npos; ++at) {
    const std::string_view code = std::string_view(path).substr(at + 1, 2);
    if (code == "2e" || code == "2E") path.replace(at, 3, ".");
    if (code == "2f" || code == "2F" || code == "5c" || code == "5C") path.replace(at, 3, "/");
  }
  std::string_view rest = path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    // What follows a semicolon is a parameter of the segment to some servers.
    const std::string_view name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return false;
    rest.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace wasm_grpc::client
