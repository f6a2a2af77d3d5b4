// Where modules that nobody serves any more are destroyed.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/instances/guest_module.h"

namespace wasm_grpc::runtime {

/// A thread of its own, from the first module on: to unmap compiled code and free descriptors takes longer than a
/// worker has. Thread-safe. Outlives the modules that come to it.
class Reaper {
 public:
  Reaper() = default;
  /// What came is destroyed before it returns.
  ~Reaper();
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  /// The module, to be destroyed here by whoever drops it last.
  [[nodiscard]] std::shared_ptr<GuestModule> own(std::shared_ptr<GuestModule> module);

 private:
  void take(std::shared_ptr<GuestModule> module) noexcept;
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<GuestModule>> modules_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace wasm_grpc::runtime
