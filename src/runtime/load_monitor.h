// How loaded the process is, for load reports (ORCA).
#pragma once

#include <cstdint>

#include "services/load_report.h"
#include "wasm_grpc/rpc/request.h"

namespace wasm_grpc::runtime {

/// What has happened until a time.
struct LoadSample {
  rpc::Clock::time_point time{};
  double cpu_seconds = 0;
  std::uint64_t calls = 0;   // that have ended
  std::uint64_t errors = 0;  // of those, with a status that is neither OK nor CANCELLED
};

/// CPU time that the process has used so far, in seconds.
[[nodiscard]] double process_cpu_seconds() noexcept;

/// Makes a report of what has happened since the last one. Belongs to one thread.
class LoadMonitor {
 public:
  static constexpr std::chrono::milliseconds interval{1000};

  /// CPU is a part of what so many threads can use, memory is given as a part.
  LoadMonitor(std::size_t workers, const LoadSample& begin) noexcept
      : workers_(static_cast<double>(workers)), last_(begin) {}
  [[nodiscard]] services::Load next(const LoadSample& now, double memory) noexcept;

 private:
  const double workers_;
  LoadSample last_;
};

}  // namespace wasm_grpc::runtime
