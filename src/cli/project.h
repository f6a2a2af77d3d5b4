// The project that `wasm-grpc new` makes: its names, and what is in its files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

struct ProjectNames {
  std::string name;     // of the project, its module and its sources: "my_guest"
  std::string package;  // of its .proto: "my_guest"
  std::string service;  // "MyGuest"
};

/// The names of a project in `folder`, after its last part; the package and the service by `full_service`,
/// "package.Service", if that is not empty.
[[nodiscard]] Result<ProjectNames> project_names(const std::filesystem::path& folder, std::string_view full_service);

/// What the methods are written in.
enum class Language { cpp, rust, zig, assemblyscript };

struct ProjectFile {
  std::string path;  // in the project's folder
  std::string text;
};

/// Of the project in `folder`. `sdk` is the folder of WasmGrpcGuestConfig.cmake, of the crates, or of the package;
/// `programs` the one of wasm-grpc.
[[nodiscard]] std::vector<ProjectFile> project_files(Language language, const ProjectNames& names,
                                                     const std::filesystem::path& folder,
                                                     const std::filesystem::path& sdk,
                                                     const std::filesystem::path& programs);

}  // namespace wasm_grpc::cli
