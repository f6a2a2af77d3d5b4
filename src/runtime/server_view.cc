// What is told of a server: its counters, and what the admin address shows.
#include <chrono>

#include "runtime/server_state.h"

namespace wasm_grpc {

admin::View Server::State::view() {
  admin::View view;
  view.counters = [this] { return counters(); };
  view.readiness = [this] {
    if (health.stopping()) return admin::Readiness::stopping;
    return health.serving("").value_or(false) ? admin::Readiness::ready : admin::Readiness::unhealthy;
  };
  view.recent_lines = [this] { return log.recent().lines(); };
  view.limits = [this](const ServerCounters& now) { return limits(now); };
  view.trials = make_trials();
  for_each_listener([&](net::Listener& listener) { view.addresses.push_back(listener.address()); });
  view.workers = workers.size();
  view.started = std::chrono::system_clock::now();
  return view;
}

// What is used up before calls or connections are refused.
std::vector<admin::LimitUse> Server::State::limits(const ServerCounters& now) const {
  std::uint64_t instances = 0;
  for (const ModuleCounters& module : now.modules) instances += module.instances_alive;
  return {{"instances", instances, options.max_instances, false},
          {"memory of guests", memory.used(), memory.max(), true},
          {"connections", now.connections_open, door.most(), false}};
}

ServerCounters Server::State::counters() {
  ServerCounters total;
  for (std::size_t i = 0; i < http2::end_reasons; ++i) {
    total.connections_ended.push_back({http2::name(static_cast<http2::EndReason>(i)), 0});
  }
  const auto served = current();
  if (served == nullptr) return total;  // it has not started
  total.generation = served->number;
  total.reloads_failed = reloads_failed.load(std::memory_order_relaxed);
  for (const auto& module : served->modules) total.modules.push_back(runtime::counters_of(*module));
  total.log_lines_dropped = log.dropped();
  total.stores = stores->counters();
  total.methods = meters.counters();
  total.outgoing = client_meters.counters();
  if (access_log != nullptr) total.log_lines_dropped += access_log->dropped();
  if (exporter != nullptr) {
    total.spans_exported = exporter->exported();
    total.spans_dropped = exporter->dropped();
  }
  if (metrics_exporter != nullptr) {
    total.points_exported = metrics_exporter->exported();
    total.points_dropped = metrics_exporter->dropped();
  }
  for (const auto& worker : workers) worker->add_counters(total);
  {
    const std::lock_guard lock(generation_mutex);
    total.calls_denied += counted_before.calls_denied;
    total.calls_unauthenticated += counted_before.calls_unauthenticated;
    total.calls_over_rate += counted_before.calls_over_rate;
    total.token_signatures_checked += counted_before.token_signatures_checked;
    if (access != nullptr) access->add_counters(total);
  }
  for (const runtime::LoanDesk& desk : exchange.desks()) {
    total.calls_lent += desk.calls_lent;
    total.guests_lent += desk.guests_lent;
  }
  return total;
}

}  // namespace wasm_grpc
