// grpc.health.v1.Health: its three methods.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/health_registry.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::services {

inline constexpr std::string_view health_check_path = "/grpc.health.v1.Health/Check";
inline constexpr std::string_view health_list_path = "/grpc.health.v1.Health/List";
inline constexpr std::string_view health_watch_path = "/grpc.health.v1.Health/Watch";

/// Check: a HealthCheckRequest in, a HealthCheckResponse out, or NOT_FOUND.
[[nodiscard]] rpc::Status check_health(const HealthRegistry& registry, std::span<const std::byte> request,
                                       std::vector<std::byte>& response);
/// List: a HealthListResponse.
[[nodiscard]] rpc::Status list_health(const HealthRegistry& registry, std::vector<std::byte>& response);

/// Watch, for the clients of one worker. The registry outlives it.
class HealthWatchHandler final : public rpc::Handler {
 public:
  /// `post` runs a function on the worker's thread, soon; it may be called from any thread as long as the registry
  /// changes, and the handler is there when the function runs.
  HealthWatchHandler(HealthRegistry& registry, std::function<void(std::function<void()>)> post);
  ~HealthWatchHandler() override;

  void start(rpc::Call& call) noexcept override;

 private:
  class Watch;

  void update_all() noexcept;
  void end(rpc::Call& call) noexcept;

  const HealthRegistry& registry_;
  std::atomic<bool> posted_ = false;
  std::unordered_map<rpc::Call*, std::unique_ptr<Watch>> watches_;
};

}  // namespace wasm_grpc::services
