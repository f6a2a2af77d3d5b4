#include "runtime/instances/module_source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace wasm_grpc::runtime {

Result<std::vector<std::byte>> read_module_file(const std::string& path, std::size_t max_size) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error || !std::filesystem::exists(status)) return Error{path + ": no such file"};
  if (std::filesystem::is_directory(status)) return Error{path + ": is a directory; expected a .wasm file"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{path + ": cannot be opened for reading"};
  std::vector<std::byte> bytes;
  if (const auto size = std::filesystem::file_size(path, error); !error && size <= max_size) bytes.reserve(size);
  std::vector<char> part(std::size_t{64} << 10);
  while (file.read(part.data(), static_cast<std::streamsize>(part.size())), file.gcount() > 0) {
    const auto* data = reinterpret_cast<const std::byte*>(part.data());
    bytes.insert(bytes.end(), data, data + file.gcount());
    if (bytes.size() > max_size) {
      return Error{path + ": larger than the " + std::to_string(max_size) + " bytes a module may have"};
    }
  }
  if (file.bad()) return Error{path + ": cannot be read"};
  return bytes;
}

Result<std::shared_ptr<const wasi::Sandbox>> make_sandbox(const ModuleOptions& options) {
  wasi::Config config;
  config.arguments.push_back(options.name);
  config.arguments.insert(config.arguments.end(), options.arguments.begin(), options.arguments.end());
  config.environment = options.environment;
  for (const DirectoryGrant& grant : options.directories) {
    config.directories.push_back({grant.host_path, grant.guest_path, grant.read_only});
  }
  return wasi::Sandbox::create(config);
}

namespace {

/// The directory that a guest may write into and that `path` is in; empty where there is none.
std::string written_around(const std::string& path, const ModuleOptions& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(path, error);
  for (const DirectoryGrant& grant : options.directories) {
    const fs::path granted = fs::weakly_canonical(grant.host_path, error);
    const auto [end, _] = std::mismatch(granted.begin(), granted.end(), whole.begin(), whole.end());
    if (!grant.read_only && end == granted.end()) return grant.host_path;
  }
  return {};
}

}  // namespace

Result<> check_apart(const std::string& code_cache, const ModuleOptions& options) {
  const auto check = [&](const std::string& what, const std::string& path) -> Result<> {
    const std::string granted = path.empty() ? "" : written_around(path, options);
    if (granted.empty()) return success();
    return Error{"the directory " + granted + " is granted for writing, and the " + what + " is in it: " + path +
                 ". Keep the " + what + " where no guest can write"};
  };
  if (auto apart = check("code cache", code_cache); !apart.ok()) return apart;
  return check("store", options.store.path);
}

}  // namespace wasm_grpc::runtime
