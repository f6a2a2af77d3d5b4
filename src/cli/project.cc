#include "cli/project.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <random>
#include <utility>

#include "cli/version.h"
#include "protoc/names.h"

namespace wasm_grpc::cli {

// The files of sdk/*/template.
namespace templates {
extern const std::string_view cmake_lists;
extern const std::string_view gitignore;
extern const std::string_view guest_cc;
extern const std::string_view guest_proto;
extern const std::string_view readme;
extern const std::string_view test;
extern const std::string_view rust_cargo;
extern const std::string_view rust_cargo_config;
extern const std::string_view rust_build;
extern const std::string_view rust_gitignore;
extern const std::string_view rust_lib;
extern const std::string_view rust_readme;
extern const std::string_view zig_build;
extern const std::string_view zig_build_zon;
extern const std::string_view zig_gitignore;
extern const std::string_view zig_main;
extern const std::string_view zig_readme;
extern const std::string_view assemblyscript_gitignore;
extern const std::string_view assemblyscript_guest;
extern const std::string_view assemblyscript_guest_test;
extern const std::string_view assemblyscript_package;
extern const std::string_view assemblyscript_readme;
}  // namespace templates

namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";

bool is_in(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

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
      out += begins && is_in(lower, c) ? upper[lower.find(c)] : c;
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

/// The names that Rust has for a service: "http_echo_server" and "HttpEcho" of "HTTPEcho".
struct RustNames {
  std::string module;
  std::string trait;
};
RustNames rust_names(std::string_view service) {
  RustNames names;
  for (const std::string& word : words(service)) {
    for (std::size_t i = 0; i < word.size(); ++i) {
      const char low = is_in(upper, word[i]) ? lower[upper.find(word[i])] : word[i];
      names.module += low;
      names.trait += i == 0 && is_in(lower, low) ? upper[lower.find(low)] : low;
    }
    names.module += '_';
  }
  names.module += "server";
  return names;
}

/// The script that makes a standard library for Debian's Rust: beside the crates, or in the checkout they are of.
std::string build_std(const std::filesystem::path& sdk) {
  const std::filesystem::path installed = sdk / "build-rust-std";
  std::error_code ignored;
  if (std::filesystem::exists(installed, ignored)) return installed.string();
  return (sdk / "../../scripts/build-rust-std").lexically_normal().string();
}

/// What tells a Zig package from others of its name, which for these projects is "guest": a checksum of the name, and a
/// number that is drawn.
std::string zig_fingerprint() {
  constexpr std::uint32_t crc32_of_guest = 0xacb79a35;
  std::random_device source;
  const std::uint32_t drawn = std::uniform_int_distribution<std::uint32_t>(1, 0xffff'fffe)(source);
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "0x%08x%08x", crc32_of_guest, drawn);
  return text.data();
}

/// Zig takes no absolute path. Both are without symbolic links, as the working directory is that zig is run in.
std::string path_from(const std::filesystem::path& folder, const std::filesystem::path& to) {
  std::error_code ignored;
  const auto real = [&](const std::filesystem::path& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
  };
  return real(to).lexically_relative(real(folder)).string();
}

Result<std::string> project_name(const std::filesystem::path& folder) {
  constexpr std::size_t longest = 64;
  std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // "DIR/"
  const std::string last = whole.filename().string();
  std::string name;
  for (const char c : last) {
    name += c == '-' ? '_' : is_in(upper, c) ? lower[upper.find(c)] : c;
  }
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

}  // namespace

Result<ProjectNames> project_names(const std::filesystem::path& folder, std::string_view full_service) {
  auto name = project_name(folder);
  if (!name.ok()) return std::move(name).error();
  ProjectNames names{name.value(), name.value(), camel_case(name.value())};
  if (!full_service.empty()) {
    const auto bad = [&](const std::string& why) {
      return Error{"--service " + std::string(full_service) + ": " + why};
    };
    const std::size_t last_dot = std::min(full_service.rfind('.'), full_service.size());
    names.package = full_service.substr(0, last_dot);
    names.service = full_service.substr(std::min(last_dot + 1, full_service.size()));
    bool good = is_identifier(names.service);
    for (std::string_view rest = names.package; good;) {
      const std::size_t dot = rest.find('.');
      good = is_identifier(rest.substr(0, dot));
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    if (!good) return bad("expected package.Service, of letters, digits and _");
  }
  constexpr std::array taken = {"HelloReply", "HelloRequest", "SayHello", "SayHellos"};
  if (std::find(taken.begin(), taken.end(), names.service) != taken.end()) {
    return Error{"the service cannot be called " + names.service +
                 ": a message or method of the project is; --service package.Service names another"};
  }
  return names;
}

std::vector<ProjectFile> project_files(Language language, const ProjectNames& names,
                                       const std::filesystem::path& folder, const std::filesystem::path& sdk,
                                       const std::filesystem::path& programs) {
  std::string space;
  for (std::string_view rest = names.package; !rest.empty();) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    space += (space.empty() ? "" : "::") + protoc::identifier(rest.substr(0, dot));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  const RustNames rust = rust_names(names.service);
  const std::map<std::string, std::string, std::less<>> values = {{"", "@"},  // "@@"
                                                                  {"name", names.name},
                                                                  {"package", names.package},
                                                                  {"Service", names.service},
                                                                  {"space", space},
                                                                  {"class", protoc::identifier(names.service)},
                                                                  {"module", rust.module},
                                                                  {"Trait", rust.trait},
                                                                  {"version", version},
                                                                  {"asc_version", asc_version},
                                                                  {"sdk", sdk.string()},
                                                                  {"sdk_from_here", path_from(folder, sdk)},
                                                                  {"fingerprint", zig_fingerprint()},
                                                                  {"build_std", build_std(sdk)},
                                                                  {"programs", programs.string()}};
  const auto fill = [&](std::string_view text) {
    std::string filled;
    while (true) {
      const std::size_t start = text.find('@');
      const std::size_t end = start == std::string_view::npos ? start : text.find('@', start + 1);
      filled += text.substr(0, start);
      if (end == std::string_view::npos) return filled;
      filled += values.at(std::string(text.substr(start + 1, end - start - 1)));
      text.remove_prefix(end + 1);
    }
  };
  if (language == Language::rust) {
    return {{".gitignore", fill(templates::rust_gitignore)}, {".cargo/config.toml", fill(templates::rust_cargo_config)},
            {"Cargo.toml", fill(templates::rust_cargo)},     {"README.md", fill(templates::rust_readme)},
            {"build.rs", fill(templates::rust_build)},       {names.name + ".proto", fill(templates::guest_proto)},
            {"src/lib.rs", fill(templates::rust_lib)},       {"test.sh", fill(templates::test)}};
  }
  if (language == Language::zig) {
    return {{".gitignore", fill(templates::zig_gitignore)},
            {"README.md", fill(templates::zig_readme)},
            {"build.zig", fill(templates::zig_build)},
            {"build.zig.zon", fill(templates::zig_build_zon)},
            {names.name + ".proto", fill(templates::guest_proto)},
            {"src/main.zig", fill(templates::zig_main)},
            {"test.sh", fill(templates::test)}};
  }
  if (language == Language::assemblyscript) {
    return {{".gitignore", fill(templates::assemblyscript_gitignore)},
            {"README.md", fill(templates::assemblyscript_readme)},
            {"assembly/" + names.name + ".ts", fill(templates::assemblyscript_guest)},
            {names.name + ".proto", fill(templates::guest_proto)},
            {names.name + ".test.js", fill(templates::assemblyscript_guest_test)},
            {"package.json", fill(templates::assemblyscript_package)},
            {"test.sh", fill(templates::test)}};
  }
  return {{".gitignore", fill(templates::gitignore)},      {"CMakeLists.txt", fill(templates::cmake_lists)},
          {"README.md", fill(templates::readme)},          {names.name + ".proto", fill(templates::guest_proto)},
          {names.name + ".cc", fill(templates::guest_cc)}, {"test.sh", fill(templates::test)}};
}

}  // namespace wasm_grpc::cli
