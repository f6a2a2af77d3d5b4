#include "runtime/instances/system_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::runtime {

namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> machine_memory(const fs::path& root) {
  std::ifstream file(root / "proc/meminfo");
  std::string name;
  std::uint64_t kibibytes = 0;
  for (std::string rest; file >> name >> kibibytes; std::getline(file, rest)) {
    if (name == "MemTotal:") return kibibytes << 10;
  }
  return std::nullopt;
}

/// The number in a file of a control group; nothing where there is none, as of a group without a limit ("max").
std::optional<std::uint64_t> limit_in(const fs::path& file_name) {
  std::ifstream file(file_name);
  std::uint64_t limit = 0;
  if (!(file >> limit)) return std::nullopt;
  return limit;
}

/// Where control groups of one kind are to be seen: those below `group`, at `place`.
struct Mount {
  std::string group;
  std::string place;
};

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// The mounts of version 2, or those of version 1 that know memory.
std::vector<Mount> mounts_of(const fs::path& root, bool v2) {
  std::vector<Mount> mounts;
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string id, parent, device, word, kind, source, options;
    Mount mount;
    words >> id >> parent >> device >> mount.group >> mount.place;
    while (words >> word && word != "-") {
    }
    words >> kind >> source >> options;
    if (v2 ? kind == "cgroup2" : kind == "cgroup" && has_word(options, "memory")) mounts.push_back(std::move(mount));
  }
  return mounts;
}

/// The least limit of a group and those that contain it, from where they are mounted.
std::uint64_t least_limit(const fs::path& root, const Mount& mount, const fs::path& group, const char* file_name) {
  const fs::path top = root / fs::path(mount.place).relative_path();
  const fs::path below = group.lexically_relative(mount.group);
  std::uint64_t least = limit_in(top / file_name).value_or(std::numeric_limits<std::uint64_t>::max());
  // A group that is not below the mount, as from inside a container, is the mount's own as far as can be seen.
  if (below.empty() || below == "." || *below.begin() == "..") return least;
  fs::path at = top;
  for (const fs::path& name : below) {
    at /= name;
    if (const auto limit = limit_in(at / file_name)) least = std::min(least, *limit);
  }
  return least;
}

}  // namespace

std::optional<std::uint64_t> system_memory(const fs::path& root) {
  std::uint64_t least = machine_memory(root).value_or(std::numeric_limits<std::uint64_t>::max());
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // hierarchy:controllers:group, of version 2 "0::/group"
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const bool v2 = controllers.empty();
    if (!v2 && !has_word(controllers, "memory")) continue;
    for (const Mount& mount : mounts_of(root, v2)) {
      const char* file_name = v2 ? "memory.max" : "memory.limit_in_bytes";
      least = std::min(least, least_limit(root, mount, line.substr(second + 1), file_name));
    }
  }
  if (least == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return least;
}

std::uint64_t default_guest_memory(std::optional<std::uint64_t> system) {
  return system ? *system / 4 * 3 : std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t default_unread_output(std::optional<std::uint64_t> system) {
  return system ? *system / 4 : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace wasm_grpc::runtime
