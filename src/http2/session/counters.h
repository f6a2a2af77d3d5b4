// What an endpoint counts.
#pragma once

#include <array>

#include "http2/session/end_reason.h"
#include "net/socket_io.h"
#include "rpc/counter.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::http2 {

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
