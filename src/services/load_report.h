// What the server has to do, as balancers in clients want to know it (ORCA, gRFC A51).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace wasm_grpc::services {

/// xds.data.orca.v3.OrcaLoadReport, as far as it is known here.
struct Load {
  double cpu = 0;     // CPU time a second, as a part of what the workers could use
  double memory = 0;  // of guests, as a part of what they may have together
  double calls = 0;   // that ended in a second
  double errors = 0;  // those of them that failed
};

/// The message, serialized. What is 0 is left out.
[[nodiscard]] std::string serialized(const Load& load);

/// The trailer of a call that has the message as its value.
inline constexpr std::string_view load_trailer = "endpoint-load-metrics-bin";

/// The latest. Thread-safe.
class LoadBoard {
 public:
  void set(const Load& load) {
    auto report = std::make_shared<const std::string>(serialized(load));
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
  }
  /// Serialized; of no load, as long as nobody has set one.
  [[nodiscard]] std::shared_ptr<const std::string> report() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> report_ = std::make_shared<const std::string>();
};

}  // namespace wasm_grpc::services
