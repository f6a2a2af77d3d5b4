// Which call a line is about, or was said in.
#pragma once

#include <array>

#include "observe/log/line.h"
#include "observe/trace/context.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::observe {

/// Notes a call in a line, which is not to outlive either.
class NotedCall {
 public:
  NotedCall(LogLine& line, const rpc::Call& call) noexcept {
    line.method = call.method().path;
    line.call = call.number();
    const auto trace = trace_of(call.span(), call.request_metadata());
    if (!trace) return;
    trace_id_ = hex(trace->trace_id);
    line.trace_id = {trace_id_.data(), trace_id_.size()};
  }
  NotedCall(const NotedCall&) = delete;
  NotedCall& operator=(const NotedCall&) = delete;

 private:
  std::array<char, 32> trace_id_;
};

}  // namespace wasm_grpc::observe
