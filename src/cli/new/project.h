// The project that `wasm-grpc new` makes: what is in its files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/new/names.h"

namespace wasm_grpc::cli {

/// What the methods are written in.
enum class Language { cpp, rust, go, zig, assemblyscript };

struct ProjectFile {
  std::string path;  // in the project's folder
  std::string text;
};

struct OwnProtos;

struct Project {
  Language language = Language::cpp;
  std::string name;  // also of its module and its sources: "my_guest"
  std::filesystem::path folder;
  std::filesystem::path sdk;       // of WasmGrpcGuestConfig.cmake, of the crates, or of the package
  std::filesystem::path programs;  // where wasm-grpc is
  ServiceName service;             // of the example it begins with; or:
  const OwnProtos* own = nullptr;  // its author's
};

[[nodiscard]] std::vector<ProjectFile> project_files(const Project& project);

/// What it serves, for who reads it: "the service a.B", "the services of protos/a.proto".
[[nodiscard]] std::string served_by(const Project& project);
/// What `wasm-grpc call ADDRESS` is given to call a method of it.
[[nodiscard]] std::string example_call(const Project& project);

}  // namespace wasm_grpc::cli
