// What `serve` is told, and `check` with it: modules, a config file, flags.
#pragma once

#include <string>

#include "cli/setting_flags.h"
#include "config/read.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

/// The arguments of a command. It outlives the command, and stays where it is.
struct ServeArguments {
  std::string config_file;  // empty: none
  std::vector<std::string> modules;
  SettingFlags flags;

  void add_to(CLI::App& command);
  /// Throws what CLI11 does for a missing argument when there is neither a module nor a file. For the command's
  /// callback.
  void require_modules() const;
  [[nodiscard]] config::CommandLine command_line() const { return {modules, flags.given()}; }
  /// Reads all of it, and the file.
  [[nodiscard]] config::Reading read() const;
  /// Prints what is wrong, a line for each; returns the exit code.
  [[nodiscard]] int refuse(const config::Reading& reading) const;
};

}  // namespace wasm_grpc::cli
