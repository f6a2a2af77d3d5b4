// The log as text on standard error.
#pragma once

#include "observe/log_writer.h"

namespace wasm_grpc::observe {

/// Writes "TIME LEVEL SOURCE: TEXT", each line by one write. It waits for as long as the other side takes nothing. Not
/// for threads that hear SIGPIPE.
[[nodiscard]] LineFunction standard_error();

}  // namespace wasm_grpc::observe
