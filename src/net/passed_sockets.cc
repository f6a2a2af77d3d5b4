#include "net/passed_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

namespace wasm_grpc::net {

namespace {

/// More than anybody passes; a number beyond it is no count.
constexpr long most_passed = 1024;

std::optional<long> number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> socket_option(int descriptor, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(descriptor, SOL_SOCKET, option, &value, &size) != 0) return std::nullopt;
  return value;
}

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "\"" : ", \"") + name + "\"";
  return text;
}

}  // namespace

PassedSockets PassedSockets::of_process() {
  return read(std::getenv("LISTEN_FDS"), std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDNAMES"), getpid());
}

PassedSockets PassedSockets::read(const char* count, const char* pid, const char* names, long this_process) {
  PassedSockets passed;
  if (count == nullptr || pid == nullptr) return passed;
  // They are left in the environment of whatever the process that was meant starts.
  if (number(pid) != this_process) {
    passed.why_none = "LISTEN_PID is \"" + std::string(pid) + "\", and this process " + std::to_string(this_process);
    return passed;
  }
  const auto given = number(count);
  if (!given || *given < 0 || *given > most_passed) {
    passed.why_none =
        "LISTEN_FDS is \"" + std::string(count) + "\"; expected a number up to " + std::to_string(most_passed);
    return passed;
  }
  std::string_view rest = names == nullptr ? "" : names;
  for (long i = 0; i < *given; ++i) {
    const std::size_t end = rest.find(':');
    const std::string_view name = rest.substr(0, end);
    passed.names.emplace_back(name.empty() ? "unknown" : name);  // as sd_listen_fds_with_names() has it
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  return passed;
}

Result<std::vector<int>> find_passed(const PassedSockets& passed, std::string_view which) {
  if (const auto descriptor = number(which)) {
    if (*descriptor < PassedSockets::first_descriptor || *descriptor > 1'000'000) {
      return Error{"descriptors that are passed are numbered from " + std::to_string(PassedSockets::first_descriptor)};
    }
    return std::vector{static_cast<int>(*descriptor)};
  }
  if (passed.names.empty()) {
    return Error{"no socket was passed to this program: " +
                 (passed.why_none.empty() ? "LISTEN_FDS and LISTEN_PID are not set, as systemd does for a .socket unit"
                                          : passed.why_none)};
  }
  std::vector<int> found;
  for (std::size_t i = 0; i < passed.names.size(); ++i) {
    if (which.empty() || passed.names[i] == which)
      found.push_back(PassedSockets::first_descriptor + static_cast<int>(i));
  }
  if (found.empty()) {
    return Error{"no socket that was passed has the name \"" + std::string(which) + "\"; there is " +
                 list(passed.names) + " (FileDescriptorName= of a .socket unit)"};
  }
  return found;
}

Result<std::vector<Protocol::endpoint>> passed_endpoints(std::string_view which) {
  auto found = find_passed(PassedSockets::of_process(), which);
  if (!found.ok()) return std::move(found).error();
  std::vector<Protocol::endpoint> endpoints;
  for (const int descriptor : found.value()) {
    Protocol::endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    if (getsockname(descriptor, endpoint.data(), &size) != 0) {
      return Error{"descriptor " + std::to_string(descriptor) + " is no socket: " + std::strerror(errno)};
    }
    endpoint.resize(size);
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

Result<Acceptor> take_passed(asio::io_context& io, int descriptor) {
  const auto refuse = [&](const std::string& why) {
    return Error{"descriptor " + std::to_string(descriptor) + " " + why};
  };
  const int flags = fcntl(descriptor, F_GETFD);
  if (flags < 0) return refuse("is not open: nothing was passed there");
  // Whatever this program opens itself has the flag, and so has what was taken before.
  if ((flags & FD_CLOEXEC) != 0) return refuse("was not passed to this program, or is listened on already");
  const auto family = socket_option(descriptor, SO_DOMAIN);
  if (!family) return refuse("is no socket");
  if (*family != AF_INET && *family != AF_INET6 && *family != AF_UNIX) {
    return refuse("is a socket of another family; expected TCP or a unix socket");
  }
  if (socket_option(descriptor, SO_TYPE) != SOCK_STREAM) {
    return refuse("is no stream socket; expected ListenStream= in the .socket unit");
  }
  if (socket_option(descriptor, SO_ACCEPTCONN) != 1) {
    return refuse("does not listen; expected a listening socket, Accept=no in the .socket unit");
  }
  Acceptor acceptor(io);
  asio::error_code error;
  acceptor.assign(Protocol(*family, 0), descriptor, error);
  if (error) return refuse("cannot be listened on: " + error.message());
  // Of the open socket, and so of all processes that have it: who serves from it by turns does not block either.
  acceptor.non_blocking(true, error);
  if (error || fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) != 0) {
    acceptor.release(error);
    return refuse(std::string("cannot be set up: ") + std::strerror(errno));
  }
  return acceptor;
}

std::string unix_text(const Protocol::endpoint& endpoint) {
  sockaddr_un address{};
  std::memcpy(&address, endpoint.data(), std::min(endpoint.size(), sizeof address));
  const std::size_t offset = offsetof(sockaddr_un, sun_path);
  if (endpoint.size() <= offset) return "unix:";
  if (address.sun_path[0] == '\0') return "unix:@" + std::string(address.sun_path + 1, endpoint.size() - offset - 1);
  return "unix:" + std::string(address.sun_path, strnlen(address.sun_path, endpoint.size() - offset));
}

}  // namespace wasm_grpc::net
