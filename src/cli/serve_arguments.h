// What `serve` is told, and `check` with it: modules, a config file, flags.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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
  std::vector<config::Given> defaults;

  void add_to(CLI::App& command);
  /// Throws what CLI11 does for a missing argument when there is neither a module nor a file. For the command's
  /// callback.
  void require_modules() const;
  /// What holds as if a flag had said it, unless one does: a boolean, or the text of another setting. The name is one
  /// of a flag, and the text one that it takes.
  void add_default(std::string_view setting, bool value);
  void add_default(std::string_view setting, std::string_view text);
  [[nodiscard]] config::CommandLine command_line() const;
  /// Reads all of it, and the file.
  [[nodiscard]] config::Reading read() const;
  /// Prints what is wrong, a line for each; returns the exit code.
  [[nodiscard]] int refuse(const config::Reading& reading) const;
};

}  // namespace wasm_grpc::cli
