// The meters of the calls that guests make, on all workers.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "rpc/method_meter.h"
#include "wasm_grpc/counters.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::observe {

/// By the module that calls, the target, and the path of the method. A meter is kept for good. Guests say which paths
/// they call: of each module and target so many are told apart, and what comes after counts as one, without a path.
/// From any thread; the lock is taken where a worker sees a path for the first time, and by readers, never by calls.
class ClientMeters {
 public:
  static constexpr std::size_t most_paths = 100;

  explicit ClientMeters(std::size_t workers) : workers_(workers) {}
  ClientMeters(const ClientMeters&) = delete;
  ClientMeters& operator=(const ClientMeters&) = delete;

  /// The meter of one worker.
  [[nodiscard]] rpc::MethodMeter& of(std::size_t worker, std::string_view module, std::string_view target,
                                     std::string_view path, rpc::MethodKind kind);
  /// In the order of their names.
  [[nodiscard]] std::vector<OutgoingCounters> counters() const;

 private:
  struct Series {
    rpc::MethodKind kind;
    std::deque<rpc::MethodMeter> meters;  // of each worker
  };
  using Caller = std::pair<std::string, std::string>;  // module, target
  using Paths = std::map<std::string, Series, std::less<>>;

  const std::size_t workers_;
  mutable std::mutex mutex_;
  std::map<Caller, Paths> callers_;
};

}  // namespace wasm_grpc::observe
