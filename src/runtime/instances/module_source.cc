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

Result<> check_apart(const std::string& code_cache, const ModuleOptions& options) {
  if (code_cache.empty()) return success();
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path cache = fs::weakly_canonical(code_cache, error);
  for (const DirectoryGrant& grant : options.directories) {
    const fs::path granted = fs::weakly_canonical(grant.host_path, error);
    const auto [end, _] = std::mismatch(granted.begin(), granted.end(), cache.begin(), cache.end());
    if (!grant.read_only && end == granted.end()) {
      return Error{"the directory " + grant.host_path + " is granted for writing, and the code cache is in it: " +
                   code_cache + ". Keep the code cache where no guest can write"};
    }
  }
  return success();
}

}  // namespace wasm_grpc::runtime
