// All metrics there are.
#pragma once

#include "observe/metrics/metric_writer.h"
#include "wasm_grpc/counters.h"

namespace wasm_grpc::observe {

/// Writes what was counted, and what the process tells of itself. From any thread.
void write_metrics(MetricWriter& writer, const ServerCounters& counters);

}  // namespace wasm_grpc::observe
