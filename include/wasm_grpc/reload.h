// Other modules for a server that runs: Server::reload() and its like. docs/reload.md says what happens to calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wasm_grpc/options.h"

namespace wasm_grpc {

/// A module to be served.
struct ModuleSource {
  /// Its file; not looked at where there are bytes.
  std::string path;
  /// Its bytes, where it does not come from a file; `options.name` must then be set.
  std::optional<std::vector<std::byte>> bytes;
  ModuleOptions options;
};

/// What a reload has changed: the names of modules, in their order.
struct ReloadReport {
  /// Counts what has been served since start(), which was 1.
  std::uint64_t generation = 0;
  std::vector<std::string> added;
  std::vector<std::string> replaced;
  std::vector<std::string> removed;
  /// They serve on as they are: neither the file's bytes nor their options have changed.
  std::vector<std::string> unchanged;
  /// What callers may notice, a line for each: methods that are gone or mean something else. The log has them too.
  std::vector<std::string> warnings;
};

}  // namespace wasm_grpc
