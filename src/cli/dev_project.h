// What `wasm-grpc dev` builds.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

/// A folder with a guest's sources, and how its modules are made of them.
struct DevProject {
  std::filesystem::path folder;
  /// For the shell, in the folder.
  std::string command;
  /// Where its modules are once they are built: a file, or a folder of them. Relative to the folder.
  std::filesystem::path modules;

  /// The files of those that are there.
  [[nodiscard]] std::vector<std::string> built() const;
};

/// By the file that says how it is built: CMakeLists.txt, Cargo.toml, go.mod, package.json or build.zig. The error says
/// which of them are looked for.
[[nodiscard]] Result<DevProject> find_project(const std::filesystem::path& folder);

/// Whether a name in such a folder is not a source's: hidden, made by a build, or a module.
[[nodiscard]] bool is_made(const std::filesystem::path& name);

}  // namespace wasm_grpc::cli
