#include "net/address.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace wasm_grpc::net {

Result<ListenAddress> parse_listen_address(std::string_view text, bool tls_by_default) {
  using enum ListenAddress::Transport;
  const auto after = [&](std::string_view scheme) { return std::string(text.substr(scheme.size())); };
  if (text.starts_with("http://")) return ListenAddress{cleartext, after("http://"), {}, false};
  if (text.starts_with("https://")) return ListenAddress{tls, after("https://"), {}, false};
  if (text.starts_with("fd://")) return ListenAddress{passed, after("fd://"), {}, tls_by_default};
  if (text.starts_with("unix:")) {
    std::string path = after("unix:");
    if (path.starts_with("//")) path.erase(0, 2);  // unix:///run/x.sock, as gRPC's own names have it
    SocketAccess access;
    if (const std::size_t mark = path.rfind('?'); mark != std::string::npos) {
      auto read = parse_socket_access(std::string_view(path).substr(mark + 1));
      if (!read.ok()) return Error{"address \"" + std::string(text) + "\": " + read.error().message};
      access = std::move(read).value();
      path.resize(mark);
    }
    if (path.empty()) return Error{"address \"" + std::string(text) + "\": expected unix:PATH"};
    return ListenAddress{unix_socket, std::move(path), access, false};
  }
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    return Error{"address \"" + std::string(text) + "\": unknown scheme; expected ADDR:PORT, http://ADDR:PORT, " +
                 "https://ADDR:PORT, unix:PATH or fd://NAME"};
  }
  return ListenAddress{tls_by_default ? tls : cleartext, std::string(text), {}, false};
}

Result<std::vector<asio::ip::tcp::endpoint>> resolve_address(asio::io_context& io, std::string_view address) {
  const auto refuse = [&](std::string_view why) {
    return Error{"address \"" + std::string(address) + "\": " + std::string(why)};
  };
  constexpr std::string_view form = "expected ADDR:PORT, such as 127.0.0.1:50051, [::1]:50051 or localhost:0";

  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return refuse(form);
  std::string_view host = address.substr(0, colon);
  const std::string_view port_text = address.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (port_text.empty() || error != std::errc() || end != port_text.data() + port_text.size()) {
    return refuse("the port must be a number from 0 to 65535");
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("an IPv6 address belongs in brackets, such as [::1]:50051");
  }
  if (host.empty()) return refuse(form);

  asio::error_code ec;
  if (const auto literal = asio::ip::make_address(std::string(host), ec); !ec) {
    return std::vector{asio::ip::tcp::endpoint(literal, port)};
  }
  asio::ip::tcp::resolver resolver(io);
  const auto found = resolver.resolve(std::string(host), std::string(port_text), ec);
  if (ec || found.empty()) return refuse("cannot resolve \"" + std::string(host) + "\": " + ec.message());
  std::vector<asio::ip::tcp::endpoint> all;
  for (const auto& entry : found) {
    if (std::find(all.begin(), all.end(), entry.endpoint()) == all.end()) all.push_back(entry.endpoint());
  }
  return all;
}

std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

}  // namespace wasm_grpc::net
