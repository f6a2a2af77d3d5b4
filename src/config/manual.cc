// The manual page of the config file.
#include <string>

#include "config/documents.h"

namespace wasm_grpc::config {

namespace {

/// What `docs` says, without the links of Markdown and its backticks.
std::string plain(std::string_view markdown) {
  std::string out;
  for (std::size_t at = 0; at < markdown.size(); ++at) {
    const char c = markdown[at];
    if (c == '`') continue;
    if (c == '\\' && at + 1 < markdown.size()) {
      out += markdown[++at];
      continue;
    }
    const std::size_t middle = c == '[' ? markdown.find("](", at) : std::string_view::npos;
    if (middle == std::string_view::npos) {
      out += c;
      continue;
    }
    out += plain(markdown.substr(at + 1, middle - at - 1));
    at = markdown.find(')', middle);
    if (at == std::string_view::npos) break;
  }
  return out;
}

void add_setting(std::string& out, const Setting& setting) {
  const std::string key =
      setting.table.empty() ? std::string(setting.key) : std::string(setting.table) + "." + std::string(setting.key);
  const Value value = default_of(setting);
  out += ".TP\n\\fB" + roff_text(key) + "\\fR";
  if (!std::holds_alternative<std::monostate>(value)) out += " = " + roff_text(toml_text(setting, value));
  out += "\n" + roff_text(setting.help) + ".\n";
  if (is_number(setting.kind)) {
    out += "From " + roff_text(number_text(setting.kind, setting.range.least));
    if (setting.range.most != Range().most) out += " to " + roff_text(number_text(setting.kind, setting.range.most));
    out += ".\n";
  }
  if (!setting.choices.empty()) {
    out += "One of:";
    for (const std::string_view choice : setting.choices) out += " " + roff_text(choice);
    out += ".\n";
  }
  const std::string more = plain(setting.docs);
  if (!more.empty()) out += ".br\n" + roff_text(more) + ".\n";
  if (!setting.only_within && setting.module) out += "May be said in a [[module]] too.\n";
  if (setting.only_within && setting.module) out += "Only in a [[module]].\n";
  if (setting.only_within && setting.listen) out += "Only in a [[listen]].\n";
  if (setting.method) out += "May be said in the methods of a [[module]] too.\n";
  if (setting.target) out += "Only in a [[target]].\n";
  if (setting.grant) out += "Only in one of the targets of a [[module]].\n";
  out += setting.change == Change::reload ? "A reload takes a new value.\n" : "A new value needs a restart.\n";
}

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";  // a minus as it is typed, not a hyphen
    } else if (out.empty() && (c == '.' || c == '\'')) {
      out += "\\&";  // no request of roff
      out += c;
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string settings_manual(std::string_view version) {
  std::string out = ".TH WASM-GRPC.TOML 5 \"\" \"wasm-grpc " + std::string(version) +
                    "\" \"File Formats\"\n"
                    ".SH NAME\nwasm-grpc.toml \\- the config file of wasm-grpc serve\n"
                    ".SH SYNOPSIS\n\\fBwasm-grpc check \\-c\\fR \\fIFILE\\fR\n.br\n"
                    "\\fBwasm-grpc serve \\-c\\fR \\fIFILE\\fR\n"
                    ".SH DESCRIPTION\n"
                    "A file in TOML. Keys have the names of the flags of serve, which hold over what the file says: a "
                    "flag \\-\\-log\\-level is level in the table [log]. Bytes are a number or a text with a unit, "
                    "\"64 MiB\"; so are times, \"10 s\". Each module is a [[module]], whose path is its file. "
                    "\\fBwasm-grpc new \\-\\-config\\fR \\fIFILE\\fR writes a file with every setting.\n";
  for (const Group* group : groups()) {
    out += ".SH \"" + roff_text(group->title) + "\"\n";
    for (const Setting& setting : group->settings) add_setting(out, setting);
  }
  return out + ".SH \"SEE ALSO\"\n\\fBwasm-grpc\\fR(1)\n";
}

}  // namespace wasm_grpc::config
