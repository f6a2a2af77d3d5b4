// Whom guests may call: servers elsewhere, and modules of the same server.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

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

/// Somebody who can be called, by those modules that are granted it.
struct TargetOptions {
  /// How modules name it; guests know nothing else of it.
  std::string name;
  /// "dns:///host:443", "ipv4:10.0.0.1:443,10.0.0.2:443", "ipv6:[fd00::1]:443", "unix:/run/server.sock", "host:443"; or
  /// "module:NAME" for the module of that name of the same server, which is called without a connection.
  std::string address;
  TargetTlsOptions tls = {};
  /// What its servers are asked for (:authority), and their certificates must be for, instead of the address's host.
  std::string authority = {};
  TargetBalancing balancing = TargetBalancing::pick_first;
  /// How long making a connection may take, TLS included.
  std::chrono::milliseconds connect_timeout{20'000};

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
