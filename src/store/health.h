// Whether a store answers, and who is told.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace wasm_grpc::store {

/// Of a file or a server, for all modules that have their stores there. Thread-safe.
class Health {
 public:
  /// Called on any thread, one call after the other; must be quick, and must not call the Health.
  using Told = std::function<void(bool works)>;

  /// `told` is called now, and at each change for as long as `owner` lives.
  void watch(std::weak_ptr<const void> owner, Told told);
  [[nodiscard]] bool watched() const noexcept { return watched_.load(std::memory_order_relaxed); }

  void set(bool works);
  [[nodiscard]] bool works() const noexcept { return works_.load(std::memory_order_relaxed); }

 private:
  std::mutex mutex_;  // held while they are told
  std::vector<std::pair<std::weak_ptr<const void>, Told>> watchers_;
  std::atomic<bool> works_ = true;
  std::atomic<bool> watched_ = false;
};

}  // namespace wasm_grpc::store
