#include "wasi/sandbox.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "wasi/files/path.h"

namespace wasm_grpc::wasi {

namespace {

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

void StringTable::add(const std::string& text) {
  offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  bytes_ += text;
  bytes_ += '\0';
}

Result<std::shared_ptr<const Sandbox>> Sandbox::create(const Config& config) {
  std::shared_ptr<Sandbox> sandbox(new Sandbox(config.max_open_files));
  if (auto added = sandbox->add_strings(config); !added.ok()) return std::move(added).error();
  if (config.directories.size() > max_directories) {
    return Error{"it is granted " + std::to_string(config.directories.size()) + " directories; at most " +
                 std::to_string(max_directories) + " are possible"};
  }
  for (const Preopen& preopen : config.directories) {
    if (auto opened = sandbox->open_directory(preopen); !opened.ok()) return std::move(opened).error();
  }
  return std::shared_ptr<const Sandbox>(std::move(sandbox));
}

Result<> Sandbox::add_strings(const Config& config) {
  for (const std::string& argument : config.arguments) {
    if (has_nul(argument)) return Error{"an argument contains a NUL character, which none can"};
    arguments_.add(argument);
  }
  for (const auto& [name, value] : config.environment) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name)) {
      return Error{quoted(name) + " cannot name an environment variable: it is empty or contains '=' or NUL"};
    }
    if (has_nul(value)) {
      return Error{"the environment variable " + quoted(name) + " contains a NUL character, which none can"};
    }
    std::string entry = name;
    entry += '=';
    entry += value;
    environment_.add(entry);
  }
  if (std::max(arguments_.bytes().size(), environment_.bytes().size()) > max_table_bytes) {
    return Error{"its arguments or its environment are larger than 1 MiB"};
  }
  return success();
}

Result<> Sandbox::open_directory(const Preopen& preopen) {
  if (preopen.guest_path.empty() || has_nul(preopen.guest_path) || has_nul(preopen.host_path)) {
    return Error{"a granted directory needs a path of the host and a name for the guest, such as /srv/data and /data"};
  }
  const auto same = [&](const Grant& grant) { return grant.guest_path == preopen.guest_path; };
  if (std::any_of(grants_.begin(), grants_.end(), same)) {
    return Error{"two directories are granted as " + quoted(preopen.guest_path)};
  }
  UniqueFd directory(::open(preopen.host_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    return Error{"the directory " + quoted(preopen.host_path) +
                 " cannot be granted: " + std::generic_category().message(errno)};
  }
  // Everything rests on openat2; without it no directory is granted.
  UniqueFd probe;
  if (open_beneath(directory.get(), ".", O_PATH | O_DIRECTORY, 0, probe) != Errno::success) {
    return Error{
        "directories cannot be granted on this system: openat2 is missing or forbidden (it came with Linux "
        "5.6)"};
  }
  grants_.push_back({std::move(directory), preopen.guest_path, preopen.read_only});
  return success();
}

}  // namespace wasm_grpc::wasi
