#include "config/setting.h"

#include <algorithm>

namespace wasm_grpc::config {

std::string Setting::name() const {
  std::string name(table);
  if (!name.empty()) name += '-';
  return name += key;
}

Value default_of(const Setting& setting) {
  if (setting.config) return setting.config.get(Config());
  if (setting.module) return setting.module.get(ModuleConfig());
  if (setting.listen) return setting.listen.get(ListenConfig());
  return setting.target ? setting.target.get(TargetOptions()) : setting.grant.get(TargetGrant());
}

Result<> check_number(const Setting& setting, std::int64_t number) {
  const auto [least, most] = setting.range;
  if (number >= least && number <= most) return success();
  const auto text = [&](std::int64_t limit) {
    const std::string digits = std::to_string(limit);
    const std::string units = number_text(setting.kind, limit);
    return units == digits ? digits : digits + " (" + units + ")";
  };
  return Error{std::to_string(number) + " is too " + (number < least ? "small" : "large") + "; expected " +
               text(least) + " to " + text(most)};
}

Result<Value> parse_value(const Setting& setting, std::string_view text) {
  if (is_number(setting.kind)) {
    auto number = parse_number(setting.kind, text);
    if (!number.ok()) return Error{in_quotes(text) + " is none: " + number.error().message};
    if (auto fits = check_number(setting, number.value()); !fits.ok()) return std::move(fits).error();
    return Value(number.value());
  }
  if (setting.kind == Kind::fraction) {
    auto fraction = parse_fraction(text);
    if (!fraction.ok()) return Error{in_quotes(text) + " is none: " + fraction.error().message};
    return Value(fraction.value());
  }
  if (setting.kind == Kind::choice) {
    const auto found = std::find(setting.choices.begin(), setting.choices.end(), text);
    if (found != setting.choices.end()) return Value(std::int64_t{found - setting.choices.begin()});
    std::string known;
    for (const std::string_view choice : setting.choices) known += (known.empty() ? "" : ", ") + in_quotes(choice);
    return Error{in_quotes(text) + " is not known; expected one of " + known};
  }
  if (setting.kind == Kind::variables) {
    auto variable = parse_variable(text);
    if (!variable.ok()) return std::move(variable).error();
    return Value(Variables{std::move(variable).value()});
  }
  if (setting.kind == Kind::directories) {
    auto grant = parse_directory(text);
    if (!grant.ok()) return std::move(grant).error();
    return Value(Directories{std::move(grant).value()});
  }
  if (setting.check != nullptr) {
    if (auto sound = setting.check(text); !sound.ok()) return std::move(sound).error();
  }
  if (is_list(setting.kind)) return Value(std::vector<std::string>{std::string(text)});
  return Value(std::string(text));
}

const Setting* find_setting(std::string_view name) noexcept {
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      const bool named = setting.table.empty() ? setting.key == name
                                               : name.size() == setting.table.size() + 1 + setting.key.size() &&
                                                     name.starts_with(setting.table) && name.ends_with(setting.key) &&
                                                     name[setting.table.size()] == '-';
      if (named && !setting.only_within) return &setting;
    }
  }
  return nullptr;
}

namespace {

/// Those of the server that differ, of these two kinds.
std::vector<std::string> differing(const Config& a, const Config& b, Change change) {
  std::vector<std::string> names;
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      if (setting.change == change && setting.config && setting.config.get(a) != setting.config.get(b)) {
        names.push_back(setting.name());
      }
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> taken_by_reload(const Config& running, const Config& next) {
  std::vector<std::string> names = differing(running, next, Change::reload);
  const auto same = [](const ListenConfig& a, const ListenConfig& b) { return a.options == b.options; };
  if (!std::ranges::equal(running.listen, next.listen, same)) names.emplace_back("[[listen]]");
  return names;
}

std::vector<std::string> need_restart(const Config& running, const Config& next) {
  std::vector<std::string> names = differing(running, next, Change::restart);
  if (running.server.targets != next.server.targets) names.emplace_back("target");
  return names;
}

}  // namespace wasm_grpc::config
