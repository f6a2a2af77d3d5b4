#include "cli/new/names.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace wasm_grpc::cli {

namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";

bool is_in(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }
char to_lower(char c) { return is_in(upper, c) ? lower[upper.find(c)] : c; }
char to_upper(char c) { return is_in(lower, c) ? upper[lower.find(c)] : c; }

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return is_in(lower, c) || is_in(upper, c) || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || is_in(digits, c); });
}

/// "MyGuest" of "my_guest".
std::string camel_case(std::string_view name) {
  std::string out;
  bool begins = true;
  for (const char c : name) {
    if (c == '_') {
      begins = true;
    } else {
      out += begins ? to_upper(c) : c;
      begins = false;
    }
  }
  return out;
}

/// The words of a name as prost tells them apart: "HTTPEcho_v2" is "HTTP", "Echo" and "v2".
std::vector<std::string> words(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_') {
      end();
      continue;
    }
    if (is_in(upper, c) && !word.empty()) {
      const bool after_upper = is_in(upper, word.back());
      const bool before_lower = i + 1 < name.size() && is_in(lower, name[i + 1]);
      if (!after_upper || before_lower) end();
    }
    word += c;
  }
  end();
  return words;
}

std::string snake_case(std::string_view name) {
  std::string snake;
  for (const std::string& word : words(name)) {
    if (!snake.empty()) snake += '_';
    for (const char c : word) snake += to_lower(c);
  }
  return snake;
}

// Sorted.
constexpr std::string_view rust_keywords[] = {
    "abstract", "as",      "async",  "await",   "become", "box",   "break", "const", "continue", "do",
    "dyn",      "else",    "enum",   "false",   "final",  "fn",    "for",   "gen",   "if",       "impl",
    "in",       "let",     "loop",   "macro",   "match",  "mod",   "move",  "mut",   "override", "priv",
    "pub",      "ref",     "return", "static",  "struct", "trait", "true",  "try",   "type",     "typeof",
    "unsafe",   "unsized", "use",    "virtual", "where",  "while", "yield"};
static_assert(std::is_sorted(std::begin(rust_keywords), std::end(rust_keywords)));
// Those that `r#` does not free.
constexpr std::string_view rust_fixed[] = {"Self", "crate", "extern", "self", "super"};

std::string rust_escaped(std::string name) {
  if (std::ranges::find(rust_fixed, name) != std::end(rust_fixed)) return name + "_";
  if (std::ranges::binary_search(rust_keywords, std::string_view(name))) return "r#" + name;
  return name;
}

}  // namespace

Result<std::string> project_name(const std::filesystem::path& folder) {
  constexpr std::size_t longest = 64;
  std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // "DIR/"
  const std::string last = whole.filename().string();
  std::string name;
  for (const char c : last) name += c == '-' ? '_' : to_lower(c);
  if (name.empty() || name.size() > longest || !is_in(lower, name[0]) || !is_identifier(name)) {
    return Error{"\"" + last + "\" is no name for a project: expected a letter, then letters, digits, - and _, " +
                 std::to_string(longest) + " at most"};
  }
  constexpr std::array of_cmake = {
      "all",     "clean", "edit_cache",     "help",         "install", "list_install_components",
      "package", "test",  "package_source", "rebuild_cache"};
  if (std::find(of_cmake.begin(), of_cmake.end(), name) != of_cmake.end()) {
    return Error{"\"" + last + "\" is no name for a project: CMake has a target of that name"};
  }
  return name;
}

Result<ServiceName> service_name(std::string_view project, std::string_view full_name) {
  ServiceName service{std::string(project), camel_case(project)};
  if (!full_name.empty()) {
    const std::size_t last_dot = std::min(full_name.rfind('.'), full_name.size());
    service.package = full_name.substr(0, last_dot);
    service.name = full_name.substr(std::min(last_dot + 1, full_name.size()));
    bool good = is_identifier(service.name);
    for (std::string_view rest = service.package; good;) {
      const std::size_t dot = rest.find('.');
      good = is_identifier(rest.substr(0, dot));
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    if (!good) {
      return Error{"--service " + std::string(full_name) + ": expected package.Service, of letters, digits and _"};
    }
  }
  constexpr std::array taken = {"HelloReply", "HelloRequest", "SayHello", "SayHellos"};
  if (std::find(taken.begin(), taken.end(), service.name) != taken.end()) {
    return Error{"the service cannot be called " + service.name +
                 ": a message or method of the project is; --service package.Service names another"};
  }
  return service;
}

std::string rust_type(std::string_view name) {
  std::string type;
  for (const std::string& word : words(name)) {
    for (std::size_t i = 0; i < word.size(); ++i) type += i == 0 ? to_upper(word[i]) : to_lower(word[i]);
  }
  return rust_escaped(std::move(type));
}

std::string rust_identifier(std::string_view name) { return rust_escaped(snake_case(name)); }

std::string rust_server_module(std::string_view service) { return snake_case(service) + "_server"; }

std::string go_name(std::string_view name) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  std::string made;
  bool begins = true;  // a word, whose first letter is a capital
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool before_small = i + 1 < name.size() && is_small(name[i + 1]);
    if (c == '.') {
      if (!before_small) made += '_';
      begins = true;
    } else if (c == '_') {
      // What begins with one cannot be exported otherwise.
      if (i == 0 || name[i - 1] == '.') {
        made += 'X';
      } else if (!before_small) {
        made += '_';
      }
      begins = true;
    } else if (c >= '0' && c <= '9') {
      made += c;
      begins = true;
    } else {
      made += begins && is_small(c) ? static_cast<char>(c - 'a' + 'A') : c;
      begins = false;
    }
  }
  return made;
}

}  // namespace wasm_grpc::cli
