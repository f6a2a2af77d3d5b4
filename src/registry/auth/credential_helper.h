// Programs that keep credentials: docker-credential-NAME.
#pragma once

#include <stop_token>
#include <string>

#include "registry/auth/credentials.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// Asks `docker-credential-NAME get`, of PATH, for a server; nobody where it knows of none. It has 30 seconds, and
/// 64 KiB to say it in; what it says beside that is not shown. From any thread; blocks.
[[nodiscard]] Result<Credentials> ask_helper(const std::string& name, const std::string& server,
                                             const std::stop_token& stop);

}  // namespace wasm_grpc::registry
