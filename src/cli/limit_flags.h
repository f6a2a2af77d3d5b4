// The flags of ClientLimits.
#pragma once

#include "wasm_grpc/client_limits.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

/// Adds them to the command; they are written to `limits`, which outlives it.
void add_limit_flags(CLI::App& command, ClientLimits& limits);

}  // namespace wasm_grpc::cli
