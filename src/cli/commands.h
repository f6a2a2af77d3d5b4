// The commands of the wasm-grpc program. Each adds itself to the command line and leaves what to run in `run`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

/// What was asked for; returns the exit code.
using Command = std::function<int()>;

void add_serve(CLI::App& app, Command& run);
void add_check(CLI::App& app, Command& run);
void add_dev(CLI::App& app, Command& run);
void add_inspect(CLI::App& app, Command& run);
void add_call(CLI::App& app, Command& run);
void add_describe(CLI::App& app, Command& run);
void add_list(CLI::App& app, Command& run);
void add_kv(CLI::App& app, Command& run);
void add_new(CLI::App& app, Command& run);
void add_pull(CLI::App& app, Command& run);
void add_push(CLI::App& app, Command& run);
void add_schema(CLI::App& app, Command& run);
void add_completion(CLI::App& app, Command& run);
void add_manual(CLI::App& app, Command& run);

/// Exit codes.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;  // it could not do what was asked
inline constexpr int exit_usage = 2;    // what was asked makes no sense

/// Text of a server or a module for a terminal: control characters, which terminals obey, as \xNN; line ends and tabs
/// stay.
[[nodiscard]] std::string printable(std::string_view text);
/// Prints "wasm-grpc: MESSAGE" to standard error and returns exit_failure.
int fail(const std::string& message);

}  // namespace wasm_grpc::cli
