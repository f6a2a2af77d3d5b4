// The file of a listening unix socket.
#pragma once

#include <sys/types.h>

#include <string>

#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

/// Makes way for a socket at `path`: a socket file that nobody listens on is removed. The error says what is there
/// instead: another server, or a file that is no socket.
[[nodiscard]] Result<> clear_stale_socket(const std::string& path);

/// Removes the file of a socket that was bound, unless another has taken its place meanwhile.
class SocketFile {
 public:
  SocketFile() = default;
  /// Takes charge of the file that bind() has just made.
  explicit SocketFile(std::string path);
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile() { remove(); }

  void remove() noexcept;

 private:
  std::string path_;  // empty: none
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace wasm_grpc::net
