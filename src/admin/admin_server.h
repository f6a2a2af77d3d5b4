// The admin address: metrics, readiness, and what is going on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/gate.h"
#include "admin/loop.h"
#include "admin/view.h"
#include "observe/log/log.h"
#include "services/health_registry.h"
#include "wasm_grpc/admin_options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::admin {

/// Listens, and serves from start() until stop() on a thread of its own.
class AdminServer {
 public:
  /// All outlive it. Refuses a token file that is no good.
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> create(const AdminOptions& options, const observe::Log& log,
                                                                   services::HealthRegistry& health);

  /// As Server::listen_admin(). Before start().
  [[nodiscard]] Result<std::string> listen(const std::string& address);
  /// Once.
  [[nodiscard]] Result<> start(View view);
  void stop() noexcept { loop_.stop(); }

 private:
  AdminServer(Gate gate, const observe::Log& log, services::HealthRegistry& health)
      : gate_(std::move(gate)), health_(health), loop_(log) {}
  [[nodiscard]] Result<> add_health();

  Gate gate_;
  services::HealthRegistry& health_;
  Loop loop_;
};

}  // namespace wasm_grpc::admin
