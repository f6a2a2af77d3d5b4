// Flags whose value is a time.
#pragma once

#include <chrono>
#include <cstdint>

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

/// Adds a flag of milliseconds, from `least` to `most`, 30 days. It is written to `value`, whose value now is the
/// default, and which outlives the command.
void add_time_flag(CLI::App& command, const char* name, std::chrono::milliseconds& value, const char* text,
                   std::int64_t least = 0, std::int64_t most = std::int64_t{30} * 24 * 3'600'000);

}  // namespace wasm_grpc::cli
