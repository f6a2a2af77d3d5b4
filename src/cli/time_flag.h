// Flags whose value is a time.
#pragma once

#include <chrono>

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

/// Adds a flag of milliseconds, from 0 to 30 days. It is written to `value`, whose value now is the default, and which
/// outlives the command.
void add_time_flag(CLI::App& command, const char* name, std::chrono::milliseconds& value, const char* text);

}  // namespace wasm_grpc::cli
