#include "cli/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace wasm_grpc::cli {

namespace {

std::optional<std::int64_t> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  std::int64_t value = 0;
  const char* const text_end = text + std::strlen(text);
  const auto [end, error] = std::from_chars(text, text_end, value);
  if (error != std::errc() || end != text_end) return std::nullopt;
  return value;
}

/// As sd_watchdog_enabled(3): WATCHDOG_USEC, of WATCHDOG_PID where that is said.
std::optional<std::chrono::microseconds> watchdog_of_process() {
  const auto interval = number(std::getenv("WATCHDOG_USEC"));
  if (!interval || *interval <= 0) return std::nullopt;
  if (const char* const pid = std::getenv("WATCHDOG_PID"); pid != nullptr && number(pid) != getpid()) {
    return std::nullopt;
  }
  return std::chrono::microseconds(*interval);
}

}  // namespace

Result<ServiceManager> ServiceManager::of_process() {
  ServiceManager manager;
  const char* const given = std::getenv("NOTIFY_SOCKET");
  if (given == nullptr || *given == '\0') return manager;
  const std::string name = given;
  const auto refuse = [&](const std::string& why) { return Error{"NOTIFY_SOCKET=" + name + ": " + why}; };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.front() != '/' && name.front() != '@') return refuse("expected a path, or @NAME");
  if (name.size() >= sizeof address.sun_path) return refuse("it is too long for a socket");
  std::copy(name.begin(), name.end(), address.sun_path);
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (name.front() == '@') {
    address.sun_path[0] = '\0';  // in the abstract namespace
  } else {
    ++size;
  }
  manager.socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (manager.socket_ < 0) return refuse(std::string("no socket can be made: ") + std::strerror(errno));
  if (connect(manager.socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return refuse(std::string("nobody is there: ") + std::strerror(errno));
  }
  manager.watchdog_ = watchdog_of_process();
  unsetenv("NOTIFY_SOCKET");
  return manager;
}

ServiceManager::ServiceManager(ServiceManager&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), watchdog_(other.watchdog_) {}

ServiceManager& ServiceManager::operator=(ServiceManager&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(watchdog_, other.watchdog_);
  return *this;
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) close(socket_);
}

void ServiceManager::ready(std::string_view status) const noexcept {
  send("READY=1\nSTATUS=" + std::string(status.substr(0, status.find('\n'))));
}

// With the time, systemd 253 and newer tell the READY=1 that follows from one that was sent before
// (Type=notify-reload).
void ServiceManager::reloading() const noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds) + "\nSTATUS=reloading");
}

void ServiceManager::stopping(std::chrono::milliseconds within) const noexcept {
  const std::int64_t microseconds = std::chrono::microseconds(within).count();
  send("STOPPING=1\nSTATUS=finishing the calls in progress\nEXTEND_TIMEOUT_USEC=" + std::to_string(microseconds));
}

void ServiceManager::alive() const noexcept { send("WATCHDOG=1"); }

void ServiceManager::send(std::string_view message) const noexcept {
  if (socket_ < 0) return;
  // Whoever reads it may be busy, but is not to keep a stop or a reload waiting.
  while (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EINTR) {
  }
}

}  // namespace wasm_grpc::cli
