// Who a TLS certificate says that a client is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc {

/// What kind of name it is (RFC 5280, 4.2.1.6; the last is of the subject, 4.1.2.6). The same text means another client
/// in each of them: whoever may have a common name signed may not have that DNS name.
enum class TlsNameKind : std::uint8_t { dns, uri, common_name, email, ip };

/// "dns", "uri", "cn", "email" or "ip".
[[nodiscard]] constexpr std::string_view name(TlsNameKind kind) noexcept {
  switch (kind) {
    case TlsNameKind::dns:
      return "dns";
    case TlsNameKind::uri:
      return "uri";
    case TlsNameKind::common_name:
      return "cn";
    case TlsNameKind::email:
      return "email";
    case TlsNameKind::ip:
      return "ip";
  }
  return {};
}

/// One name of a client. An IP address is as in "192.0.2.7" or "2001:db8::7".
struct TlsName {
  TlsNameKind kind = TlsNameKind::dns;
  std::string value;

  friend bool operator==(const TlsName&, const TlsName&) = default;
};

/// Sorted by kind, in the order of TlsNameKind; within one as they are in the certificate. Never empty texts, nor any
/// with control characters.
using TlsNames = std::vector<TlsName>;

/// Whether a text may be such a name: a control character inside is an old way to pass for somebody else.
[[nodiscard]] inline bool is_sound_tls_name(std::string_view text) noexcept {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// Bytes of all names of a client together; what does not fit is left out.
inline constexpr std::size_t max_tls_names_bytes = std::size_t{8} << 10;

}  // namespace wasm_grpc
