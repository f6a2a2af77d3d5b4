#include "observe/log/access_log.h"

#include <array>
#include <cmath>

#include "observe/trace/context.h"

namespace wasm_grpc::observe {

AccessLogger::AccessLogger(const Log& log, const AccessLogOptions& options, std::uint64_t seed)
    : log_(log), options_(options), state_(seed) {}

bool AccessLogger::sampled() noexcept {
  if (options_.sample >= 1) return true;
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;  // Knuth's; its high bits are good enough
  return static_cast<double>(state_ >> 11) < std::ldexp(options_.sample, 53);
}

void AccessLogger::write(const rpc::Request& request, rpc::StatusCode status,
                         std::chrono::nanoseconds took) const noexcept {
  LogLine line;
  line.source = "access";
  line.method = request.method->path;
  line.call = request.number;
  if (request.client != nullptr) line.peer = request.client->peer;
  line.status = status;
  line.duration = took;
  line.names_call = true;
  std::array<char, 32> digits;
  if (const auto trace = trace_of(request.span.get(), request.metadata)) {
    digits = hex(trace->trace_id);
    line.trace_id = {digits.data(), digits.size()};
  }
  log_.write(line);
}

}  // namespace wasm_grpc::observe
