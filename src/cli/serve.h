// Serving, for the commands that do.
#pragma once

#include "cli/serve_arguments.h"

namespace wasm_grpc::cli {

/// Serves what the arguments say until it is told to stop; returns the exit code. They outlive it.
[[nodiscard]] int serve(const ServeArguments& arguments);

}  // namespace wasm_grpc::cli
