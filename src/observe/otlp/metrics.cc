#include "observe/otlp/metrics.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "observe/metrics/buckets.h"
#include "observe/metrics/metrics.h"

namespace wasm_grpc::observe::otlp {

namespace {

constexpr std::string_view sdk_version = WASM_GRPC_VERSION;

// Numbers of fields and values, by message.
namespace metrics_request {
constexpr std::uint32_t resource_metrics = 1;
}
namespace resource_metrics {
constexpr std::uint32_t resource = 1, scope_metrics = 2;
}
namespace scope_metrics {
constexpr std::uint32_t scope = 1, metrics = 2;
}
namespace metric {
constexpr std::uint32_t name = 1, description = 2, unit = 3, gauge = 5, sum = 7, histogram = 9;
}
namespace data {  // of all three kinds
constexpr std::uint32_t points = 1, temporality = 2, is_monotonic = 3;
constexpr std::uint64_t cumulative = 2;
}  // namespace data
namespace any_point {
constexpr std::uint32_t start = 2, time = 3;
}
namespace number_point {
constexpr std::uint32_t as_double = 4, as_int = 6, attributes = 7;
}
namespace histogram_point {
constexpr std::uint32_t count = 4, sum = 5, bucket_counts = 6, explicit_bounds = 7, attributes = 9;
}

std::uint64_t nanoseconds_of(MetricRequests::Time time) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

/// In UCUM, as OpenTelemetry has them; our names say it in words.
std::string_view unit_of(std::string_view name) {
  if (name.ends_with("_seconds")) return "s";
  if (name.ends_with("_bytes")) return "By";
  return {};
}

class MetricSource final : public Source {
 public:
  MetricSource(const MetricsOptions& options, std::function<ServerCounters()> counters)
      : resource_(Resource::of_process(options.service_name, std::string(sdk_version))),
        interval_(options.interval),
        counters_(std::move(counters)) {}

  [[nodiscard]] Signal signal() const noexcept override {
    return {.name = "metrics", .items = "points", .path = metrics_export_path, .interval = interval_, .repeats = true};
  }

  void take(const Send& send) override {
    ServerCounters now;
    {
      const std::lock_guard lock(mutex_);
      if (!counters_) return;
      now = counters_();
    }
    if (now.generation == 0) return;  // it has not started
    MetricRequests requests(resource_, began_, std::chrono::system_clock::now(), send);
    write_metrics(requests, now);
    requests.finish();
  }

  void close() noexcept override {
    const std::lock_guard lock(mutex_);
    counters_ = nullptr;
  }

 private:
  const Resource resource_;
  const std::chrono::milliseconds interval_;
  const MetricRequests::Time began_ = std::chrono::system_clock::now();
  std::mutex mutex_;
  std::function<ServerCounters()> counters_;
};

}  // namespace

void MetricRequests::family(Kind kind, std::string_view name, std::string_view help) {
  end_metric();
  kind_ = kind;
  name_ = name;
  help_ = help;
}

void MetricRequests::begin_request() {
  bytes_.clear();
  to_.emplace(bytes_);
  in_resource_ = to_->begin(metrics_request::resource_metrics);
  to_->message(resource_metrics::resource, [&] { resource_.write(*to_); });
  in_scope_ = to_->begin(resource_metrics::scope_metrics);
  to_->message(scope_metrics::scope, [&] {
    to_->text(1, "wasm-grpc");
    to_->text(2, sdk_version);
  });
}

void MetricRequests::begin_metric() {
  if (!to_) begin_request();
  in_metric_ = to_->begin(scope_metrics::metrics);
  const bool counts = kind_ == Kind::counter;
  to_->text(metric::name, counts ? name_ + "_total" : name_);
  to_->text(metric::description, help_);
  if (const auto unit = unit_of(name_); !unit.empty()) to_->text(metric::unit, unit);
  in_data_ = to_->begin(counts ? metric::sum : kind_ == Kind::gauge ? metric::gauge : metric::histogram);
  if (kind_ != Kind::gauge) to_->number(data::temporality, data::cumulative);
  if (counts) to_->number(data::is_monotonic, 1);
  metric_begun_ = true;
}

void MetricRequests::end_metric() {
  if (!std::exchange(metric_begun_, false)) return;
  to_->end(in_data_);
  to_->end(in_metric_);
}

void MetricRequests::finish() {
  if (!to_) return;
  end_metric();
  to_->end(in_scope_);
  to_->end(in_resource_);
  to_->finish();
  to_.reset();
  send_({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}, std::exchange(points_, 0));
}

template <typename Fields>
void MetricRequests::point(const Labels& labels, std::uint32_t label_field, Fields fields) {
  if (to_ && to_->size() >= enough_bytes) finish();
  if (!metric_begun_) begin_metric();
  ++points_;
  to_->message(data::points, [&] {
    if (kind_ != Kind::gauge) to_->fixed64(any_point::start, nanoseconds_of(began_));
    to_->fixed64(any_point::time, nanoseconds_of(now_));
    for (const auto& [name, value] : labels.all()) to_->attribute(label_field, name, value);
    fields();
  });
}

void MetricRequests::sample(const Labels& labels, double value) {
  point(labels, number_point::attributes, [&] { to_->real(number_point::as_double, value); });
}

void MetricRequests::sample(const Labels& labels, std::uint64_t value) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (value > most) {  // "no limit", which as_int has no room for
    sample(labels, static_cast<double>(value));
    return;
  }
  point(labels, number_point::attributes, [&] { to_->fixed64(number_point::as_int, value); });
}

void MetricRequests::sample(const Labels& labels, const Durations& durations) {
  const std::vector<double>& bounds = bounds_of(MetricsBuckets::standard);
  std::vector<std::uint64_t> counts = counts_up_to(durations, bounds);
  counts.push_back(std::max(durations.count, counts.back()));
  const std::uint64_t all = counts.back();
  for (std::size_t i = counts.size() - 1; i > 0; --i) counts[i] -= counts[i - 1];
  point(labels, histogram_point::attributes, [&] {
    to_->fixed64(histogram_point::count, all);
    to_->real(histogram_point::sum, durations.sum);
    to_->fixed64s(histogram_point::bucket_counts, counts);
    to_->reals(histogram_point::explicit_bounds, bounds);
  });
}

std::unique_ptr<Source> source_of_metrics(const MetricsOptions& options, std::function<ServerCounters()> counters) {
  return std::make_unique<MetricSource>(options, std::move(counters));
}

}  // namespace wasm_grpc::observe::otlp
