// The meters of all methods, on all workers.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/method_meter.h"
#include "wasm_grpc/counters.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::observe {

/// Adds what the meters of all workers have counted of one method.
void add_up(const std::deque<rpc::MethodMeter>& meters, MethodCounters& method);

/// By the path of a method, so that what was counted goes on where another generation of a module serves the method, or
/// another module. A meter is kept for good: whoever counts by it need not care who serves what. From any thread; the
/// lock is taken where methods come and go, and by readers, never by calls.
class MethodMeters {
 public:
  explicit MethodMeters(std::size_t workers) : workers_(workers) {}
  MethodMeters(const MethodMeters&) = delete;
  MethodMeters& operator=(const MethodMeters&) = delete;

  /// A method is served from now on, on one worker, whose meter this is. `module`: by whom; "host" where it is native.
  [[nodiscard]] rpc::MethodMeter& open(std::size_t worker, std::string_view path, rpc::MethodKind kind,
                                       std::string_view module);
  /// It is served there no longer. As often as open().
  void close(std::string_view path) noexcept;

  /// Of the methods that are served, or still have calls, in the order they came.
  [[nodiscard]] std::vector<MethodCounters> counters() const;

 private:
  struct Series {
    std::string path;
    rpc::MethodKind kind;
    std::string module;
    std::size_t users = 0;
    std::deque<rpc::MethodMeter> meters;  // of each worker
  };

  const std::size_t workers_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Series>> series_;
  std::map<std::string_view, Series*, std::less<>> by_path_;
};

}  // namespace wasm_grpc::observe
