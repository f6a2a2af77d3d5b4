#include "client/target.h"

namespace wasm_grpc::client {

Result<Target> parse_target(std::string_view text, bool tls_by_default) {
  const std::string whole(text);
  Target target;
  target.tls = tls_by_default;
  if (text.starts_with("unix:")) {
    target.unix_socket = true;
    target.host = text.substr(5);
    target.authority = "localhost";
    if (target.host.empty()) return Error{"the address \"unix:\" lacks the path of a socket"};
    return target;
  }
  if (text.starts_with("https://")) {
    target.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    if (target.tls) return Error{"the address " + whole + " is one without TLS, and TLS is asked for"};
    text.remove_prefix(7);
  }
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (colon == std::string_view::npos || host.empty() || colon + 1 == text.size() ||
      text.substr(colon + 1).find_first_not_of("0123456789") != std::string_view::npos) {
    return Error{"the address " + whole + " is none: expected HOST:PORT, https://HOST:PORT or unix:PATH"};
  }
  target.host = host;
  target.port = text.substr(colon + 1);
  target.authority = text;
  return target;
}

std::string_view host_of_authority(std::string_view authority) noexcept {
  if (authority.starts_with('[')) {
    if (const std::size_t end = authority.find(']'); end != std::string_view::npos) return authority.substr(1, end - 1);
  }
  const std::size_t colon = authority.find(':');
  // Several colons without brackets are an IPv6 address that was written without.
  return colon == authority.rfind(':') ? authority.substr(0, colon) : authority;
}

}  // namespace wasm_grpc::client
