#include "http2/session/end_reason.h"

#include <array>

namespace wasm_grpc::http2 {

std::string_view name(EndReason reason) noexcept {
  static constexpr std::array<std::string_view, end_reasons> names = {
      "malformed HTTP/1.1", "handshake timeout", "protocol error",       "reset flood",    "error flood",
      "control flood",      "header flood",      "slow headers",         "stalled output", "too many pings",
      "keepalive timeout",  "TLS failure",       "too many connections", "unread output",  "bad PROXY header",
  };
  return names[static_cast<std::size_t>(reason)];
}

bool is_attack(EndReason reason) noexcept {
  return reason == EndReason::reset_flood || reason == EndReason::error_flood || reason == EndReason::control_flood ||
         reason == EndReason::header_flood;
}

}  // namespace wasm_grpc::http2
