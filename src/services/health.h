// grpc.health.v1.Health: its three methods.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "rpc/request_handler.h"
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
class HealthWatchHandler final : public rpc::RequestHandler {
 public:
  /// Runs a function on the worker's thread, after some time. It may be called from any thread as long as the registry
  /// changes, and the handler is there when the function runs.
  using Post = std::function<void(std::chrono::milliseconds after, std::function<void()> function)>;

  /// The first change is told at once, those that follow this much later, all together: or one guest that says now
  /// this, now that, would keep every worker busy.
  static constexpr std::chrono::milliseconds pause{100};

  HealthWatchHandler(HealthRegistry& registry, Post post);
  ~HealthWatchHandler() override;

 private:
  void serve(rpc::Call& call) noexcept override;

  class Watch;

  void registry_changed();
  void update_all() noexcept;
  void end(rpc::Call& call) noexcept;

  const HealthRegistry& registry_;
  Post post_;
  std::atomic<bool> posted_ = false;
  std::atomic<std::chrono::steady_clock::time_point> next_look_{};  // not before
  std::unordered_map<rpc::Call*, std::unique_ptr<Watch>> watches_;
};

}  // namespace wasm_grpc::services
