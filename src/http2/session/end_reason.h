// Why connections are ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wasm_grpc::http2 {

/// Why we ended a connection whose client did not.
enum class EndReason : std::uint8_t {
  malformed_http1,    // it is neither HTTP/2 nor HTTP/1.1, or a request that cannot be served safely
  handshake_timeout,  // ClientLimits::handshake_timeout
  protocol_error,     // its frames or their order break HTTP/2
  reset_flood,        // ClientLimits::reset_burst, by the client itself
  error_flood,        // ClientLimits::reset_burst, by errors that made us reset streams
  control_flood,      // ClientLimits::overhead_burst, or it makes us queue replies that it does not read
  header_flood,       // ClientLimits::max_continuations, or header lists far above ClientLimits::max_header_list_size
  slow_headers,       // ClientLimits::header_timeout
  stalled_output,     // ClientLimits::stall_timeout
  too_many_pings,     // ConnectionOptions::min_ping_interval
  keepalive_timeout,  // ConnectionOptions::keepalive_timeout
  tls_failure,        // no agreement on TLS, or broken records later
  too_many,           // Endpoint::note_refused()
  unread_output,      // ServerOptions::max_unread_output
  bad_proxy_header,   // it came from a proxy and began by no header of the PROXY protocol
};
inline constexpr std::size_t end_reasons = 15;
/// Its name as in the log: "reset flood".
[[nodiscard]] std::string_view name(EndReason reason) noexcept;
/// True for what no client does by mistake.
[[nodiscard]] bool is_attack(EndReason reason) noexcept;

}  // namespace wasm_grpc::http2
