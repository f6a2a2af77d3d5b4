// A server to be called, or several that are the same, and how.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "wasm_grpc/target_options.h"

namespace wasm_grpc::client {

struct TargetChannelOptions {
  /// What messages call it.
  std::string name;
  /// `enabled` alone says whether it is spoken.
  TargetTlsOptions tls;
  /// Whoever the server is, by its certificate.
  bool takes_any_certificate = false;
  /// Ends what is said of a TLS handshake that failed.
  std::string tls_advice;
  /// What the server is asked for (:authority), and what its certificate must be for, instead of the address's host.
  std::string authority;
  TargetBalancing policy = TargetBalancing::pick_first;
  /// How long making a connection may take, TLS included.
  std::chrono::milliseconds connect_timeout{20'000};
  /// Calls that are made more than once; `hedging` comes first where a method is in both.
  RetryOptions retry;
  HedgingOptions hedging;
  RetryThrottlingOptions retry_throttling;
  OutlierEjectionOptions outlier_ejection;
  /// Calls wait until there is a connection, and do not fail where none can be made.
  bool wait_for_ready = false;
  /// A connection with calls that has been silent for so long is asked whether it is alive (PING), and given up when it
  /// does not answer within keepalive_timeout. 0: never.
  std::chrono::milliseconds keepalive_time{0};
  std::chrono::milliseconds keepalive_timeout{20'000};
  /// Calls that may wait for a connection, or for their server to let one more be open; one more ends with UNAVAILABLE.
  std::uint32_t max_waiting = TargetOptions().max_waiting;
  /// Bytes one response message may have, after decompression.
  std::uint32_t max_message_size = std::uint32_t{64} << 20;
};

}  // namespace wasm_grpc::client
