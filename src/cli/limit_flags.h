// The flags of ClientLimits, GuestLimits, SharedStateLimits and LogLimits.
#pragma once

#include "wasm_grpc/client_limits.h"
#include "wasm_grpc/guest_limits.h"
#include "wasm_grpc/log_limits.h"
#include "wasm_grpc/shared_state.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

/// Add them to the command; they are written to `limits`, which outlives it.
void add_limit_flags(CLI::App& command, ClientLimits& limits);
void add_limit_flags(CLI::App& command, GuestLimits& limits);
void add_limit_flags(CLI::App& command, SharedStateLimits& limits);
void add_limit_flags(CLI::App& command, LogLimits& limits);

}  // namespace wasm_grpc::cli
