// Metrics as OTLP has them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/metrics/metric_writer.h"
#include "observe/otlp/message.h"
#include "observe/otlp/source.h"
#include "wasm_grpc/counters.h"
#include "wasm_grpc/metrics_options.h"

namespace wasm_grpc::observe::otlp {

inline constexpr std::string_view metrics_export_path =
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Writes ExportMetricsServiceRequests: counters are monotonic sums and histograms have explicit bounds (the standard
/// ones), both since `began`; names are those of Prometheus' samples. A request that has become large is sent before
/// the next sample; a metric may be in several.
class MetricRequests final : public MetricWriter {
 public:
  /// As large a request may be, and one sample more: collectors take 4 MiB by default.
  static constexpr std::size_t enough_bytes = std::size_t{1} << 20;
  using Time = std::chrono::system_clock::time_point;

  /// All that is referred to outlives it. `now`: of the samples.
  MetricRequests(const Resource& resource, Time began, Time now, const Source::Send& send)
      : resource_(resource), began_(began), now_(now), send_(send) {}

  void sample(const Labels& labels, double value) override;
  void sample(const Labels& labels, std::uint64_t value) override;
  void sample(const Labels& labels, const Durations& durations) override;
  /// Sends what is left. Nothing is written after it.
  void finish();

 private:
  void family(Kind kind, std::string_view name, std::string_view help) override;
  template <typename Fields>
  void point(const Labels& labels, std::uint32_t label_field, Fields fields);
  void begin_request();
  void begin_metric();
  void end_metric();

  const Resource& resource_;
  const Time began_;
  const Time now_;
  const Source::Send& send_;

  Kind kind_ = Kind::gauge;
  std::string name_;
  std::string help_;

  std::vector<std::byte> bytes_;
  std::optional<Message> to_;  // of the request that is begun
  Message::Region in_resource_{}, in_scope_{}, in_metric_{}, in_data_{};
  bool metric_begun_ = false;
  std::size_t points_ = 0;
};

/// All that a server has counted, whenever it is asked; nothing before it is started. `counters` is called on the
/// exporter's thread until close().
[[nodiscard]] std::unique_ptr<Source> source_of_metrics(const MetricsOptions& options,
                                                        std::function<ServerCounters()> counters);

}  // namespace wasm_grpc::observe::otlp
