#include "net/socket_access.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace wasm_grpc::net {

namespace {

/// Asks the system for the user or group of that name. Nothing when there is none.
template <typename Entry, typename Id>
std::optional<Id> look_up(const std::string& name, Id Entry::* id,
                          int (*find)(const char*, Entry*, char*, std::size_t, Entry**)) {
  std::vector<char> buffer(1024);
  Entry entry{};
  Entry* found = nullptr;
  constexpr std::size_t most = std::size_t{1} << 20;  // a group may have many members
  while (find(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == ERANGE && buffer.size() < most) {
    buffer.resize(buffer.size() * 2);
  }
  return found != nullptr ? std::optional<Id>(found->*id) : std::nullopt;
}

/// The largest number stands for "leave it as it is" in chown().
std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return value;
}

std::optional<mode_t> octal(std::string_view text) {
  mode_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 0777) return std::nullopt;
  return mode;
}

template <typename T>
Result<> set(std::optional<T>& part, std::string_view name, std::optional<T> value, const std::string& otherwise) {
  if (part) return Error{std::string(name) + " is given twice; expected it once"};
  if (!value) return Error{otherwise};
  part = value;
  return success();
}

/// Takes "NAME=VALUE" into `access`.
Result<> take(std::string_view part, SocketAccess& access) {
  const std::size_t equals = part.find('=');
  const std::string_view name = part.substr(0, equals);
  const std::string value(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
  if (name == "mode") {
    return set(access.mode, name, octal(value),
               "mode \"" + value + "\" makes no sense; expected octal digits up to 0777, such as 0660");
  }
  if (name == "user") {
    const auto found = look_up(value, &passwd::pw_uid, getpwnam_r);
    return set(access.user, name, found ? found : number(value),
               "there is no user \"" + value + "\"; expected the name or number of one");
  }
  if (name == "group") {
    const auto found = look_up(value, &group::gr_gid, getgrnam_r);
    return set(access.group, name, found ? found : number(value),
               "there is no group \"" + value + "\"; expected the name or number of one");
  }
  return Error{"\"" + std::string(part) +
               "\" is not known; expected mode=0660, user=NAME or group=NAME, with & between"};
}

/// Closes a descriptor.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

Result<SocketAccess> parse_socket_access(std::string_view text) {
  SocketAccess access;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('&'), text.size());
    if (auto taken = take(text.substr(0, size), access); !taken) return std::move(taken).error();
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return access;
}

Result<> set_access(const std::string& path, const SocketAccess& access) {
  if (!access.mode && !access.user && !access.group) return success();
  // By a descriptor: where others may write into the folder, the path may lead elsewhere by now.
  const Descriptor file{open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  struct stat found{};
  if (file.fd < 0 || fstat(file.fd, &found) != 0) return Error{std::string("cannot find it: ") + std::strerror(errno)};
  if (!S_ISSOCK(found.st_mode)) return Error{"another file has taken its place"};
  if (access.user || access.group) {
    constexpr auto as_it_is = std::numeric_limits<std::uint32_t>::max();
    if (fchownat(file.fd, "", access.user.value_or(as_it_is), access.group.value_or(as_it_is), AT_EMPTY_PATH) != 0) {
      return Error{std::string("cannot give it to that user or group: ") + std::strerror(errno) +
                   "; only root may give it to another user, others to a group of theirs"};
    }
  }
  // There is no chmod() of such a descriptor but by its name in /proc.
  const std::string name = "/proc/self/fd/" + std::to_string(file.fd);
  if (access.mode && chmod(name.c_str(), *access.mode) != 0) {
    return Error{std::string("cannot set its mode: ") + std::strerror(errno)};
  }
  return success();
}

}  // namespace wasm_grpc::net
