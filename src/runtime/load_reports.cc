#include "runtime/load_reports.h"

#include <utility>

namespace wasm_grpc::runtime {

std::unique_ptr<rpc::Handler> LoadReports::make_handler() {
  Worker& worker = *workers_[handlers_.size()];
  auto handler = std::make_unique<services::LoadStreamHandler>(
      board_, [&worker](std::chrono::milliseconds after, std::function<void()> function) {
        worker.post(after, std::move(function));
      });
  handlers_.push_back(handler.get());
  return handler;
}

LoadSample LoadReports::sample() const {
  LoadSample sample{rpc::Clock::now(), process_cpu_seconds(), 0, 0};
  for (const auto& worker : workers_) {
    const auto ended = worker->calls_ended();
    for (std::size_t code = 0; code < ended.size(); ++code) {
      sample.calls += ended[code];
      const auto status = static_cast<rpc::StatusCode>(code);
      if (status != rpc::StatusCode::ok && status != rpc::StatusCode::cancelled) sample.errors += ended[code];
    }
  }
  return sample;
}

void LoadReports::start() {
  monitor_.emplace(workers_.size(), sample());
  workers_.front()->post(LoadMonitor::interval, [this] { measure(); });
}

void LoadReports::measure() {
  const auto most = static_cast<double>(memory_.max());
  board_.set(monitor_->next(sample(), most > 0 ? static_cast<double>(memory_.used()) / most : 0));
  if (in_trailers_) {
    for (const auto& worker : workers_) {
      worker->post({}, [&worker = *worker, report = board_.report()] { worker.set_load_trailer(*report); });
    }
  }
  workers_.front()->post(LoadMonitor::interval, [this] { measure(); });
}

void LoadReports::end_streams() {
  for (std::size_t i = 0; i < handlers_.size(); ++i) {
    workers_[i]->post({}, [handler = handlers_[i]] { handler->end_all(); });
  }
}

}  // namespace wasm_grpc::runtime
