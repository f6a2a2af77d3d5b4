// Flags of the admin address.
#pragma once

#include <string>
#include <vector>

#include "wasm_grpc/result.h"
#include "wasm_grpc/server.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

struct AdminFlags {
  std::vector<std::string> listen;

  /// Adds the flags to a command; this, and `options`, outlive it.
  void add_to(CLI::App& command, AdminOptions& options);
  /// Has the server listen there: the lines to print.
  [[nodiscard]] Result<std::string> open(Server& server) const;
};

}  // namespace wasm_grpc::cli
