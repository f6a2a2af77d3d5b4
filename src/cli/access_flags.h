// The flags that say who may call what.
#pragma once

#include <string>
#include <vector>

#include "wasm_grpc/access_options.h"
#include "wasm_grpc/result.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

struct AccessFlags {
  std::string policy;
  std::vector<std::string> issuers;
  std::vector<std::string> keys;  // of the issuers, in their order
  std::vector<std::string> audiences;
  bool requires_token = true;
  bool forwards_token = false;
  std::vector<std::string> rates;

  void add_to(CLI::App& command);
  /// What they say; the error names the flag.
  [[nodiscard]] Result<AccessOptions> options() const;
};

}  // namespace wasm_grpc::cli
