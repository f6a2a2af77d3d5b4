// What metrics are written by, whatever they become.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "wasm_grpc/durations.h"

namespace wasm_grpc::observe {

/// The labels of one series. Refers to their names and values, which outlive it.
class Labels {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  Labels() = default;
  Labels(std::initializer_list<Label> labels) {
    for (const auto& [name, value] : labels) add(name, value);
  }
  /// `name` is one that Prometheus allows; `value` is any text.
  void add(std::string_view name, std::string_view value) {
    assert(count_ < labels_.size());
    labels_[count_++] = {name, value};
  }
  [[nodiscard]] std::span<const Label> all() const noexcept { return std::span(labels_).first(count_); }

 private:
  std::array<Label, 8> labels_;
  std::size_t count_ = 0;
};

/// A family is begun, then its samples are written.
class MetricWriter {
 public:
  virtual ~MetricWriter() = default;

  /// The name is without the "_total" that the samples of counters have. `help` is one line.
  void counter(std::string_view name, std::string_view help) { family(Kind::counter, name, help); }
  void gauge(std::string_view name, std::string_view help) { family(Kind::gauge, name, help); }
  void histogram(std::string_view name, std::string_view help) { family(Kind::histogram, name, help); }

  /// Of the family that was begun last, which is a counter or a gauge.
  virtual void sample(const Labels& labels, double value) = 0;
  virtual void sample(const Labels& labels, std::uint64_t value) = 0;
  /// Of a histogram.
  virtual void sample(const Labels& labels, const Durations& durations) = 0;

 protected:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  virtual void family(Kind kind, std::string_view name, std::string_view help) = 0;
};

}  // namespace wasm_grpc::observe
