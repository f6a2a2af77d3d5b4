// The trace that a call belongs to.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace wasm_grpc::rpc {

/// Where in a trace something happens (W3C Trace Context, "traceparent"): the trace, and one span of it.
struct TraceContext {
  static constexpr std::uint8_t sampled_flag = 1;

  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  std::uint8_t flags = 0;

  [[nodiscard]] bool sampled() const noexcept { return (flags & sampled_flag) != 0; }
  bool operator==(const TraceContext&) const = default;
};

/// What happens to a call that is told to its span.
enum class SpanEvent : std::uint8_t {
  wait,   // all instances that may serve it are busy
  start,  // a guest begins to serve it
  trap,   // the guest failed
};

/// The span of a call that is sampled: told of what happens to it by whoever serves it, on one thread at a time. What
/// it is told once the call has ended may be lost. All functions are bounded, and do not wait.
class CallSpan {
 public:
  CallSpan(const CallSpan&) = delete;
  CallSpan& operator=(const CallSpan&) = delete;
  virtual ~CallSpan() = default;

  [[nodiscard]] virtual const TraceContext& context() const noexcept = 0;
  virtual void happened(SpanEvent event, std::string_view detail = {}) noexcept = 0;

  // ---- Spans inside of it, which a guest makes ----

  /// The number of a new one inside of `parent`, or of the call's own span where that is 0. 0 when there are too many,
  /// or no parent of that number is open.
  [[nodiscard]] virtual std::int32_t begin_inner(std::int32_t parent, std::string_view name) noexcept = 0;
  [[nodiscard]] virtual bool has_inner(std::int32_t span) const noexcept = 0;
  /// False when no span of that number is open; for note_inner() also when it has too much.
  virtual bool note_inner(std::int32_t span, std::string_view key, std::string_view value) noexcept = 0;
  virtual bool end_inner(std::int32_t span, bool failed) noexcept = 0;
  /// The guest has done with the call: what is open ends.
  virtual void end_all_inner() noexcept = 0;

 protected:
  CallSpan() = default;
};

}  // namespace wasm_grpc::rpc
