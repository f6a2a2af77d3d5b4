// Tells the manager of the service that the server is alive, as long as it is.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/service_manager.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

/// Asks each worker, on a thread of its own, and says so only when all have answered: a server one of whose workers
/// hangs is not alive. Where the manager does not want to know it does nothing.
class Watchdog {
 public:
  /// Of a server that has started. Both outlive it.
  Watchdog(Server& server, const ServiceManager& manager);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// From here on workers end and answer no more, which is as it should be. From any thread.
  void server_stops() noexcept { stops_ = true; }

 private:
  /// What the workers answer to; they may after this is gone.
  struct Round {
    std::atomic<std::size_t> left = 0;
  };
  void run(std::chrono::microseconds interval);
  void ask();

  Server& server_;
  const ServiceManager& manager_;
  std::shared_ptr<Round> round_;
  std::atomic<bool> stops_ = false;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ends_ = false;   // of mutex_
  std::thread thread_;  // the last: it uses the others
};

}  // namespace wasm_grpc::cli
