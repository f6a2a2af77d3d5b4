// Writes metrics as Prometheus and OpenMetrics have them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "observe/metrics/metric_writer.h"
#include "wasm_grpc/durations.h"
#include "wasm_grpc/metrics.h"

namespace wasm_grpc::observe {

/// See MetricWriter.
class TextWriter final : public MetricWriter {
 public:
  TextWriter(MetricsFormat format, MetricsBuckets buckets) : format_(format), buckets_(buckets) {}

  void sample(const Labels& labels, double value) override;
  void sample(const Labels& labels, std::uint64_t value) override;
  void sample(const Labels& labels, const Durations& durations) override;

  /// All that was written. Nothing is written after it.
  [[nodiscard]] std::string finish();

 private:
  void family(Kind kind, std::string_view name, std::string_view help) override;
  void append_labels(const Labels& labels);
  void begin(std::string_view suffix, const Labels& labels);
  void bucket(const Labels& labels, double bound, std::uint64_t count);
  void number(double value);
  void number(std::uint64_t value);

  const MetricsFormat format_;
  const MetricsBuckets buckets_;
  std::string text_;
  std::string name_;
  bool counts_ = false;  // the family is a counter
};

}  // namespace wasm_grpc::observe
