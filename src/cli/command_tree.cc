#include "cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <string_view>

#include "config/setting.h"

namespace wasm_grpc::cli {

namespace {

/// CLI11 says of a value what it is, and then what its validators tell of themselves: "NAME:{cpp,rust}",
/// "MS:INT in [1 - 3600000]".
struct TypeName {
  std::string name;
  std::vector<std::string> choices;
};

TypeName type_of(const CLI::Option& option) {
  const std::string full = option.get_type_name();
  TypeName type{full, {}};
  for (const std::string_view validator : {":{", ":INT in", ":UINT in"}) {
    if (const auto at = full.find(validator); at != std::string::npos) type.name = full.substr(0, at);
  }
  if (const auto open = full.find(":{"); open != std::string::npos) {
    std::string word;
    for (std::size_t at = open + 2; at < full.size() && full[at] != '}'; ++at) {
      if (full[at] == ',') {
        type.choices.push_back(std::move(word));
        word.clear();
      } else {
        word += full[at];
      }
    }
    type.choices.push_back(std::move(word));
  }
  return type;
}

bool is_of_files(const config::Setting* setting, const std::string& value) {
  if (setting == nullptr) return value == "FILE" || value == "DIR";
  switch (setting->kind) {
    case config::Kind::path:
    case config::Kind::paths:
    case config::Kind::directories:
      return true;
    default:
      return false;
  }
}

FlagEntry flag_entry(const CLI::Option& option) {
  FlagEntry flag;
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  flag.help = option.get_description();
  if (option.get_items_expected_max() == 0) return flag;
  TypeName type = type_of(option);
  flag.value = type.name;
  flag.choices = std::move(type.choices);
  const config::Setting* setting =
      option.get_lnames().empty() ? nullptr : config::find_setting(option.get_lnames().front());
  if (setting != nullptr) {
    for (const std::string_view choice : setting->choices) flag.choices.emplace_back(choice);
  }
  flag.of_files = is_of_files(setting, flag.value);
  return flag;
}

}  // namespace

std::vector<CommandEntry> command_tree(const CLI::App& app) {
  std::vector<CommandEntry> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    CommandEntry& entry = commands.emplace_back();
    entry.name = command->get_name();
    entry.help = command->get_description();
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional()) {
        entry.arguments.push_back({option->get_name(), option->get_description()});
      } else {
        entry.flags.push_back(flag_entry(*option));
      }
    }
  }
  return commands;
}

}  // namespace wasm_grpc::cli
