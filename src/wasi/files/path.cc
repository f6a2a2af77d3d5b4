#include "wasi/files/path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace wasm_grpc::wasi {

namespace {

constexpr std::size_t max_path_bytes = 4095;
// The kernel gives up with EAGAIN when directories are renamed while it looks for "..".
constexpr int max_tries = 16;

}  // namespace

Errno open_beneath(int directory, const char* path, int flags, std::uint32_t mode, UniqueFd& out) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int i = 0; i < max_tries; ++i) {
    const long fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
    if (fd >= 0) {
      out = UniqueFd(static_cast<int>(fd));
      return Errno::success;
    }
    if (errno == EXDEV) return Errno::notcapable;
    if (errno != EAGAIN && errno != EINTR) return last_error();
  }
  return Errno::again;
}

Errno read_path(std::string_view from_guest, std::string& out) {
  if (from_guest.empty()) return Errno::noent;
  if (from_guest.size() > max_path_bytes) return Errno::nametoolong;
  if (from_guest.find('\0') != std::string_view::npos) return Errno::ilseq;
  out = from_guest;
  return Errno::success;
}

Errno find_place(const Descriptor& directory, std::string_view from_guest, Errno dots, Place& out) {
  std::string path;
  if (const Errno error = read_path(from_guest, path); error != Errno::success) return error;
  if (path.front() == '/') return Errno::notcapable;
  const std::size_t name_end = path.find_last_not_of('/') + 1;
  out.must_be_directory = name_end < path.size();
  const std::size_t slash = path.find_last_of('/', name_end - 1);
  const std::size_t name_begin = slash == std::string::npos ? 0 : slash + 1;
  out.name = path.substr(name_begin, name_end - name_begin);
  if (out.name == "." || out.name == "..") {
    const Errno error = open_beneath(directory.system_fd(), path.c_str(), O_PATH, 0, out.directory);
    return error == Errno::success ? dots : error;
  }
  const std::string parent = name_begin == 0 ? "." : path.substr(0, name_begin);
  return open_beneath(directory.system_fd(), parent.c_str(), O_PATH | O_DIRECTORY, 0, out.directory);
}

}  // namespace wasm_grpc::wasi
