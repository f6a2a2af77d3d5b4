#include "config/documents.h"

#include <algorithm>
#include <set>

namespace wasm_grpc::config {

namespace {

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// What a value is by default, in words.
std::string default_text(const Setting& setting) {
  if (!setting.default_text.empty()) return std::string(setting.default_text);
  const Value value = default_of(setting);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "on" : "off";
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (setting.kind == Kind::choice)
      return "`" + std::string(setting.choices[static_cast<std::size_t>(*number)]) + "`";
    const std::string digits = std::to_string(*number);
    const std::string units = number_text(setting.kind, *number);
    return units == digits ? digits : digits + " (" + units + ")";
  }
  if (const auto* fraction = std::get_if<double>(&value)) return fraction_text(*fraction);
  if (const auto* text = std::get_if<std::string>(&value)) return text->empty() ? "none" : "`" + *text + "`";
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value); texts != nullptr && !texts->empty()) {
    return "`" + texts->front() + "`";
  }
  return "none";
}

/// The flag with its value, or the key of what has no flag.
std::string names(const Setting& setting) {
  if (setting.only_within) {
    return "`" + (setting.table.empty() ? "" : std::string(setting.table) + ".") + std::string(setting.key) + "`";
  }
  if (setting.kind == Kind::boolean) return "`" + setting.flag() + "`, `--no-" + setting.name() + "`";
  return "`" + setting.flag() + " " + std::string(setting.argument) + "`";
}

std::string places(const Setting& setting) {
  std::string text;
  const auto add = [&](std::string_view place) { text += (text.empty() ? "" : ", ") + std::string(place); };
  if (!setting.only_within) add("server");
  if (setting.module) add("module");
  if (setting.listen) add("listen");
  if (setting.target) add("target");
  if (setting.grant) add("targets of a module");
  if (setting.method) add("methods of a module");
  return text;
}

std::string range_text(const Setting& setting) {
  if (setting.kind == Kind::fraction) return "0 to 1";
  if (!is_number(setting.kind)) return "";
  const std::string least = number_text(setting.kind, setting.range.least);
  if (setting.range.most == Range().most) return "from " + least;
  return least + " to " + number_text(setting.kind, setting.range.most);
}

void add_line(std::string& out, const std::string& line) { out += line + "\n"; }

/// In lines of comments, none of them much longer than a terminal is wide.
void add_comment(std::string& out, std::string_view text) {
  constexpr std::size_t widest = 100;
  std::string line = "#";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (line.size() > 1 && line.size() + 1 + word.size() > widest) {
      add_line(out, line);
      line = "#";
    }
    line += " ";
    line += word;
    at = end + 1;
  }
  add_line(out, line);
}

void add_sample_settings(std::string& out, std::string_view table, bool (*takes)(const Setting&)) {
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      if (setting.table != table || !takes(setting)) continue;
      out += "\n";
      const std::string range = range_text(setting);
      add_comment(out, std::string(setting.help) + (range.empty() ? "." : "; " + range + "."));
      const Value value = default_of(setting);
      add_line(out, "#" + std::string(setting.key) + " = " + toml_text(setting, value));
    }
  }
}

}  // namespace

std::string toml_text(const Setting& setting, const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (setting.kind == Kind::choice) return toml_string(setting.choices[static_cast<std::size_t>(*number)]);
    const std::string text = number_text(setting.kind, *number);
    return text == std::to_string(*number) ? text : toml_string(text);
  }
  if (const auto* fraction = std::get_if<double>(&value)) return fraction_text(*fraction);
  if (const auto* text = std::get_if<std::string>(&value)) return toml_string(*text);
  const auto list = [](const auto& items, const auto& text_of) {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : ", ") + toml_string(text_of(item));
    return "[" + out + "]";
  };
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    return list(*texts, [](const std::string& text) { return text; });
  }
  if (const auto* grants = std::get_if<Directories>(&value)) {
    return list(*grants, [](const DirectoryGrant& grant) {
      return grant.host_path + ":" + grant.guest_path + (grant.read_only ? ":ro" : ":rw");
    });
  }
  if (const auto* variables = std::get_if<Variables>(&value)) {
    std::string out;
    for (const auto& [name, text] : *variables) out += (out.empty() ? " " : ", ") + toml_string(name) + " = \"...\"";
    return out.empty() ? "{}" : "{" + out + " }";
  }
  return is_number(setting.kind) ? "0" : "\"\"";
}

std::string settings_document() {
  std::string out =
      "# Settings\n\n"
      "All settings of `wasm-grpc serve`: as a flag, and by the same name in the [config file](config.md). This page "
      "is "
      "made from the\ntable in `src/config/settings`, by `wasm-grpc schema --markdown`.\n\n"
      "- A flag `--log-level` is `level` in the table `[log]` of the file; one whose name has no table's before it is "
      "a "
      "key at the\n  top.\n"
      "- Bytes are a number, or a text with a unit: `64 MiB` (KiB, MiB, GiB, TiB). So are times: milliseconds, or "
      "`10 s` (ms, s,\n  min, h, d).\n"
      "- *where* it may be said: `server` is a flag, or the top of the file; what is also `module` holds for all "
      "modules "
      "there, and\n  in a `[[module]]` for that one. *new value* says whether a [reload](reload.md) takes it or "
      "it "
      "needs a restart.\n";
  for (const Group* group : groups()) {
    add_line(out, "\n## " + std::string(group->title) + "\n");
    if (!group->text.empty()) add_line(out, std::string(group->text) + "\n");
    add_line(out, "| setting | default | range | where | new value | |");
    add_line(out, "| --- | --- | --- | --- | --- | --- |");
    for (const Setting& setting : group->settings) {
      add_line(out, "| " + names(setting) + " | " + default_text(setting) + " | " + range_text(setting) + " | " +
                        places(setting) + " | " + (setting.change == Change::reload ? "reload" : "restart") + " | " +
                        std::string(setting.docs) + " |");
    }
  }
  return out;
}

std::string sample_config(const std::string& module) {
  std::string out;
  add_comment(
      out,
      "A config of wasm-grpc: wasm-grpc serve -c FILE. What is in comments is the default. Flags of the command "
      "line hold over this file; wasm-grpc check -c FILE says whether it is sound.");
  add_sample_settings(out, "", [](const Setting& setting) { return !setting.only_within; });
  std::set<std::string_view> tables;
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      if (setting.table.empty() || setting.only_within || !tables.insert(setting.table).second) continue;
      add_line(out, "\n[" + std::string(setting.table) + "]");
      add_sample_settings(out, setting.table, [](const Setting& one) { return !one.only_within; });
    }
  }
  out += "\n";
  add_comment(out,
              "A module: what is said above of modules may be said here for this one, such as max-memory = \"64 MiB\" "
              "or log.burst = 100. Another one is another [[module]].");
  out += "[[module]]\npath = " + toml_string(module) + "\n";
  out += "#targets = { payments = { methods = [\"/pay.v1.Payments/\"], max-concurrent = 100, max-time = \"2 s\" } }\n";
  out += "#methods = { \"/shop.v1.Shop/\" = { max-call-time = \"2 s\" } }\n";
  out += "#env = { GREETING = \"Hello\", TOKEN = { file = \"/run/secrets/token\" }, ZONE = { from-env = \"ZONE\" } }\n";
  out += "\n";
  add_comment(out, "Somebody whom modules may be granted to call, by this name; docs/targets.md says more.");
  out += "#[[target]]\n#name = \"payments\"\n#address = \"dns:///payments.prod:443\"\n#tls = { enabled = true }\n";
  return out;
}

}  // namespace wasm_grpc::config
