// The buckets of the histograms that are told.
#pragma once

#include <cstdint>
#include <vector>

#include "wasm_grpc/durations.h"
#include "wasm_grpc/metrics.h"

namespace wasm_grpc::observe {

/// Their upper bounds in seconds, but for that of the last, which is infinite.
[[nodiscard]] const std::vector<double>& bounds_of(MetricsBuckets buckets);
/// How many took at most as long as each of these bounds.
[[nodiscard]] std::vector<std::uint64_t> counts_up_to(const Durations& durations, const std::vector<double>& bounds);

}  // namespace wasm_grpc::observe
