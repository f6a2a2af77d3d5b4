// Which calls are logged, and as what.
#pragma once

#include <chrono>
#include <cstdint>

#include "observe/log/log.h"
#include "wasm_grpc/access_log_options.h"
#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::observe {

/// The calls of one worker, on its thread. The log outlives it.
class AccessLogger {
 public:
  /// `seed` chooses which are sampled.
  AccessLogger(const Log& log, const AccessLogOptions& options, std::uint64_t seed);

  /// A call has ended that took so long.
  void ended(const rpc::Request& request, rpc::StatusCode status, std::chrono::nanoseconds took) noexcept {
    if (wants(status, took)) write(request, status, took);
  }

 private:
  [[nodiscard]] bool wants(rpc::StatusCode status, std::chrono::nanoseconds took) noexcept {
    if (options_.slower_than.count() > 0 && took > options_.slower_than) return true;
    if (options_.calls == AccessLog::none) return false;
    if (status != rpc::StatusCode::ok) return true;
    return options_.calls == AccessLog::all && sampled();
  }
  [[nodiscard]] bool sampled() noexcept;
  void write(const rpc::Request& request, rpc::StatusCode status, std::chrono::nanoseconds took) const noexcept;

  const Log& log_;
  const AccessLogOptions options_;
  std::uint64_t state_;
};

}  // namespace wasm_grpc::observe
