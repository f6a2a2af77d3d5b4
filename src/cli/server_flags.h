// Flags that several commands share, and what they stand for.
#pragma once

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

/// The --tls-… flags.
struct TlsFlags {
  TlsOptions tls;
  std::string client_auth = "require";

  void add_to(CLI::App& command);
  [[nodiscard]] TlsOptions options() const;
};

/// --log-level.
struct LogFlags {
  std::string level = "info";

  void add_to(CLI::App& command);
  [[nodiscard]] LogLevel value() const;
};

}  // namespace wasm_grpc::cli
