// A server to be called, or several that are the same, and how.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace wasm_grpc::client {

/// Among several addresses of a target.
enum class BalancingPolicy : std::uint8_t {
  pick_first,   // one connection: to the first that can be reached
  round_robin,  // a connection to each, and calls in turn
};

/// TLS with a target. The files are PEM; they are read again for each connection.
struct TargetTls {
  bool enabled = false;
  /// Who signs the server's certificate; the system's authorities when empty.
  std::string ca_file;
  /// The certificate shown to the server, followed by its chain, and its key; none when empty.
  std::string certificate_file;
  std::string key_file;
};

struct TargetChannelOptions {
  /// What messages call it.
  std::string name;
  TargetTls tls;
  /// What the server is asked for (:authority), and what its certificate must be for, instead of the address's host.
  std::string authority;
  BalancingPolicy policy = BalancingPolicy::pick_first;
  /// How long making a connection may take, TLS included.
  std::chrono::milliseconds connect_timeout{20'000};
  /// A connection with calls that has been silent for so long is asked whether it is alive (PING), and given up when it
  /// does not answer within keepalive_timeout. 0: never.
  std::chrono::milliseconds keepalive_time{0};
  std::chrono::milliseconds keepalive_timeout{20'000};
  /// Calls that may wait for a connection; one more is answered UNAVAILABLE.
  std::uint32_t max_pending = 1024;
  /// Bytes one response message may have, after decompression.
  std::uint32_t max_message_size = std::uint32_t{64} << 20;
};

}  // namespace wasm_grpc::client
