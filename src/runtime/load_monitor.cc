#include "runtime/load_monitor.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace wasm_grpc::runtime {

double process_cpu_seconds() noexcept {
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

services::Load LoadMonitor::next(const LoadSample& now, double memory) noexcept {
  const std::chrono::duration<double> passed = now.time - last_.time;
  const double seconds = std::max(passed.count(), 1e-3);
  services::Load load;
  load.cpu = std::max(0.0, now.cpu_seconds - last_.cpu_seconds) / seconds / workers_;
  load.memory = memory;
  load.calls = static_cast<double>(now.calls - std::min(now.calls, last_.calls)) / seconds;
  load.errors = static_cast<double>(now.errors - std::min(now.errors, last_.errors)) / seconds;
  last_ = now;
  return load;
}

}  // namespace wasm_grpc::runtime
