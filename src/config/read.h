// Reads a config: a text in TOML and what the command line says become a Config, or all that is wrong with them.
//
// It can be called again and again, as a reload does, with the command line of the start: flags hold over the file then
// as they did. It changes nothing and reads no file but those named.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/setting.h"

namespace wasm_grpc::config {

/// The most bytes a config may have.
inline constexpr std::size_t max_config_bytes = std::size_t{1} << 20;
/// The most bytes a secret may have.
inline constexpr std::size_t max_secret_bytes = std::size_t{64} << 10;

/// What was said by a flag.
struct Given {
  const Setting* setting;
  Value value;
};

/// The command line of `serve`.
struct CommandLine {
  std::vector<std::string> modules;  // paths; a file that has [[module]] may not be read with any
  std::vector<Given> flags;
};

/// Where secrets come from. Thread-safe.
class Secrets {
 public:
  virtual ~Secrets() = default;
  /// The content of a file. The error says why there is none, without the path.
  [[nodiscard]] virtual Result<std::string> file(const std::string& path) const = 0;
  /// A variable of the process's environment; nothing where there is none of that name.
  [[nodiscard]] virtual std::optional<std::string> variable(const std::string& name) const = 0;
};
/// Those of this process.
[[nodiscard]] const Secrets& process_secrets() noexcept;

/// What a text is.
struct Source {
  std::string name;    // for errors, before the line: "wasm-grpc.toml"
  std::string folder;  // relative paths in it begin there; empty: where the process is
};

/// What a config turned out to be.
struct Reading {
  /// Nothing where there are problems.
  std::optional<Config> config;
  /// All of them, in the order of the file, each one line for people: "wasm-grpc.toml:3:1: unknown key ...". No secret
  /// is in them.
  std::vector<std::string> problems;

  [[nodiscard]] bool ok() const noexcept { return config.has_value(); }
};

/// Reads a text.
[[nodiscard]] Reading read(std::string_view text, const Source& source, const CommandLine& command_line,
                           const Secrets& secrets);
/// Reads a file.
[[nodiscard]] Reading read_file(const std::string& path, const CommandLine& command_line,
                                const Secrets& secrets = process_secrets());
/// Reads a command line without a file.
[[nodiscard]] Reading read(const CommandLine& command_line);

}  // namespace wasm_grpc::config
