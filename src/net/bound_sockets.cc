#include "net/bound_sockets.h"

#include <ifaddrs.h>
#include <sys/socket.h>

#include <asio/ip/v6_only.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "net/address.h"

namespace wasm_grpc::net {

namespace {

/// How often another port is tried, when one that was free on the first address is taken on another.
constexpr int most_tries = 32;

struct Failure {
  std::string what;
  asio::error_code error;
};

/// `alone`: it is the only address, so that [::] is one of IPv4 too where the system says so.
std::optional<Failure> bind_one(Acceptor& acceptor, const asio::ip::tcp::endpoint& address, bool alone) {
  asio::error_code error;
  acceptor.open(address.protocol(), error);
  if (error) return Failure{"cannot open a socket", error};
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (error) return Failure{"SO_REUSEADDR", error};
  if (address.address().is_v6() && !alone) acceptor.set_option(asio::ip::v6_only(true), error);
  if (error) return Failure{"IPV6_V6ONLY", error};
  acceptor.bind(address, error);
  if (error == asio::error::address_in_use) {
    return Failure{"another program uses this port; stop it or choose another port", error};
  }
  if (error) return Failure{"cannot bind", error};
  return std::nullopt;
}

/// Linux makes sockets of IPv6 also where no interface may have an address of it.
bool lacks_family(const asio::ip::tcp::endpoint& address, const asio::error_code& error,
                  const std::function<bool(int family)>& has) {
  if (error == asio::error::address_family_not_supported) return true;
  return error.value() == EADDRNOTAVAIL && !has(address.protocol().family());
}

}  // namespace

bool has_family(int family) {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return true;
  bool found = false;
  for (const ifaddrs* one = all; one != nullptr && !found; one = one->ifa_next) {
    found = one->ifa_addr != nullptr && one->ifa_addr->sa_family == family;
  }
  freeifaddrs(all);
  return found;
}

Result<std::vector<Acceptor>> bind_to(asio::io_context& io, const std::string& name,
                                      const std::vector<asio::ip::tcp::endpoint>& addresses,
                                      const std::function<bool(int family)>& has) {
  const bool alone = addresses.size() == 1;
  for (int tries_left = most_tries;; --tries_left) {
    std::vector<Acceptor> bound;
    std::optional<Error> missing;
    bool again = false;
    for (asio::ip::tcp::endpoint address : addresses) {
      const bool any_port = address.port() == 0;
      if (any_port && !bound.empty()) address.port(local_endpoint(bound.front()).port());
      Acceptor acceptor(io);
      const auto failure = bind_one(acceptor, address, alone);
      if (!failure) {
        bound.push_back(std::move(acceptor));
        continue;
      }
      again = any_port && !bound.empty() && failure->error == asio::error::address_in_use && tries_left > 0;
      if (again) break;
      Error error{"cannot listen on " + name + ": " + (alone ? "" : to_text(address) + ": ") + failure->what + ": " +
                  failure->error.message()};
      if (!lacks_family(address, failure->error, has)) return error;
      if (!missing) missing = std::move(error);
    }
    if (again) continue;
    if (bound.empty()) return *std::move(missing);
    return bound;
  }
}

Result<std::vector<Acceptor>> bind_to(asio::io_context& io, const std::string& address) {
  auto resolved = resolve_address(io, address);
  if (!resolved) return std::move(resolved).error();
  return bind_to(io, address, resolved.value());
}

asio::ip::tcp::endpoint local_endpoint(const Acceptor& acceptor) {
  asio::error_code ignored;
  return to_tcp(acceptor.local_endpoint(ignored));
}

asio::ip::tcp::endpoint to_tcp(const Protocol::endpoint& endpoint) {
  asio::ip::tcp::endpoint tcp;
  if (endpoint.size() <= tcp.capacity()) {
    std::memcpy(static_cast<void*>(tcp.data()), static_cast<const void*>(endpoint.data()), endpoint.size());
  }
  return tcp;
}

}  // namespace wasm_grpc::net
