// Which metrics there are; docs/metrics.md has the same list.
#include "wasm_grpc/metrics.h"

#include <algorithm>
#include <vector>

#include "observe/metrics/metrics.h"
#include "observe/metrics/names.h"
#include "observe/metrics/process.h"
#include "observe/metrics/text_writer.h"

namespace wasm_grpc {

namespace {

using observe::Labels;
using observe::MetricWriter;
using observe::TextWriter;

/// A method and the labels of its series.
struct Labelled {
  const MethodCounters* method;
  Labels labels;
};

std::vector<Labelled> grpc_methods(const ServerCounters& counters) {
  std::vector<Labelled> methods;
  for (const MethodCounters& method : counters.methods) {
    const auto path = rpc::parse_method_path(method.path);
    if (method.kind == rpc::MethodKind::http || !path) continue;
    methods.push_back({&method,
                       {{"grpc_type", observe::type_name(method.kind)},
                        {"grpc_service", path->service},
                        {"grpc_method", path->method}}});
  }
  return methods;
}

/// Calls that guests make; with the module that makes them and the target besides.
std::vector<Labelled> outgoing_methods(const ServerCounters& counters) {
  std::vector<Labelled> methods;
  for (const OutgoingCounters& outgoing : counters.outgoing) {
    const auto path = rpc::parse_method_path(outgoing.calls.path);
    methods.push_back({&outgoing.calls,
                       {{"grpc_type", observe::type_name(outgoing.calls.kind)},
                        {"grpc_service", path ? path->service : "other"},
                        {"grpc_method", path ? path->method : "other"},
                        {"module", outgoing.calls.module},
                        {"target", outgoing.target}}});
  }
  return methods;
}

std::string label_of(std::string_view reason) {
  std::string label(reason);
  std::replace(label.begin(), label.end(), ' ', '_');
  return label;
}

// The names and labels of go-grpc-middleware's metrics, for which there are dashboards and alerts.
void write_calls(MetricWriter& writer, const std::string& side, const std::vector<Labelled>& methods,
                 std::string_view started, std::string_view time) {
  writer.counter(side + "_started", started);
  for (const auto& [method, labels] : methods) writer.sample(labels, method->started);
  writer.counter(side + "_handled", "Calls that have ended, by their status.");
  for (const auto& [method, labels] : methods) {
    for (std::size_t code = 0; code < method->ended.size(); ++code) {
      Labels with_code = labels;
      with_code.add("grpc_code", observe::code_name(code));
      writer.sample(with_code, method->ended[code]);
    }
  }
  writer.counter(side + "_msg_received", "Messages received.");
  for (const auto& [method, labels] : methods) writer.sample(labels, method->messages_received);
  writer.counter(side + "_msg_sent", "Messages sent.");
  for (const auto& [method, labels] : methods) writer.sample(labels, method->messages_sent);
  writer.histogram(side + "_handling_seconds", time);
  for (const auto& [method, labels] : methods) writer.sample(labels, method->handling);
}

void write_grpc(MetricWriter& writer, const ServerCounters& counters) {
  const std::vector<Labelled> methods = grpc_methods(counters);
  write_calls(writer, "grpc_server", methods, "Calls given to a handler.",
              "From where the request came to where the last of its answer left.");
  writer.counter("wasm_grpc_guest_cpu_seconds", "How long guests ran, in handler style; short runs are estimated.");
  for (const auto& [method, labels] : methods) writer.sample(labels, method->guest_seconds);
  if (counters.outgoing.empty()) return;
  write_calls(writer, "grpc_client", outgoing_methods(counters), "Calls that guests have begun.",
              "From where the guest began it to where its status came.");
}

void write_http(MetricWriter& writer, const ServerCounters& counters) {
  std::vector<Labelled> paths;
  for (const MethodCounters& method : counters.methods) {
    if (method.kind != rpc::MethodKind::http) continue;
    paths.push_back({&method, {{"module", method.module}, {"path", method.path}}});
  }
  if (paths.empty()) return;
  writer.counter("wasm_grpc_http_requests_started", "Plain HTTP requests given to a handler, by the path it serves.");
  for (const auto& [method, labels] : paths) writer.sample(labels, method->started);
  writer.histogram("wasm_grpc_http_handling_seconds", "How long they took.");
  for (const auto& [method, labels] : paths) writer.sample(labels, method->handling);
}

void write_instances(MetricWriter& writer, const std::vector<ModuleCounters>& modules) {
  const auto each = [&](auto member) {
    for (const ModuleCounters& module : modules) writer.sample({{"module", module.name}}, module.*member);
  };
  writer.gauge("wasm_grpc_instances", "Instances, by what they do.");
  for (const ModuleCounters& module : modules) {
    const std::uint64_t resting = module.instances_idle + module.instances_starting;
    const std::uint64_t busy = module.instances_alive - std::min(module.instances_alive, resting);
    writer.sample({{"module", module.name}, {"state", "idle"}}, module.instances_idle);
    writer.sample({{"module", module.name}, {"state", "busy"}}, busy);
    writer.sample({{"module", module.name}, {"state", "starting"}}, module.instances_starting);
  }
  writer.counter("wasm_grpc_instances_made", "Instances made.");
  each(&ModuleCounters::instances_made);
  writer.counter("wasm_grpc_instances_discarded", "Instances discarded.");
  each(&ModuleCounters::instances_discarded);
  writer.histogram("wasm_grpc_instance_start_seconds", "How long instances took to start.");
  each(&ModuleCounters::starts);
  writer.counter("wasm_grpc_guest_failures", "Guests that were ended or failed, and took their instance along.");
  for (const ModuleCounters& module : modules) {
    for (const ReasonCount& failure : module.failures) {
      writer.sample({{"module", module.name}, {"reason", label_of(failure.reason)}}, failure.count);
    }
  }
  writer.gauge("wasm_grpc_guest_memory_bytes", "Memories and tables of the instances, and what is kept for the next.");
  each(&ModuleCounters::memory_bytes);
  writer.counter("wasm_grpc_guest_memory_growths_refused", "Growths refused for want of memory for all guests.");
  each(&ModuleCounters::growths_refused);
  writer.counter("wasm_grpc_instances_delayed", "Instances made later than calls wanted them, likewise.");
  each(&ModuleCounters::instances_delayed);
  writer.counter("wasm_grpc_guest_log_lines_over_limit", "Lines that guests logged beyond what they may.");
  each(&ModuleCounters::log_lines_over_limit);
}

void write_stores(MetricWriter& writer, const std::vector<StoreCounters>& stores) {
  if (stores.empty()) return;
  writer.counter("wasm_grpc_store_operations", "Operations that a store which is not in memory answered.");
  for (const StoreCounters& store : stores) {
    writer.sample({{"module", store.module}, {"operation", "get"}}, store.gets);
    writer.sample({{"module", store.module}, {"operation", "set"}}, store.sets);
    writer.sample({{"module", store.module}, {"operation", "remove"}}, store.removes);
    writer.sample({{"module", store.module}, {"operation", "counter"}}, store.counter_operations);
  }
  writer.counter("wasm_grpc_store_unavailable", "Operations that were not, by the reason.");
  for (const StoreCounters& store : stores) {
    writer.sample({{"module", store.module}, {"reason", "failed"}}, store.failed);
    writer.sample({{"module", store.module}, {"reason", "too_many"}}, store.refused);
    writer.sample({{"module", store.module}, {"reason", "given_up"}}, store.given_up);
  }
  writer.histogram("wasm_grpc_store_operation_seconds", "From where a guest asked to where the store answered.");
  for (const StoreCounters& store : stores) writer.sample({{"module", store.module}}, store.times);
  writer.counter("wasm_grpc_store_read_bytes", "Bytes of values that guests read.");
  for (const StoreCounters& store : stores) writer.sample({{"module", store.module}}, store.value_bytes_read);
  writer.counter("wasm_grpc_store_written_bytes", "Bytes of values that guests wrote.");
  for (const StoreCounters& store : stores) writer.sample({{"module", store.module}}, store.value_bytes_written);
}

void write_waiting(MetricWriter& writer, const ServerCounters& counters) {
  writer.gauge("wasm_grpc_calls_waiting", "Calls that wait for an instance.");
  for (const ModuleCounters& module : counters.modules) {
    writer.sample({{"module", module.name}}, module.calls_waiting);
  }
  writer.histogram("wasm_grpc_call_wait_seconds", "How long calls waited for an instance, of those that had to.");
  for (const ModuleCounters& module : counters.modules) writer.sample({{"module", module.name}}, module.waits);
  writer.counter("wasm_grpc_calls_refused", "Calls refused, by the limit that was reached.");
  for (const ModuleCounters& module : counters.modules) {
    writer.sample({{"module", module.name}, {"limit", "waiting_calls"}}, module.calls_refused);
    writer.sample({{"module", module.name}, {"limit", "failing_starts"}}, module.calls_unavailable);
  }
  writer.counter("wasm_grpc_calls_cut_off", "Calls that a limit to their time ended.");
  writer.sample({{"limit", "max_call_time"}}, counters.calls_over_time);
  writer.sample({{"limit", "request_idle_timeout"}}, counters.calls_idle);
  writer.counter("wasm_grpc_requests_refused", "Requests answered without a handler: unknown methods, malformed ones.");
  writer.sample({}, counters.calls_refused);
}

void write_connections(MetricWriter& writer, const ServerCounters& counters) {
  writer.gauge("wasm_grpc_connections_open", "Connections of clients.");
  writer.sample({}, counters.connections_open);
  writer.counter("wasm_grpc_connections_accepted", "Connections accepted.");
  writer.sample({}, counters.connections_accepted);
  writer.counter("wasm_grpc_connections_refused", "Connections refused, as there were as many as there may be.");
  writer.sample({}, counters.connections_refused);
  writer.counter("wasm_grpc_connections_ended", "Connections ended for what their client did.");
  for (const ReasonCount& end : counters.connections_ended) {
    writer.sample({{"reason", label_of(end.reason)}}, end.count);
  }
  writer.counter("wasm_grpc_read_bytes", "Bytes read from clients.");
  writer.sample({}, counters.bytes_read);
  writer.counter("wasm_grpc_written_bytes", "Bytes written to clients.");
  writer.sample({}, counters.bytes_written);
  writer.counter("wasm_grpc_metadata_dropped", "Fields of requests that gRPC does not allow.");
  writer.sample({}, counters.metadata_dropped);
  writer.counter("wasm_grpc_forwarded_certificates_dropped", "Fields x-forwarded-client-cert that are not believed.");
  writer.sample({}, counters.forwarded_certificates_dropped);
}

void write_host(MetricWriter& writer, const ServerCounters& counters) {
  writer.counter("wasm_grpc_loans", "Calls lent to an idle worker: before their guest began, or in the middle of it.");
  writer.sample({{"begun", "no"}}, counters.calls_lent);
  writer.sample({{"begun", "yes"}}, counters.guests_lent);
  writer.counter("wasm_grpc_log_lines_dropped", "Log lines that nobody took fast enough, or could not be written.");
  writer.sample({}, counters.log_lines_dropped);
  writer.gauge("wasm_grpc_generation", "Which set of modules is served: one more for each reload.");
  writer.sample({}, counters.generation);
  writer.counter("wasm_grpc_reloads_failed", "Reloads that were refused, with nothing changed.");
  writer.sample({}, counters.reloads_failed);
  writer.gauge("wasm_grpc_build_info", "The version of wasm-grpc; always 1.");
  writer.sample({{"version", WASM_GRPC_VERSION}}, std::uint64_t{1});
}

void write_exports(MetricWriter& writer, const ServerCounters& counters) {
  writer.counter("wasm_grpc_exported", "Spans and points of metrics that a collector has taken.");
  writer.sample({{"signal", "traces"}}, counters.spans_exported);
  writer.sample({{"signal", "metrics"}}, counters.points_exported);
  writer.counter("wasm_grpc_exports_dropped", "Those that were dropped, as it did not take them.");
  writer.sample({{"signal", "traces"}}, counters.spans_dropped);
  writer.sample({{"signal", "metrics"}}, counters.points_dropped);
}

}  // namespace

std::string_view metrics_content_type(MetricsFormat format) noexcept {
  return format == MetricsFormat::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

std::string metrics_text(const ServerCounters& counters, MetricsFormat format, MetricsBuckets buckets) {
  TextWriter writer(format, buckets);
  observe::write_metrics(writer, counters);
  return writer.finish();
}

void observe::write_metrics(MetricWriter& writer, const ServerCounters& counters) {
  write_grpc(writer, counters);
  write_http(writer, counters);
  write_instances(writer, counters.modules);
  write_stores(writer, counters.stores);
  write_waiting(writer, counters);
  write_connections(writer, counters);
  write_host(writer, counters);
  write_exports(writer, counters);
  write_process(writer);
}

}  // namespace wasm_grpc
