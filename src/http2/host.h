// What an endpoint needs from the worker it lives on, and what it counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wasm_grpc::http2 {

/// Why we ended a connection whose client did not.
enum class EndReason : std::uint8_t {
  not_http2,          // it does not begin as HTTP/2 does
  handshake_timeout,  // Settings::handshake_timeout
  protocol_error,     // its frames or their order break HTTP/2
  reset_flood,        // Settings::reset_burst, by the client itself
  error_flood,        // Settings::reset_burst, by errors that made us reset streams
  control_flood,      // Settings::overhead_burst, or it makes us queue replies that it does not read
  header_flood,       // Settings::max_continuations, or header lists far above Settings::max_header_list_size
  slow_headers,       // Settings::header_timeout
  stalled_output,     // Settings::stall_timeout
  too_many_pings,     // Settings::min_ping_interval
  keepalive_timeout,  // Settings::keepalive_timeout
  tls_failure,        // no agreement on TLS, or broken records later
};
inline constexpr std::size_t end_reasons = 12;
/// Its name as in the log: "reset flood".
[[nodiscard]] std::string_view name(EndReason reason) noexcept;
/// True for what no client does by mistake.
[[nodiscard]] bool is_attack(EndReason reason) noexcept;

/// The worker. Called on its own thread, from inside the endpoint.
class Host {
 public:
  virtual ~Host() = default;
  /// There is something to send: call Endpoint::flush() soon, after the guests that are ready had their turn. Called
  /// once until flush() was called.
  virtual void wake() noexcept = 0;
  /// After Endpoint::drain(): the last connection is gone.
  virtual void drained() noexcept = 0;
  /// A connection is being ended because of what its client did. `detail` says it in words of ours, never the client's.
  /// Clients decide how often this is called.
  virtual void connection_ended(EndReason reason, std::string_view peer, std::string_view detail) noexcept {
    static_cast<void>(reason), static_cast<void>(peer), static_cast<void>(detail);
  }
};

/// What happened at an endpoint since it was made.
struct Counters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;                          // now
  std::uint64_t connections_refused = 0;                       // over Settings::max_connections, or not HTTP/2
  std::array<std::uint64_t, end_reasons> connections_ended{};  // by EndReason
  std::uint64_t calls_started = 0;                             // given to a handler
  std::uint64_t calls_refused = 0;                             // answered without one
  std::uint64_t calls_past_deadline = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t reads = 0;   // of sockets
  std::uint64_t writes = 0;  // to sockets
};

}  // namespace wasm_grpc::http2
