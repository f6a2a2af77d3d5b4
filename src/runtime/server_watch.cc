// What a server tells of itself and of its calls: logs, traces and metrics.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "observe/otlp/metrics.h"
#include "observe/otlp/spans.h"
#include "runtime/server_state.h"

namespace wasm_grpc {

namespace {

/// Where calls are logged; nullptr where that is the log of the server.
Result<std::unique_ptr<observe::Log>> open_access_log(const ServerOptions& options) {
  const AccessLogOptions& access = options.access_log;
  if (!access.logs_any() || (options.log_events && access.file.empty())) return std::unique_ptr<observe::Log>();
  auto sink = observe::sink_of(access.file, options.log_format);
  if (!sink.ok()) return Error{"the access log: " + sink.error().message};
  return std::make_unique<observe::Log>(LogLevel::trace, std::move(sink).value());
}

}  // namespace

Result<observe::LogSink> Server::State::log_sink_of(const ServerOptions& options) {
  if (options.log_events) return observe::sink_of(options.log_events);
  if (options.log) return observe::sink_of(options.log);
  return observe::sink_of(options.log_file, options.log_format);
}

Result<> Server::State::watch_calls() {
  const bool traces = !options.trace.endpoint.empty();
  if (!traces && !options.access_log.logs_any()) return success();
  auto opened = open_access_log(options);
  if (!opened.ok()) return std::move(opened).error();
  access_log = std::move(opened).value();
  std::vector<std::shared_ptr<observe::SpanQueue>> queues;
  if (traces) {
    for (std::size_t i = 0; i < workers.size(); ++i) queues.push_back(std::make_shared<observe::SpanQueue>());
    auto begun = observe::otlp::Exporter::start(
        options.trace, observe::otlp::source_of_spans(queues, options.trace.service_name),
        [this](LogLevel level, const std::string& text) { log.host(level, text); });
    if (!begun.ok()) return std::move(begun).error();
    exporter = std::move(begun).value();
  }
  watches = std::vector<observe::CallWatch>(workers.size());
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (traces) watches[i].use_tracer(options.trace, queues[i], [this] { exporter->wake(); });
    if (options.access_log.logs_any()) {
      watches[i].use_access_log(access_log == nullptr ? log : *access_log, options.access_log, i);
    }
    workers[i]->use_observer(watches[i]);
  }
  return success();
}

Result<> Server::State::export_metrics() {
  if (options.metrics.endpoint.empty()) return success();
  auto begun = observe::otlp::Exporter::start(
      options.metrics, observe::otlp::source_of_metrics(options.metrics, [this] { return counters(); }),
      [this](LogLevel level, const std::string& text) { log.host(level, text); });
  if (!begun.ok()) return std::move(begun).error();
  metrics_exporter = std::move(begun).value();
  return success();
}

void Server::State::finish_exports() {
  if (exporter != nullptr) exporter->begin_to_finish();  // both at once
  if (metrics_exporter != nullptr) metrics_exporter->finish();
  if (exporter != nullptr) exporter->finish();
}

void Server::set_log_level(LogLevel level) noexcept { state_->log.set_level(level); }

Result<> Server::set_log_level(std::string_view module, std::optional<LogLevel> level) {
  const auto generation = state_->current();
  bool found = false;
  for (const auto& served : generation == nullptr ? state_->draft->so_far().modules : generation->modules) {
    if (served->guest->name() != module) continue;
    served->guest->guests_log().set_level(level);
    found = true;
  }
  if (!found) return Error{"no module has the name " + std::string(module)};
  return success();
}

Result<> Server::reopen_logs() {
  auto opened = state_->log.reopen();
  if (state_->access_log != nullptr) {
    if (auto other = state_->access_log->reopen(); opened.ok()) opened = std::move(other);
  }
  return opened;
}

bool Server::flush_log(std::chrono::milliseconds timeout) noexcept {
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  const bool flushed = state_->log.flush(timeout);
  if (state_->access_log == nullptr) return flushed;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
  return state_->access_log->flush(std::max(left, std::chrono::milliseconds(0))) && flushed;
}

rpc::CallObserver* Server::observer(std::size_t worker) const noexcept {
  return state_->watches.empty() ? nullptr : &state_->watches[worker];
}

}  // namespace wasm_grpc
