// What an endpoint needs from the worker it lives on, and what it counts.
#pragma once

#include <cstdint>

namespace wasm_grpc::http2 {

/// The worker. Called on its own thread, from inside the endpoint.
class Host {
 public:
  virtual ~Host() = default;
  /// There is something to send: call Endpoint::flush() soon, after the guests that are ready had their turn. Called
  /// once until flush() was called.
  virtual void wake() noexcept = 0;
  /// After Endpoint::drain(): the last connection is gone.
  virtual void drained() noexcept = 0;
};

/// What happened at an endpoint since it was made.
struct Counters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;     // now
  std::uint64_t connections_refused = 0;  // over Settings::max_connections, or not HTTP/2
  std::uint64_t connections_ended_for_resets = 0;
  std::uint64_t tls_handshakes_failed = 0;
  std::uint64_t calls_started = 0;  // given to a handler
  std::uint64_t calls_refused = 0;  // answered without one
  std::uint64_t calls_past_deadline = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t reads = 0;   // of sockets
  std::uint64_t writes = 0;  // to sockets
};

}  // namespace wasm_grpc::http2
