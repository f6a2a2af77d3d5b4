// What a module's guests are given: arguments, environment, directories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wasi/file_budget.h"
#include "wasi/unique_fd.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::wasi {

/// A directory of the host that guests see under another name.
struct Preopen {
  std::string host_path;
  /// As the guest names it, such as "/data". No two of a Config may be the same.
  std::string guest_path;
  bool read_only = true;
};

struct Config {
  /// argv, with the program's name first. A string may not contain NUL.
  std::vector<std::string> arguments;
  /// Names may not be empty nor contain '=' or NUL.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<Preopen> directories;
  /// Files and directories that all instances together may have open; one more is answered mfile.
  std::size_t max_open_files = 256;
};

/// Strings as guests fetch them: one after the other, each ended by NUL.
class StringTable {
 public:
  void add(const std::string& text);
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  /// Where each string begins in bytes().
  [[nodiscard]] const std::vector<std::uint32_t>& offsets() const noexcept { return offsets_; }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> offsets_;
};

/// An open directory that guests may use.
struct Grant {
  UniqueFd directory;  // O_PATH: it can be searched, not read
  std::string guest_path;
  bool read_only = true;
};

/// A Config made ready: checked, encoded, its directories open. Immutable but for the count of open files, so shared by
/// all instances of a module and by all threads; outlives their contexts.
class Sandbox {
 public:
  /// The most bytes all arguments, and all of the environment, may have.
  static constexpr std::size_t max_table_bytes = std::size_t{1} << 20;
  static constexpr std::size_t max_directories = 64;

  /// Opens the directories. The error says which part of the Config is wrong.
  [[nodiscard]] static Result<std::shared_ptr<const Sandbox>> create(const Config& config);

  [[nodiscard]] const StringTable& arguments() const noexcept { return arguments_; }
  [[nodiscard]] const StringTable& environment() const noexcept { return environment_; }
  [[nodiscard]] const std::vector<Grant>& grants() const noexcept { return grants_; }
  [[nodiscard]] FileBudget& file_budget() const noexcept { return file_budget_; }

 private:
  explicit Sandbox(std::size_t max_open_files) : file_budget_(max_open_files) {}
  [[nodiscard]] Result<> add_strings(const Config& config);
  [[nodiscard]] Result<> open_directory(const Preopen& preopen);

  StringTable arguments_;
  StringTable environment_;
  std::vector<Grant> grants_;
  mutable FileBudget file_budget_;
};

}  // namespace wasm_grpc::wasi
