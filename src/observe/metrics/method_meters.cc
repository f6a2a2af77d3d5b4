#include "observe/metrics/method_meters.h"

#include <memory>
#include <utility>

namespace wasm_grpc::observe {

void add_up(const std::deque<rpc::MethodMeter>& meters, MethodCounters& method) {
  const auto total = std::make_unique<rpc::DurationTotal>();
  std::uint64_t guest_nanoseconds = 0;
  for (const rpc::MethodMeter& meter : meters) {
    // What has ended is read before what has started, so that no more have ended than started.
    for (std::size_t code = 0; code < method.ended.size(); ++code) method.ended[code] += meter.ended[code];
    meter.handling.add_to(*total);
    method.messages_received += meter.messages_received;
    method.messages_sent += meter.messages_sent;
    guest_nanoseconds += meter.guest_nanoseconds;
    method.started += meter.started;
  }
  method.guest_seconds = static_cast<double>(guest_nanoseconds) / 1e9;
  method.handling = total->durations();
}

rpc::MethodMeter& MethodMeters::open(std::size_t worker, std::string_view path, rpc::MethodKind kind,
                                     std::string_view module) {
  const std::lock_guard lock(mutex_);
  Series* series = nullptr;
  if (const auto found = by_path_.find(path); found != by_path_.end()) {
    series = found->second;
    series->kind = kind;
    series->module = module;
  } else {
    auto made = std::make_unique<Series>(Series{std::string(path), kind, std::string(module), 0, {}});
    for (std::size_t i = 0; i < workers_; ++i) made->meters.emplace_back();
    series = made.get();
    series_.push_back(std::move(made));
    by_path_.emplace(series->path, series);
  }
  ++series->users;
  return series->meters[worker];
}

void MethodMeters::close(std::string_view path) noexcept {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_path_.find(path); found != by_path_.end() && found->second->users > 0) {
    --found->second->users;
  }
}

std::vector<MethodCounters> MethodMeters::counters() const {
  std::vector<MethodCounters> all;
  const std::lock_guard lock(mutex_);
  all.reserve(series_.size());
  for (const auto& series : series_) {
    MethodCounters method;
    method.path = series->path;
    method.kind = series->kind;
    method.module = series->module;
    add_up(series->meters, method);
    if (series->users > 0 || method.in_progress() > 0) all.push_back(std::move(method));
  }
  return all;
}

}  // namespace wasm_grpc::observe
