// Who may connect to a unix socket.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

/// The mode, owner and group that the file of a socket is to have: who may write to it may connect. What is not said
/// stays as the system makes it, by the process's umask, user and group.
struct SocketAccess {
  std::optional<mode_t> mode;
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

/// Reads "mode=0660&user=NAME&group=NAME", any of them, in any order; a number stands for itself where no user or group
/// has it as its name. The error says which part makes no sense, and what was expected.
[[nodiscard]] Result<SocketAccess> parse_socket_access(std::string_view text);

/// Gives it to the socket at `path`, and to nothing else that may have taken its place; the error says what could not
/// be done. Before anyone can connect, which is before listen().
[[nodiscard]] Result<> set_access(const std::string& path, const SocketAccess& access);

}  // namespace wasm_grpc::net
