#include "observe/metrics/text_writer.h"

#include <charconv>
#include <cmath>
#include <vector>

#include "rpc/duration_bounds.h"

namespace wasm_grpc::observe {

namespace {

using rpc::DurationBounds;

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

std::vector<double> standard_bounds() {
  std::vector<double> bounds;
  for (const std::uint64_t named : DurationBounds::named_nanoseconds) {
    bounds.push_back(static_cast<double>(named) / 1e9);
  }
  return bounds;
}

// From 4 us to 64 s: what lies outside is told apart from it.
std::vector<double> fine_bounds() {
  constexpr double least = 1.0 / (1 << 18), most = 64;
  std::vector<double> bounds;
  for (std::size_t octave = 0; octave < DurationBounds::octaves; ++octave) {
    for (std::size_t cell = 0; cell < DurationBounds::most_cells; ++cell) {
      const double bound = DurationBounds::upper(octave, cell);
      if (bound >= least && bound <= most && (bounds.empty() || bound > bounds.back())) bounds.push_back(bound);
    }
  }
  return bounds;
}

const std::vector<double>& bounds_of(MetricsBuckets buckets) {
  static const std::vector<double> standard = standard_bounds(), fine = fine_bounds();
  return buckets == MetricsBuckets::fine ? fine : standard;
}

}  // namespace

void Labels::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_.push_back(',');
  text_.append(name).append("=\"");
  append_escaped(text_, value);
  text_.push_back('"');
}

void TextWriter::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  counts_ = type == "counter";
  // Prometheus' own format has the type under the name of the samples.
  const std::string_view suffix = counts_ && format_ == MetricsFormat::prometheus ? "_total" : "";
  text_.append("# HELP ").append(name).append(suffix).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(suffix).append(" ").append(type).append("\n");
}

void TextWriter::begin(std::string_view suffix, const Labels& labels) {
  text_.append(name_).append(suffix);
  if (!labels.text().empty()) text_.append("{").append(labels.text()).append("}");
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
  text_.append(name_).append("_bucket{").append(labels.text());
  if (!labels.text().empty()) text_.push_back(',');
  text_.append("le=\"");
  number(bound);
  text_.append("\"} ");
  number(count);
  text_.push_back('\n');
}

void TextWriter::sample(const Labels& labels, const Durations& durations) {
  std::uint64_t up_to = 0;
  auto next = durations.buckets.begin();
  for (const double bound : bounds_of(buckets_)) {
    for (; next != durations.buckets.end() && next->up_to <= bound; ++next) up_to += next->count;
    bucket(labels, bound, up_to);
  }
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
