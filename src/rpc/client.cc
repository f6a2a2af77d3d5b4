#include "wasm_grpc/rpc/client.h"

#include <arpa/inet.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

namespace wasm_grpc::rpc {

namespace {

// Addresses of the first half below 2^40 are reserved (RFC 4291, 2.4), but for "::1" and IPv4 in IPv6, which are looked
// at on their own: so all kinds fit beside each other.
constexpr std::uint64_t unix_host = 1;
constexpr std::uint64_t ipv6_loopback = 2;
constexpr std::uint64_t ipv4_hosts = std::uint64_t{1} << 32U;

template <std::size_t Size>
std::uint64_t number(const std::array<std::uint8_t, Size>& bytes, std::size_t from, std::size_t count) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = from; i < from + count; ++i) value = value << 8U | bytes[i];
  return value;
}

std::uint64_t ipv6_host(const std::array<std::uint8_t, 16>& address) noexcept {
  const std::uint64_t upper = number(address, 0, 8);
  const std::uint64_t lower = number(address, 8, 8);
  if (upper == 0 && lower == 1) return ipv6_loopback;
  if (upper == 0 && lower >> 32U == 0xffff) return ipv4_hosts | (lower & 0xffff'ffff);
  return upper;
}

}  // namespace

Client::Client(std::uint64_t connection_number, std::string address)
    : connection(connection_number), host(host_of(address)), peer(std::move(address)) {}

std::uint64_t next_connection_number() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::uint64_t host_of(std::string_view address) noexcept {
  if (address.starts_with("unix:")) return unix_host;
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return 0;
  std::string_view host = address.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
    host = host.substr(0, host.find('%'));  // the scope of a link-local address
  }
  std::array<char, INET6_ADDRSTRLEN + 1> text{};
  if (host.size() >= text.size()) return 0;
  host.copy(text.data(), host.size());
  if (bracketed) {
    std::array<std::uint8_t, 16> bytes{};
    return inet_pton(AF_INET6, text.data(), bytes.data()) == 1 ? ipv6_host(bytes) : 0;
  }
  std::array<std::uint8_t, 4> bytes{};
  return inet_pton(AF_INET, text.data(), bytes.data()) == 1 ? ipv4_hosts | number(bytes, 0, 4) : 0;
}

}  // namespace wasm_grpc::rpc
