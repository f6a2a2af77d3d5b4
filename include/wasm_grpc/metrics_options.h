// Who is told of what a server counts, without asking.
#pragma once

#include <chrono>

#include "wasm_grpc/collector_options.h"

namespace wasm_grpc {

/// What metrics_text() tells (docs/metrics.md), for a collector. What it does not take comes again with the next
/// export, as all that is counted is counted from the server's start; ServerCounters::points_dropped has how often that
/// was.
struct MetricsOptions : CollectorOptions {
  /// How often: from the beginning of an export to that of the next.
  std::chrono::milliseconds interval{60'000};
};

}  // namespace wasm_grpc
