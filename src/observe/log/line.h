// One line on its way out.
#pragma once

#include <functional>

#include "wasm_grpc/log.h"

namespace wasm_grpc::observe {

/// What the queue of a log keeps.
struct LogLine : LogEvent {
  /// It is about its call, and its text says so wherever it goes. Else its call is only that during which it was said.
  bool names_call = false;
};

/// Writes a line, or throws when it could not.
using LineFunction = std::function<void(const LogLine& line)>;

}  // namespace wasm_grpc::observe
