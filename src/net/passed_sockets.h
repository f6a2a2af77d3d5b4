// Listening sockets that a program was started with (socket activation): whoever started it made them, holds them, and
// hands them on when another takes its place, so that no client is refused in between.
#pragma once

#include <asio/io_context.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "net/bound_sockets.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

/// What the environment says of them, as of sd_listen_fds(3): LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES.
struct PassedSockets {
  /// Of the descriptors from `first_descriptor` on, in their order.
  std::vector<std::string> names;
  /// Why there are none, where somebody meant to pass some; empty otherwise.
  std::string why_none;

  static constexpr int first_descriptor = 3;

  /// Those of this process.
  [[nodiscard]] static PassedSockets of_process();
  /// The same of these values, where nullptr is one that is not set, for the process of this number.
  [[nodiscard]] static PassedSockets read(const char* count, const char* pid, const char* names, long this_process);
};

/// The descriptors that `which` stands for: all that were passed where it is empty, those of its name, or the one of
/// its number, which need not have been named. The error says what there is.
[[nodiscard]] Result<std::vector<int>> find_passed(const PassedSockets& passed, std::string_view which);

/// Where the sockets listen that find_passed() gives for it, of this process.
[[nodiscard]] Result<std::vector<Protocol::endpoint>> passed_endpoints(std::string_view which);

/// Takes a descriptor over, and has no program that is started from here inherit it. The error says that it is no
/// listening socket of TCP or a unix socket, or was taken before; then it stays as it is.
[[nodiscard]] Result<Acceptor> take_passed(asio::io_context& io, int descriptor);

/// Of a listening unix socket: "unix:PATH", or "unix:@NAME" in the abstract namespace.
[[nodiscard]] std::string unix_text(const Protocol::endpoint& endpoint);

}  // namespace wasm_grpc::net
