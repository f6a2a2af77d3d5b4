// What a server has counted, in the text that Prometheus reads.
//
//   body = metrics_text(server.counters());
//   // "Content-Type: " + std::string(metrics_content_type(MetricsFormat::prometheus))
//
// docs/metrics.md lists the metrics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wasm_grpc/counters.h"

namespace wasm_grpc {

enum class MetricsFormat : std::uint8_t {
  prometheus,    // Prometheus' text format, version 0.0.4
  open_metrics,  // OpenMetrics 1.0.0
};

/// The buckets of histograms, which are the same for all and never change.
enum class MetricsBuckets : std::uint8_t {
  standard,  // 22: go-grpc's, .005 to 10 s, OpenTelemetry's between them, and the same series down to 10 us
  fine,      // some 400, each at most 4.5 % above the one before, so that quantiles are right within 5 %
};

[[nodiscard]] std::string_view metrics_content_type(MetricsFormat format) noexcept;

/// All of `counters`, and of the process it is called in what Prometheus' clients tell of theirs (process_*). Needs
/// nothing of the server; from any thread.
[[nodiscard]] std::string metrics_text(const ServerCounters& counters, MetricsFormat format = MetricsFormat::prometheus,
                                       MetricsBuckets buckets = MetricsBuckets::standard);

}  // namespace wasm_grpc
