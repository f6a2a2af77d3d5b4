// Which calls of one worker are traced, and their spans.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "observe/trace/span.h"
#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/trace_options.h"

namespace wasm_grpc::observe {

/// How many of the calls are sampled.
class Sampling {
 public:
  explicit Sampling(const TraceOptions& options);

  /// By the low half of a trace's number, so that all servers with the same part choose the same traces.
  [[nodiscard]] bool by_ratio(std::uint64_t low_half) const noexcept { return all_ || low_half >> 1 < bound_; }
  [[nodiscard]] bool follows_clients() const noexcept { return follows_clients_; }

 private:
  std::uint64_t bound_ = 0;
  bool all_ = false;
  bool follows_clients_;
};

/// Used on the worker's thread. A call that is not sampled costs it a look for its trace, and a random number where it
/// has none.
class Tracer {
 public:
  /// `wake` has the exporter look at the queue; from the worker's thread.
  Tracer(const Sampling& sampling, std::shared_ptr<SpanQueue> queue, std::function<void()> wake)
      : sampling_(sampling), queue_(std::move(queue)), wake_(std::move(wake)) {}

  /// Gives it a span where it is sampled, and has the metadata say so to its handler.
  void begin(rpc::Request& request) noexcept;
  /// Ends the span, if there is one.
  void end(rpc::Request& request, rpc::StatusCode status) noexcept;

 private:
  void begin_sampled(rpc::Request& request, const rpc::TraceContext& context,
                     const std::array<std::uint8_t, 8>& parent_id);

  const Sampling sampling_;
  const std::shared_ptr<SpanQueue> queue_;
  const std::function<void()> wake_;
  SpanIds ids_;
};

}  // namespace wasm_grpc::observe
