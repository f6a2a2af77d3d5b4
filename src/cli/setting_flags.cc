#include "cli/setting_flags.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <utility>
#include <variant>

#include "config/setting.h"

namespace wasm_grpc::cli {

namespace {

using config::Kind;
using config::Setting;
using config::Value;

/// As --help has it; empty where there is none to tell.
std::string default_text(const Setting& setting) {
  const Value value = config::default_of(setting);
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return setting.kind == Kind::choice ? std::string(setting.choices[static_cast<std::size_t>(*number)])
                                        : std::to_string(*number);
  }
  if (const auto* fraction = std::get_if<double>(&value)) return config::fraction_text(*fraction);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  const auto* texts = std::get_if<std::vector<std::string>>(&value);
  return texts == nullptr || texts->empty() ? "" : texts->front();
}

/// The values of a flag that may be given several times, as one. CLI11 has refused those that are none.
Value list_of(const Setting& setting, const std::vector<std::string>& texts) {
  std::vector<std::string> strings;
  config::Variables variables;
  config::Directories directories;
  for (const std::string& text : texts) {
    const auto value = config::parse_value(setting, text);
    if (!value.ok()) continue;
    if (const auto* variable = std::get_if<config::Variables>(&value.value())) {
      variables.push_back(variable->front());
    } else if (const auto* directory = std::get_if<config::Directories>(&value.value())) {
      directories.push_back(directory->front());
    } else {
      strings.push_back(text);
    }
  }
  if (setting.kind == Kind::variables) return variables;
  if (setting.kind == Kind::directories) return directories;
  return strings;
}

}  // namespace

void SettingFlags::add_all(CLI::App& command) {
  for (const config::Group* group : config::groups()) {
    for (const Setting& setting : group->settings) {
      if (!setting.only_within) add(command, setting);
    }
  }
}

void SettingFlags::add(CLI::App& command, std::string_view name) { add(command, *config::find_setting(name)); }

void SettingFlags::add(CLI::App& command, const Setting& setting) {
  Flag& flag = flags_.emplace_back();
  flag.setting = &setting;
  const std::string help(setting.help);
  if (setting.kind == Kind::boolean) {
    flag.option = command.add_flag(setting.flag() + ",!--no-" + setting.name(), flag.on, help);
  } else if (is_list(setting.kind)) {
    // Not several after one flag: it would take the modules that follow.
    flag.option = command.add_option(setting.flag(), flag.texts, help)->allow_extra_args(false);
  } else {
    flag.option = command.add_option(setting.flag(), flag.text, help);
  }
  flag.option->default_str(default_text(setting));
  if (setting.kind == Kind::boolean) return;
  flag.option->type_name(std::string(setting.argument));
  flag.option->check([&setting](const std::string& text) {
    const auto value = config::parse_value(setting, text);
    return value.ok() ? std::string() : value.error().message;
  });
}

std::vector<config::Given> SettingFlags::given() const {
  std::vector<config::Given> all;
  for (const Flag& flag : flags_) {
    if (flag.option->count() == 0) continue;
    if (flag.setting->kind == Kind::boolean) {
      all.push_back({flag.setting, Value(flag.on)});
    } else if (is_list(flag.setting->kind)) {
      all.push_back({flag.setting, list_of(*flag.setting, flag.texts)});
    } else if (auto value = config::parse_value(*flag.setting, flag.text); value.ok()) {
      all.push_back({flag.setting, std::move(value).value()});
    }
  }
  return all;
}

}  // namespace wasm_grpc::cli
