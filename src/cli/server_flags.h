// Flags that several commands share, and what they stand for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

/// The flags that give modules something of the host's.
struct ModuleFlags {
  std::vector<std::string> directories;
  std::vector<std::string> environment;
  std::vector<std::string> arguments;

  void add_to(CLI::App& command);
  /// The error names the flag that makes no sense.
  [[nodiscard]] Result<ModuleOptions> options() const;
};

/// --code-cache.
void add_code_cache_flag(CLI::App& command, std::string& directory);

/// The --tls-… flags.
struct TlsFlags {
  std::vector<std::string> certificates;
  std::vector<std::string> keys;  // of the certificates, in their order
  std::string client_ca;
  std::string client_auth = "require";

  void add_to(CLI::App& command);
  /// The error says that a certificate lacks its key, or a key its certificate.
  [[nodiscard]] Result<TlsOptions> options() const;
};

/// The flags of how long connections live.
struct ConnectionFlags {
  std::int64_t keepalive_time_ms = ServerOptions{}.keepalive_time.count();
  std::int64_t keepalive_timeout_ms = ServerOptions{}.keepalive_timeout.count();
  std::int64_t min_ping_interval_ms = ServerOptions{}.min_ping_interval.count();
  bool pings_without_calls = ServerOptions{}.pings_without_calls;
  std::int64_t max_idle_ms = ServerOptions{}.max_connection_idle.count();
  std::int64_t max_age_ms = ServerOptions{}.max_connection_age.count();
  std::int64_t max_age_grace_ms = ServerOptions{}.max_connection_age_grace.count();

  void add_to(CLI::App& command);
  void set(ServerOptions& options) const;
};

/// --log-level.
struct LogFlags {
  std::string level = "info";

  void add_to(CLI::App& command);
  [[nodiscard]] LogLevel value() const;
};

/// The --log-… flags of how lines are written, --access-log-… and --trace-….
struct ObserveFlags {
  std::string log_format = "text";
  std::string access_log = "none";
  std::vector<std::string> trace_metadata;
  AccessLogOptions access;
  std::string log_file;
  TraceOptions trace;

  void add_to(CLI::App& command);
  /// The error names the flag that makes no sense.
  [[nodiscard]] Result<> set(ServerOptions& options) const;
};

}  // namespace wasm_grpc::cli
