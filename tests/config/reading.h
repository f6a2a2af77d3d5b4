// Reads configs for tests, with secrets of their own.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/read.h"

namespace wasm_grpc::config::test {

class FakeSecrets final : public Secrets {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  Result<std::string> file(const std::string& path) const override {
    const auto found = files.find(path);
    return found != files.end() ? Result<std::string>(found->second)
                                : Error{"cannot be opened: No such file or directory"};
  }
  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  }
};

inline constexpr std::string_view one_module = "[[module]]\npath = \"m.wasm\"\n";

/// Reads a text that is named as its file would be.
inline Reading read_text(std::string_view text, const CommandLine& command_line = {}, const FakeSecrets& secrets = {},
                         const std::string& folder = "") {
  return read(text, {"wasm-grpc.toml", folder}, command_line, secrets);
}

/// What a flag says.
inline Given given(std::string_view name, std::string_view text) {
  const Setting* setting = find_setting(name);
  return {setting, parse_value(*setting, text).value()};
}

}  // namespace wasm_grpc::config::test
