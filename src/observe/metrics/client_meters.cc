#include "observe/metrics/client_meters.h"

#include "observe/metrics/method_meters.h"

namespace wasm_grpc::observe {

rpc::MethodMeter& ClientMeters::of(std::size_t worker, std::string_view module, std::string_view target,
                                   std::string_view path, rpc::MethodKind kind) {
  const std::lock_guard lock(mutex_);
  Paths& paths = callers_[Caller(module, target)];
  if (paths.size() >= most_paths && !paths.contains(path)) path = {};
  const auto found = paths.try_emplace(std::string(path), Series{kind, {}}).first;
  Series& series = found->second;
  for (std::size_t i = series.meters.size(); i < workers_; ++i) series.meters.emplace_back();
  return series.meters[worker];
}

std::vector<OutgoingCounters> ClientMeters::counters() const {
  std::vector<OutgoingCounters> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [caller, paths] : callers_) {
    for (const auto& [path, series] : paths) {
      OutgoingCounters one;
      one.target = caller.second;
      one.calls.path = path;
      one.calls.kind = series.kind;
      one.calls.module = caller.first;
      add_up(series.meters, one.calls);
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace wasm_grpc::observe
