// What is told of every call of one worker, to the traces and the access log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "observe/log/access_log.h"
#include "observe/trace/tracer.h"
#include "wasm_grpc/rpc/call_observer.h"

namespace wasm_grpc::observe {

/// On the worker's thread.
class CallWatch final : public rpc::CallObserver {
 public:
  CallWatch() = default;
  void use_tracer(const TraceOptions& options, std::shared_ptr<SpanQueue> queue, std::function<void()> wake) {
    tracer_.emplace(Sampling(options), std::move(queue), std::move(wake));
  }
  void use_access_log(const Log& log, const AccessLogOptions& options, std::uint64_t seed) {
    access_log_.emplace(log, options, seed);
  }

  void call_started(rpc::Request& request) noexcept override {
    if (access_log_) request.began = rpc::Clock::now();
    if (tracer_) tracer_->begin(request);
  }
  void call_ended(rpc::Request& request, rpc::StatusCode status) noexcept override {
    if (access_log_) access_log_->ended(request, status, rpc::Clock::now() - request.began);
    if (tracer_) tracer_->end(request, status);
  }

 private:
  std::optional<Tracer> tracer_;
  std::optional<AccessLogger> access_log_;
};

}  // namespace wasm_grpc::observe
