// Writes metrics as Prometheus and OpenMetrics have them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc/durations.h"
#include "wasm_grpc/metrics.h"

namespace wasm_grpc::observe {

/// The labels of one series, as they are written: made once for all samples that have them.
class Labels {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  Labels() = default;
  Labels(std::initializer_list<Label> labels) {
    for (const auto& [name, value] : labels) add(name, value);
  }
  /// `name` is one that Prometheus allows; `value` is any text.
  void add(std::string_view name, std::string_view value);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;  // name="value",name="value"
};

/// A family is begun, then its samples are written.
class TextWriter {
 public:
  TextWriter(MetricsFormat format, MetricsBuckets buckets) : format_(format), buckets_(buckets) {}

  /// The name without "_total", which counters have in their samples. `help` is one line.
  void counter(std::string_view name, std::string_view help) { family(name, "counter", help); }
  void gauge(std::string_view name, std::string_view help) { family(name, "gauge", help); }
  void histogram(std::string_view name, std::string_view help) { family(name, "histogram", help); }

  /// Of the family that was begun last, which is a counter or a gauge.
  void sample(const Labels& labels, double value);
  void sample(const Labels& labels, std::uint64_t value);
  /// Of a histogram.
  void sample(const Labels& labels, const Durations& durations);

  /// All that was written. Nothing is written after it.
  [[nodiscard]] std::string finish();

 private:
  void family(std::string_view name, std::string_view type, std::string_view help);
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
