// The one file that knows TOML.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>

#include "config/draft.h"
#include "text/similar_name.h"

namespace wasm_grpc::config {

namespace {

Place place_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

/// What a node is, with an article.
std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

/// A part of the file that has settings: the top, a [[module]], a [[listen]].
struct Level {
  std::string_view shown;                                              // "[[module]]"; empty for the top
  bool (*takes)(const Setting&);                                       // whether a setting may be said there
  std::function<void(const Setting&, const Value&, Place)> put;        // what to do with it
  std::vector<std::string_view> tables = {};                           // those of their own ways
  std::function<void(std::string_view, const toml::node&)> read = {};  // one of them
};

bool at_top(const Setting& setting) { return !setting.only_within && (setting.config || setting.module); }
bool in_module(const Setting& setting) { return static_cast<bool>(setting.module); }
bool in_listen(const Setting& setting) { return static_cast<bool>(setting.listen); }

template <typename Function>
void for_each_setting(const Function& function) {
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) function(setting);
  }
}

class Reader {
 public:
  Reader(const Source& source, const Secrets& secrets, Draft& draft)
      : source_(source), secrets_(secrets), draft_(draft) {}

  void read(const toml::table& root) {
    std::vector<const toml::table*> modules;
    std::vector<const toml::table*> addresses;
    const Level top{
        .shown = "",
        .takes = at_top,
        .put =
            [this](const Setting& setting, const Value& value, Place place) {
              draft_.places.emplace(&setting, place);
              if (setting.config) put(setting, setting.config, draft_.config, value);
              // What the server has of its own holds for modules that do not say otherwise.
              if (!setting.config) put(setting, setting.module, draft_.config.module_defaults, value);
            },
        .tables = {"module", "listen"},
        .read = [&](std::string_view key,
                    const toml::node& node) { collect(key, node, key == "module" ? modules : addresses); },
    };
    read_level(root, "", top);
    for (const toml::table* table : modules) read_module(*table);
    if (!addresses.empty()) draft_.config.listen.clear();
    for (const toml::table* table : addresses) read_address(*table);
  }

 private:
  /// The tables of a [[name]].
  void collect(std::string_view name, const toml::node& node, std::vector<const toml::table*>& tables) {
    const std::string expected = "expected [[" + std::string(name) + "]], in double brackets, once for each";
    if (!node.is_array())
      return complain(node, in_quotes(name) + " is " + std::string(kind_of(node)) + "; " + expected);
    for (const toml::node& element : *node.as_array()) {
      if (const toml::table* table = element.as_table()) {
        tables.push_back(table);
      } else {
        complain(element, in_quotes(name) + " has " + std::string(kind_of(element)) + "; " + expected);
      }
    }
  }

  void read_module(const toml::table& table) {
    ModuleConfig module = draft_.config.module_defaults;
    const Level level{
        .shown = "[[module]]", .takes = in_module, .put = [&](const Setting& setting, const Value& value, Place) {
          put(setting, setting.module, module, value);
        }};
    read_level(table, "", level);
    if (!table.contains("path")) complain(table, "[[module]] has no path; expected path = \"FILE.wasm\"");
    draft_.config.modules.push_back(std::move(module));
    draft_.module_places.push_back(place_of(table.source()));
  }

  void read_address(const toml::table& table) {
    ListenConfig listen;
    const Level level{
        .shown = "[[listen]]", .takes = in_listen, .put = [&](const Setting& setting, const Value& value, Place) {
          put(setting, setting.listen, listen, value);
        }};
    read_level(table, "", level);
    if (!table.contains("address")) complain(table, "[[listen]] has no address; expected address = \"ADDRESS:PORT\"");
    draft_.config.listen.push_back(std::move(listen));
  }

  /// Reads the settings of a level, or of a table in it.
  void read_level(const toml::table& table, std::string_view within, const Level& level) {
    for (const auto& [key, node] : table) {
      const std::string_view name = key.str();
      // An array of strings may say what a [[name]] says at more length.
      const bool of_tables =
          node.is_table() || (node.is_array() && !node.as_array()->empty() && node.as_array()->front().is_table());
      const Setting* setting = find(name, within, level);
      if (setting != nullptr && !(of_tables && is_own_table(name, within, level))) {
        if (auto value = value_of(*setting, node)) level.put(*setting, *value, place_of(key.source()));
      } else if (is_own_table(name, within, level)) {
        level.read(name, node);
      } else if (within.empty() && has_table(name, level)) {
        if (const toml::table* inner = node.as_table()) {
          read_level(*inner, name, level);
        } else {
          complain(node, in_quotes(name) + " is " + std::string(kind_of(node)) + "; expected the table [" +
                             std::string(name) + "]");
        }
      } else {
        unknown(key, within, level);
      }
    }
  }

  static const Setting* find(std::string_view key, std::string_view within, const Level& level) {
    const Setting* found = nullptr;
    for_each_setting([&](const Setting& setting) {
      if (setting.key == key && setting.table == within && level.takes(setting)) found = &setting;
    });
    return found;
  }
  static bool is_own_table(std::string_view key, std::string_view within, const Level& level) {
    return within.empty() && std::find(level.tables.begin(), level.tables.end(), key) != level.tables.end();
  }
  static bool has_table(std::string_view name, const Level& level) {
    if (name.empty()) return false;  // that is how the table calls what is in none
    bool has = false;
    for_each_setting([&](const Setting& setting) { has = has || (setting.table == name && level.takes(setting)); });
    return has;
  }

  void unknown(const toml::key& key, std::string_view within, const Level& level) {
    std::string where(level.shown);
    if (!within.empty()) {
      where = level.shown.empty() ? "[" + std::string(within) + "]"
                                  : std::string(within) + " of " + std::string(level.shown);
    }
    complain(key.source(), "unknown key " + in_quotes(key.str()) + (where.empty() ? "" : " in " + where) +
                               advice(key.str(), within, level));
  }

  /// What may have been meant by a key that is not known there.
  static std::string advice(std::string_view key, std::string_view within, const Level& level) {
    // A flag's name where the file has a table, or a key in the wrong part of the file.
    std::string elsewhere;
    for_each_setting([&](const Setting& setting) {
      if (!elsewhere.empty()) return;
      const std::string table = "[" + std::string(setting.table) + "]";
      if (!level.shown.empty() && !key.empty() && setting.table == key && at_top(setting)) {
        elsewhere = "; " + table + " holds for the whole server";
      }
      if (setting.key != key && setting.name() != key) return;
      if (level.takes(setting)) {
        elsewhere = !setting.table.empty() ? "; it is " + in_quotes(setting.key) + " in " + table
                    : level.shown.empty()  ? "; it belongs before the first table"
                                           : "; it belongs into " + std::string(level.shown) + " itself";
      } else if (setting.module) {
        elsewhere = "; it belongs into [[module]]";
      } else if (at_top(setting)) {
        elsewhere = "; it holds for the whole server: it belongs " +
                    (setting.table.empty() ? "before the first table of the file" : "into " + table);
      } else {
        elsewhere = "; it belongs into [[listen]]";
      }
    });
    if (!elsewhere.empty()) return elsewhere;
    std::vector<std::string_view> known;
    if (within.empty()) known = level.tables;
    for_each_setting([&](const Setting& setting) {
      if (!level.takes(setting)) return;
      if (setting.table == within) known.push_back(setting.key);
      if (within.empty() && !setting.table.empty()) known.push_back(setting.table);
    });
    if (const auto similar = text::similar_name(key, known)) return "; did you mean " + in_quotes(*similar) + "?";
    return "; `wasm-grpc schema` says what there is";
  }

  // ---- Values ----

  std::optional<Value> value_of(const Setting& setting, const toml::node& node) {
    switch (setting.kind) {
      case Kind::boolean:
        if (const auto* boolean = node.as_boolean()) return Value(boolean->get());
        return not_expected(setting, node);
      case Kind::count:
      case Kind::percent:
      case Kind::bytes:
      case Kind::time:
        if (const auto* integer = node.as_integer()) return number_of(setting, *integer);
        if (setting.kind == Kind::bytes || setting.kind == Kind::time) return text_of(setting, node);
        return not_expected(setting, node);
      case Kind::fraction:
        return fraction_of(setting, node);
      case Kind::choice:
      case Kind::text:
      case Kind::path:
      case Kind::address:
        return text_of(setting, node);
      case Kind::texts:
      case Kind::paths:
      case Kind::addresses:
      case Kind::directories:
        return list_of(setting, node);
      case Kind::variables:
        return variables_of(setting, node);
    }
    return std::nullopt;
  }

  std::nullopt_t not_expected(const Setting& setting, const toml::node& node) {
    complain(node, in_quotes(setting.key) + " is " + std::string(kind_of(node)) + "; expected " +
                       std::string(expected(setting.kind)));
    return std::nullopt;
  }

  std::optional<Value> fraction_of(const Setting& setting, const toml::node& node) {
    const auto number = node.value<double>();
    if (!node.is_number() || !number) return not_expected(setting, node);
    if (!(*number >= 0 && *number <= 1)) {
      complain(node, in_quotes(setting.key) + " is out of its range; expected " + std::string(expected(setting.kind)));
      return std::nullopt;
    }
    return Value(*number);
  }

  std::optional<Value> number_of(const Setting& setting, const toml::value<std::int64_t>& integer) {
    if (auto fits = check_number(setting, integer.get()); !fits.ok()) {
      complain(integer, in_quotes(setting.key) + ": " + fits.error().message);
      return std::nullopt;
    }
    return Value(integer.get());
  }

  std::optional<Value> text_of(const Setting& setting, const toml::node& node) {
    const auto* string = node.as_string();
    if (string == nullptr) return not_expected(setting, node);
    if (string->get().find('\0') != std::string::npos) {
      complain(node, in_quotes(setting.key) + " has a NUL character, which it cannot");
      return std::nullopt;
    }
    if (string->get().empty() && (setting.kind == Kind::path || setting.kind == Kind::paths)) {
      complain(node, in_quotes(setting.key) + " is empty; expected a path");
      return std::nullopt;
    }
    auto value = parse_value(setting, string->get());
    if (!value.ok()) {
      complain(node, in_quotes(setting.key) + ": " + value.error().message);
      return std::nullopt;
    }
    resolve(setting.kind, value.value());
    return std::move(value).value();
  }

  std::optional<Value> list_of(const Setting& setting, const toml::node& node) {
    if (node.is_string()) return text_of(setting, node);
    const toml::array* array = node.as_array();
    if (array == nullptr) return not_expected(setting, node);
    std::vector<std::string> texts;
    Directories directories;
    for (const toml::node& element : *array) {
      auto value = text_of(setting, element);
      if (!value) continue;  // it was said, and the others are looked at too
      if (auto* grants = std::get_if<Directories>(&*value)) {
        directories.push_back(std::move(grants->front()));
      } else {
        texts.push_back(std::move(std::get<std::vector<std::string>>(*value).front()));
      }
    }
    if (setting.kind == Kind::directories) return Value(std::move(directories));
    return Value(std::move(texts));
  }

  /// Makes a path that is relative to the file's folder one of the process.
  void resolve(Kind kind, Value& value) const {
    if (kind == Kind::path) {
      make_absolute(std::get<std::string>(value));
    } else if (kind == Kind::paths) {
      make_absolute(std::get<std::vector<std::string>>(value).front());
    } else if (kind == Kind::directories) {
      make_absolute(std::get<Directories>(value).front().host_path);
    } else if (kind == Kind::address) {
      resolve_address(std::get<std::string>(value));
    } else if (kind == Kind::addresses) {
      resolve_address(std::get<std::vector<std::string>>(value).front());
    }
  }
  void resolve_address(std::string& address) const {
    constexpr std::string_view unix_socket = "unix:";
    if (!address.starts_with(unix_socket)) return;
    std::string path = address.substr(unix_socket.size());
    make_absolute(path);
    address.replace(unix_socket.size(), std::string::npos, path);
  }
  void make_absolute(std::string& path) const {
    if (!source_.folder.empty()) path = (std::filesystem::path(source_.folder) / path).string();
  }

  // What is wrong with a variable is said without its value.

  std::optional<Value> variables_of(const Setting& setting, const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return not_expected(setting, node);
    Variables variables;
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
        complain(key.source(), in_quotes(name) + " cannot name a variable: it is empty, or contains '=' or NUL");
      } else if (auto text = variable_of(name, value)) {
        variables.emplace_back(name, std::move(*text));
      }
    }
    return Value(std::move(variables));
  }

  std::optional<std::string> variable_of(const std::string& name, const toml::node& node) {
    std::optional<std::string> text;
    if (const auto* string = node.as_string()) {
      text = string->get();
    } else if (const toml::table* table = node.as_table()) {
      text = secret_of(name, *table);
      if (!text) return std::nullopt;
    } else {
      complain(node, "the variable " + in_quotes(name) + " is " + std::string(kind_of(node)) +
                         "; expected a string, { file = \"PATH\" } or { from-env = \"NAME\" }");
      return std::nullopt;
    }
    if (text->find('\0') != std::string::npos) {
      complain(node, "the variable " + in_quotes(name) + " has a NUL character, which none can");
      return std::nullopt;
    }
    return text;
  }

  std::optional<std::string> secret_of(const std::string& name, const toml::table& table) {
    const std::string variable = "the variable " + in_quotes(name);
    constexpr std::string_view expected = "expected { file = \"PATH\" } or { from-env = \"NAME\" }";
    const toml::node* file = nullptr;
    const toml::node* from_env = nullptr;
    for (const auto& [key, value] : table) {
      if (key.str() == "file") {
        file = &value;
      } else if (key.str() == "from-env") {
        from_env = &value;
      } else {
        complain(key.source(),
                 "unknown key " + in_quotes(key.str()) + " of " + variable + "; " + std::string(expected));
        return std::nullopt;
      }
    }
    if ((file == nullptr) == (from_env == nullptr)) {
      complain(table, variable + " has " + (file == nullptr ? "neither" : "both") + " of file and from-env; " +
                          std::string(expected));
      return std::nullopt;
    }
    const toml::node& from = file != nullptr ? *file : *from_env;
    const auto* string = from.as_string();
    if (string == nullptr || string->get().empty() || string->get().find('\0') != std::string::npos) {
      complain(from, variable + " comes from " + (string == nullptr ? std::string(kind_of(from)) : "no name") + "; " +
                         std::string(expected));
      return std::nullopt;
    }
    if (from_env != nullptr) {
      auto found = secrets_.variable(string->get());
      if (!found) complain(from, variable + ": the environment has no " + in_quotes(string->get()));
      return found;
    }
    std::string path = string->get();
    make_absolute(path);
    auto content = secrets_.file(path);
    if (!content.ok()) {
      complain(from, variable + ": " + in_quotes(path) + " " + content.error().message);
      return std::nullopt;
    }
    // Editors and `echo` end a file by a line end that is no part of the secret.
    std::string text = std::move(content).value();
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
  }

  void complain(const toml::source_region& region, std::string message) {
    draft_.complain(place_of(region), std::move(message));
  }
  void complain(const toml::node& node, std::string message) { complain(node.source(), std::move(message)); }

  const Source& source_;
  const Secrets& secrets_;
  Draft& draft_;
};

}  // namespace

void read_toml(std::string_view text, const Source& source, const Secrets& secrets, Draft& draft) {
  if (text.size() > max_config_bytes) {
    return draft.complain({1, 1},
                          "it is larger than the " + std::to_string(max_config_bytes) + " bytes a config may have");
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return draft.complain(place_of(error.source()), "not TOML: " + std::string(error.description()));
  }
  Reader(source, secrets, draft).read(parsed.table());
}

}  // namespace wasm_grpc::config
