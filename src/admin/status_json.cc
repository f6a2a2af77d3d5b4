#include "admin/status_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "observe/log/log.h"
#include "observe/metrics/names.h"
#include "observe/metrics/process.h"

namespace wasm_grpc::admin {

namespace {

using Json = nlohmann::ordered_json;

double seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

Json reasons(const std::vector<ReasonCount>& counts) {
  Json list = Json::array();
  for (const ReasonCount& each : counts) {
    if (each.count > 0) list.push_back({{"reason", each.reason}, {"count", each.count}});
  }
  return list;
}

// Bound, count, bound, count, ...: shorter than objects, and asked for every two seconds.
Json buckets(const Durations& durations) {
  Json list = Json::array();
  for (const Durations::Bucket& bucket : durations.buckets) {
    const double bound = std::isinf(bucket.up_to) ? 2 * bucket.above : bucket.up_to;
    list.push_back(std::round(bound * 1e9) / 1e9);
    list.push_back(bucket.count);
  }
  return list;
}

Json method_json(const MethodCounters& method) {
  Json ended = Json::object();
  for (std::size_t code = 0; code < method.ended.size(); ++code) {
    if (method.ended[code] > 0) ended[std::string(observe::code_name(code))] = method.ended[code];
  }
  return {{"path", method.path},
          {"kind", rpc::name(method.kind)},
          {"module", method.module},
          {"started", method.started},
          {"in_progress", method.in_progress()},
          {"ended", std::move(ended)},
          {"received", method.messages_received},
          {"sent", method.messages_sent},
          {"guest_seconds", method.guest_seconds},
          {"sum", method.handling.sum},
          {"buckets", buckets(method.handling)}};
}

Json module_json(const ModuleCounters& module) {
  const std::uint64_t resting = module.instances_idle + module.instances_starting;
  return {{"name", module.name},
          {"idle", module.instances_idle},
          {"busy", module.instances_alive - std::min(module.instances_alive, resting)},
          {"starting", module.instances_starting},
          {"made", module.instances_made},
          {"memory_bytes", module.memory_bytes},
          {"waiting", module.calls_waiting},
          {"refused", module.calls_refused + module.calls_unavailable},
          {"wait_p99", module.waits.quantile(0.99)},
          {"start_p50", module.starts.quantile(0.5)},
          {"failures", reasons(module.failures)}};
}

}  // namespace

std::string_view name(Readiness readiness) noexcept {
  switch (readiness) {
    case Readiness::ready:
      return "ready";
    case Readiness::unhealthy:
      return "unhealthy";
    case Readiness::stopping:
      break;
  }
  return "stopping";
}

std::string status_json(const View& view) {
  const ServerCounters counters = view.counters();
  const observe::ProcessFacts process = observe::process_facts();
  Json status{{"now", std::round(seconds(std::chrono::system_clock::now()) * 1000)},
              {"started", seconds(view.started)},
              {"state", name(view.readiness())},
              {"workers", view.workers},
              {"generation", counters.generation},
              {"process",
               {{"cpu_seconds", process.cpu_seconds},
                {"resident_bytes", process.resident_bytes},
                {"threads", process.threads},
                {"open_files", process.open_files},
                {"max_open_files", process.max_open_files}}},
              {"connections",
               {{"open", counters.connections_open},
                {"accepted", counters.connections_accepted},
                {"refused", counters.connections_refused},
                {"ended", reasons(counters.connections_ended)},
                {"read", counters.bytes_read},
                {"written", counters.bytes_written}}},
              {"requests_refused", counters.calls_refused},
              {"log_lines_dropped", counters.log_lines_dropped}};
  status["limits"] = Json::array();
  for (const LimitUse& limit : view.limits(counters)) {
    status["limits"].push_back(
        {{"name", limit.name}, {"used", limit.used}, {"most", limit.most}, {"in_bytes", limit.in_bytes}});
  }
  status["modules"] = Json::array();
  for (const ModuleCounters& module : counters.modules) status["modules"].push_back(module_json(module));
  status["methods"] = Json::array();
  for (const MethodCounters& method : counters.methods) status["methods"].push_back(method_json(method));
  // How many lines there are to be shown, and since when: the page then asks for them.
  const auto lines = view.recent_lines();
  status["lines"] = {lines.size(), lines.empty() ? 0 : std::round(seconds(lines.front().time) * 1000)};
  // Names and texts of guests may be no UTF-8.
  return status.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wasm_grpc::admin
