// Who a client is by its TLS certificate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::guest {

/// What kind of name it is. `unknown` is one that the host tells, and this SDK does not know; and any of a host that
/// does not tell the kinds.
enum class TlsNameKind : std::uint8_t { dns, uri, common_name, email, ip, unknown };

/// A name in a client's certificate.
struct TlsName {
  TlsNameKind kind = TlsNameKind::unknown;
  std::string value;

  friend bool operator==(const TlsName&, const TlsName&) = default;
};

namespace detail {

[[nodiscard]] inline TlsNameKind tls_name_kind(std::string_view name) {
  if (name == "dns") return TlsNameKind::dns;
  if (name == "uri") return TlsNameKind::uri;
  if (name == "cn") return TlsNameKind::common_name;
  if (name == "email") return TlsNameKind::email;
  return name == "ip" ? TlsNameKind::ip : TlsNameKind::unknown;
}

/// Of lines such as "dns:client.example.com".
[[nodiscard]] inline std::vector<TlsName> parse_tls_names(std::string_view lines) {
  std::vector<TlsName> names;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() == lines.size() ? line.size() : line.size() + 1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    names.push_back({tls_name_kind(line.substr(0, colon)), std::string(line.substr(colon + 1))});
  }
  return names;
}

}  // namespace detail

}  // namespace wasm_grpc::guest
