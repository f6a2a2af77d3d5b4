// Whom guests may call: servers elsewhere, and modules of the same server.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc {

/// TLS with a target. The files are PEM; they are read again for each connection.
struct TargetTlsOptions {
  /// Whether it is spoken; any file below says so too.
  bool enabled = false;
  /// Who signs the certificates of its servers; the system's authorities when empty.
  std::string ca_file = {};
  /// The certificate shown to them, followed by its chain, and its key; none when empty.
  std::string certificate_file = {};
  std::string key_file = {};

  [[nodiscard]] bool operator==(const TargetTlsOptions&) const = default;
};

/// Among several addresses of a target.
enum class TargetBalancing : std::uint8_t {
  pick_first,   // one connection of each worker: to the first that can be reached
  round_robin,  // a connection of each worker to each, and calls in turn
};

/// What is spoken with a target of plain HTTP.
enum class TargetHttpVersion : std::uint8_t {
  automatic,  // over TLS HTTP/2 where the server chooses it (ALPN), else HTTP/1.1
  http1,      // HTTP/1.1
  http2,      // HTTP/2: over TLS the server must choose it, without TLS it is taken to speak it ("prior knowledge")
};

/// Calls that have failed are made again (gRFC A6), as long as nothing of the answer but a status has come, and 256 KiB
/// of messages were sent at most.
struct RetryOptions {
  /// Attempts of a call, the first included, 1 to 5. 1: none is made again.
  std::uint32_t max_attempts = 1;
  /// The pause before the second attempt; each that follows is `multiplier` times as long, up to `max_backoff`. All
  /// vary by a fifth.
  std::chrono::milliseconds initial_backoff{100};
  std::chrono::milliseconds max_backoff{1'000};
  std::uint32_t multiplier = 2;
  /// An attempt of which nothing has come for so long is given up, and counts as failed. 0: none is.
  std::chrono::milliseconds attempt_timeout{0};
  /// Calls that end so are made again.
  std::vector<rpc::StatusCode> codes = {rpc::StatusCode::unavailable};
  /// Of which methods, by the beginnings of their paths. Empty: of all.
  std::vector<std::string> methods = {};

  [[nodiscard]] bool operator==(const RetryOptions&) const = default;
};

/// Calls that are not answered soon are made once more beside it, and the first answer is the call's (gRFC A6). What
/// they are for may be done more than once.
struct HedgingOptions {
  /// Attempts of a call, the first included, 1 to 5. 1: there is one.
  std::uint32_t max_attempts = 1;
  /// How long after an attempt the next begins; 0: all begin at once.
  std::chrono::milliseconds delay{100};
  /// An attempt that ends so does not end the call while there are others; the next begins at once.
  std::vector<rpc::StatusCode> non_fatal_codes = {rpc::StatusCode::unavailable};
  /// Of which methods, by the beginnings of their paths. Empty: of all.
  std::vector<std::string> methods = {};

  [[nodiscard]] bool operator==(const HedgingOptions&) const = default;
};

/// No call is made again, or beside itself, while more than half of the tokens are used up. Of each worker.
struct RetryThrottlingOptions {
  /// An attempt that has failed takes one. At most 1,000; 0: calls are made again whatever happens.
  std::uint32_t max_tokens = 0;
  /// A call that succeeds gives back so many.
  double token_ratio = 0.1;

  [[nodiscard]] bool operator==(const RetryThrottlingOptions&) const = default;
};

/// An address whose calls fail one after the other gets none for a while: calls go to the others. A call fails that
/// ends with UNAVAILABLE, INTERNAL, UNKNOWN or DATA_LOSS, whoever says so, or that has waited for a second at least
/// when its deadline passes. Of each worker.
struct OutlierEjectionOptions {
  /// Failures in a row that leave an address out; 0: none is.
  std::uint32_t consecutive_failures = 0;
  /// How long, as many times as it was left out without a success in between, up to `max_time`.
  std::chrono::milliseconds base_time{30'000};
  std::chrono::milliseconds max_time{300'000};
  /// Of a hundred addresses at most so many are left out; the last one never is.
  std::uint32_t max_percent = 50;

  [[nodiscard]] bool operator==(const OutlierEjectionOptions&) const = default;
};

/// Somebody who can be called, by those modules that are granted it.
struct TargetOptions {
  /// How modules name it; guests know nothing else of it.
  std::string name;
  /// "dns:///host:443", "ipv4:10.0.0.1:443,10.0.0.2:443", "ipv6:[fd00::1]:443", "unix:/run/server.sock", "host:443";
  /// "module:NAME" for the module of that name of the same server, which is called without a connection; or
  /// "http://host:8080", "https://host", which is called by plain HTTP.
  std::string address;
  TargetTlsOptions tls = {};
  /// What its servers are asked for (:authority), and their certificates must be for, instead of the address's host.
  std::string authority = {};
  TargetBalancing balancing = TargetBalancing::pick_first;
  /// Of an address that begins with "http://" or "https://"; no other may say it.
  TargetHttpVersion http_version = TargetHttpVersion::automatic;
  /// How long making a connection may take, TLS included.
  std::chrono::milliseconds connect_timeout{20'000};
  /// `hedging` comes first where a method is in both.
  RetryOptions retry = {};
  HedgingOptions hedging = {};
  RetryThrottlingOptions retry_throttling = {};
  /// With round_robin.
  OutlierEjectionOptions outlier_ejection = {};
  /// Calls wait until there is a connection, and do not fail where none can be made.
  bool wait_for_ready = false;
  /// Calls of each worker that may wait for a connection, or for the server to let one more be open, as it says how
  /// many it lets (MAX_CONCURRENT_STREAMS); one more ends with UNAVAILABLE.
  std::uint32_t max_waiting = 1024;
  /// Metadata of the call that a guest serves which the calls have that it makes for it, by keys; what the guest says
  /// under the same key comes first.
  std::vector<std::string> forward_metadata = {};

  [[nodiscard]] bool operator==(const TargetOptions&) const = default;
};

/// What a module may call of a target.
struct TargetGrant {
  /// TargetOptions::name.
  std::string target;
  /// Beginnings of paths: "/pay.v1.Payments/" for all methods of that service. Empty: all methods.
  std::vector<std::string> methods = {};
  /// Calls that the module may have open at once, in all its instances; one more ends with RESOURCE_EXHAUSTED. 0: as
  /// many as its instances may have.
  std::uint32_t max_concurrent = 0;
  /// How long a call may take, whatever the guest says; 0: as long as it likes.
  std::chrono::milliseconds max_time{0};

  [[nodiscard]] bool operator==(const TargetGrant&) const = default;
};

}  // namespace wasm_grpc
