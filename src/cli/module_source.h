// Where the modules of a config come from: files, and registries.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "config/config.h"
#include "registry/digest.h"
#include "registry/reference.h"
#include "wasm_grpc/reload.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

/// A tag that is asked for again and again.
struct FollowedTag {
  registry::Reference reference;
  registry::Digest digest;  // which it has meant when its module was fetched
  std::chrono::milliseconds poll;
};

/// A module, ready to be served.
struct FoundModule {
  /// With bytes, where they come from a registry; its path is what the config says then too.
  ModuleSource source;
  std::optional<FollowedTag> tag;
  std::vector<std::string> warnings;  // for the log, a line each
};

/// Finds it: a file is left to the server, and what a registry has is fetched, and verified. Blocks meanwhile; for no
/// worker's thread.
[[nodiscard]] Result<FoundModule> find_module(const config::Config& config, const config::ModuleConfig& module,
                                              const std::stop_token& stop = {});

/// Adds it to a server that has not started; the error says where it comes from. What was to be told is in its log.
[[nodiscard]] Result<ModuleInfo> add_module(Server& server, const FoundModule& module);

}  // namespace wasm_grpc::cli
