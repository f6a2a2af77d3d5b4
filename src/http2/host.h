// What an endpoint needs from the worker it lives on, and what it counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/socket_io.h"
#include "rpc/counter.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"

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
  bad_proxy_header,   // it came from a proxy and began by no header of the PROXY protocol
};
inline constexpr std::size_t end_reasons = 14;
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
  /// A call was ended by a limit of ours to the time it takes. `why` says it in words of ours. Clients decide how
  /// often.
  virtual void call_ended(const rpc::Method& method, std::string_view peer, std::string_view why) noexcept {
    static_cast<void>(method), static_cast<void>(peer), static_cast<void>(why);
  }
};

/// What happened at an endpoint since it was made. Counted on its thread, read from any.
struct Counters : net::Traffic {
  rpc::Counter connections_accepted;
  rpc::Counter connections_open;                                   // now
  rpc::Counter connections_refused;                                // Endpoint::note_refused()
  std::array<rpc::Counter, end_reasons> connections_ended;         // by EndReason
  rpc::Counter calls_started;                                      // given to a handler
  rpc::Counter calls_refused;                                      // answered without one
  rpc::Counter calls_past_deadline;                                // of their clients
  rpc::Counter calls_over_time;                                    // ConnectionOptions::max_call_time
  rpc::Counter metadata_dropped;                                   // fields that gRPC does not allow
  rpc::Counter forwarded_certificates_dropped;                     // of clients that are not believed, or malformed
  rpc::Counter calls_idle;                                         // ClientLimits::request_idle_timeout
  std::array<rpc::Counter, rpc::max_status_code + 1> calls_ended;  // by status; CANCELLED where there was none
};

}  // namespace wasm_grpc::http2
