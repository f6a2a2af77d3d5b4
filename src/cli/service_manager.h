// What is told to whoever manages this process as a service: systemd, and what speaks as it does (sd_notify(3)).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

/// Sends datagrams to the socket that NOTIFY_SOCKET names; without one nobody is told. What cannot be sent is lost: the
/// server serves on. From any thread.
class ServiceManager {
 public:
  /// Of the environment, from which it takes the name, so that no program that is started from here speaks for this
  /// one. The error says what is wrong with it.
  [[nodiscard]] static Result<ServiceManager> of_process();
  /// Nobody.
  ServiceManager() = default;
  ServiceManager(ServiceManager&& other) noexcept;
  ServiceManager& operator=(ServiceManager&& other) noexcept;
  ~ServiceManager();

  [[nodiscard]] bool is_there() const noexcept { return socket_ >= 0; }
  /// It serves, from the start on or after a reload. `status`: for people, a line.
  void ready(std::string_view status) const noexcept;
  /// It reads its configuration anew; ready() says when that has ended, well or not.
  void reloading() const noexcept;
  /// It ends, within this time.
  void stopping(std::chrono::milliseconds within) const noexcept;
  /// It is alive, as is to be said once in watchdog_interval().
  void alive() const noexcept;
  /// How often it must say so from ready() on, or it is started anew; nothing: nobody waits for it.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const noexcept { return watchdog_; }

 private:
  void send(std::string_view message) const noexcept;

  int socket_ = -1;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace wasm_grpc::cli
