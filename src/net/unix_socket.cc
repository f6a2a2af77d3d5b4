#include "net/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace wasm_grpc::net {

Result<> clear_stale_socket(const std::string& path) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return success();  // what else may be wrong, bind() says
  if (!S_ISSOCK(found.st_mode)) {
    return Error{"a file that is no socket is in its place; remove it or choose another path"};
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return success();
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error{std::string("cannot open a socket: ") + std::strerror(errno)};
  const bool refused =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  if (!refused) return Error{"another program listens there; stop it or choose another path"};
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Error{std::string("cannot remove the stale socket: ") + std::strerror(errno)};
  }
  return success();
}

SocketFile::SocketFile(std::string path) {
  struct stat made{};
  if (lstat(path.c_str(), &made) != 0) return;
  path_ = std::move(path);
  device_ = made.st_dev;
  inode_ = made.st_ino;
}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void SocketFile::remove() noexcept {
  if (path_.empty()) return;
  struct stat found{};
  if (lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) unlink(path_.c_str());
  path_.clear();
}

}  // namespace wasm_grpc::net
