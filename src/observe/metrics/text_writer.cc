#include "observe/metrics/text_writer.h"

#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "observe/metrics/buckets.h"

namespace wasm_grpc::observe {

namespace {

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') text.push_back('\\');
    if (c == '\n') {
      text.append("\\n");
    } else {
      text.push_back(c);
    }
  }
}

template <typename Number>
void append_number(std::string& text, Number value) {
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  text.append(digits, end);
}

}  // namespace

void TextWriter::family(Kind kind, std::string_view name, std::string_view help) {
  name_ = name;
  counts_ = kind == Kind::counter;
  const std::string_view type = counts_ ? "counter" : kind == Kind::gauge ? "gauge" : "histogram";
  // Prometheus' own format has the type under the name of the samples.
  const std::string_view suffix = counts_ && format_ == MetricsFormat::prometheus ? "_total" : "";
  text_.append("# HELP ").append(name).append(suffix).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(suffix).append(" ").append(type).append("\n");
}

void TextWriter::append_labels(const Labels& labels) {
  bool first = true;
  for (const auto& [name, value] : labels.all()) {
    if (!std::exchange(first, false)) text_.push_back(',');
    text_.append(name).append("=\"");
    append_escaped(text_, value);
    text_.push_back('"');
  }
}

void TextWriter::begin(std::string_view suffix, const Labels& labels) {
  text_.append(name_).append(suffix);
  if (!labels.all().empty()) {
    text_.push_back('{');
    append_labels(labels);
    text_.push_back('}');
  }
  text_.push_back(' ');
}

void TextWriter::number(double value) {
  if (std::isinf(value)) {
    text_.append("+Inf");
    return;
  }
  const std::size_t begin = text_.size();
  append_number(text_, value);
  // OpenMetrics wants bounds to look like numbers that need not be whole.
  const bool whole = text_.find_first_of(".e", begin) == std::string::npos;
  if (whole && format_ == MetricsFormat::open_metrics) text_.append(".0");
}

void TextWriter::number(std::uint64_t value) { append_number(text_, value); }

void TextWriter::sample(const Labels& labels, double value) {
  begin(counts_ ? "_total" : "", labels);
  number(value);
  text_.push_back('\n');
}

void TextWriter::sample(const Labels& labels, std::uint64_t value) {
  begin(counts_ ? "_total" : "", labels);
  number(value);
  text_.push_back('\n');
}

void TextWriter::bucket(const Labels& labels, double bound, std::uint64_t count) {
  text_.append(name_).append("_bucket{");
  append_labels(labels);
  if (!labels.all().empty()) text_.push_back(',');
  text_.append("le=\"");
  number(bound);
  text_.append("\"} ");
  number(count);
  text_.push_back('\n');
}

void TextWriter::sample(const Labels& labels, const Durations& durations) {
  const std::vector<double>& bounds = bounds_of(buckets_);
  const std::vector<std::uint64_t> counts = counts_up_to(durations, bounds);
  for (std::size_t i = 0; i < bounds.size(); ++i) bucket(labels, bounds[i], counts[i]);
  bucket(labels, HUGE_VAL, durations.count);
  begin("_sum", labels);
  number(durations.sum);
  text_.push_back('\n');
  begin("_count", labels);
  number(durations.count);
  text_.push_back('\n');
}

std::string TextWriter::finish() {
  if (format_ == MetricsFormat::open_metrics) text_.append("# EOF\n");
  return std::move(text_);
}

}  // namespace wasm_grpc::observe
