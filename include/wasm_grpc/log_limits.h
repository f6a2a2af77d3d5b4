// How much the guests of one module may write into the log: a log is shared, and disks are finite.
#pragma once

#include <cstdint>

namespace wasm_grpc {

/// Of one guest module, over all its instances and workers: what they log and what they print. A line counts once for
/// each KiB of it that is begun. What is more is dropped and counted (ModuleCounters::log_lines_over_limit), and the
/// log has a line with how much that was, every five seconds at most.
struct LogLimits {
  /// Lines that may come at once. 0: none are logged at all.
  std::uint32_t burst = 10'000;
  /// Lines a second after that. 0: as many as they like, whatever the burst.
  std::uint32_t lines_per_second = 1'000;

  [[nodiscard]] bool operator==(const LogLimits&) const = default;
};

}  // namespace wasm_grpc
