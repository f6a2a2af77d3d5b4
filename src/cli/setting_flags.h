// The flags of the table of settings (config/setting.h).
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/read.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wasm_grpc::cli {

/// Flags of a command. It outlives the command, and stays where it is.
class SettingFlags {
 public:
  SettingFlags() = default;
  SettingFlags(const SettingFlags&) = delete;
  SettingFlags& operator=(const SettingFlags&) = delete;

  /// Adds the flags of all settings.
  void add_all(CLI::App& command);
  /// Adds the one of that name, without its dashes; there is one.
  void add(CLI::App& command, std::string_view name);

  /// What was said by them, once the command line was read.
  [[nodiscard]] std::vector<config::Given> given() const;

 private:
  struct Flag {
    const config::Setting* setting = nullptr;
    CLI::Option* option = nullptr;
    bool on = false;
    std::string text;
    std::vector<std::string> texts;
  };

  void add(CLI::App& command, const config::Setting& setting);

  std::deque<Flag> flags_;  // options point to what is in it
};

}  // namespace wasm_grpc::cli
