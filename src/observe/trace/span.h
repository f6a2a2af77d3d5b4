// Spans, from their beginning to the queue that the exporter takes them from.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"
#include "wasm_grpc/rpc/trace.h"

namespace wasm_grpc::observe {

using WallClock = std::chrono::system_clock;

class CallSpan;

/// A span that a guest has made inside of a call.
struct InnerSpan {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  std::array<std::uint8_t, 8> parent_id{};
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  WallClock::time_point began;
  WallClock::time_point ended;
  bool failed = false;
};

/// Numbers that nobody can foresee from those before, as far as that matters for names of spans. Of one thread.
class SpanIds {
 public:
  /// Seeded by the system.
  SpanIds();
  explicit SpanIds(std::uint64_t seed) noexcept : state_{mixed(seed + golden), mixed(seed + 2 * golden)} {}
  [[nodiscard]] std::uint64_t next() noexcept {  // xoroshiro128+, by Blackman and Vigna
    const std::uint64_t a = state_[0];
    std::uint64_t b = state_[1];
    const std::uint64_t sum = a + b;
    b ^= a;
    state_[0] = rotate(a, 24) ^ b ^ (b << 16);
    state_[1] = rotate(b, 37);
    return sum;
  }
  /// Not all zero.
  [[nodiscard]] std::array<std::uint8_t, 8> next_span_id() noexcept;

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

  /// splitmix64, by Steele, Lea and Flood: seeds that are alike give states that are not.
  static std::uint64_t mixed(std::uint64_t number) noexcept {
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
    number = (number ^ number >> 27) * 0x94d049bb133111eb;
    return number ^ number >> 31;
  }
  static std::uint64_t rotate(std::uint64_t value, int by) noexcept { return value << by | value >> (64 - by); }
  std::array<std::uint64_t, 2> state_;
};

/// What was ended on one worker and is to be exported. Bounded: what does not fit is dropped and counted.
class SpanQueue {
 public:
  /// Spans that may wait.
  static constexpr std::size_t most = 4096;
  struct Spans {
    std::vector<std::shared_ptr<const CallSpan>> calls;
    std::vector<InnerSpan> inner;
    [[nodiscard]] std::size_t size() const noexcept { return calls.size() + inner.size(); }
  };

  /// True when it is half full by that: the exporter is to be woken.
  bool add(std::shared_ptr<const CallSpan> span) noexcept;
  bool add(InnerSpan&& span) noexcept;
  /// What is there, in the order it was added.
  [[nodiscard]] Spans take() noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  template <typename Add>
  bool add_if_room(Add add) noexcept;

  std::mutex mutex_;  // of one worker and, now and then, the exporter
  Spans spans_;
  std::atomic<std::uint64_t> dropped_ = 0;
};

/// The server span of one call. Made and ended on the worker of its transport; in between it is told of by whoever
/// serves the call, which may be another worker: what was told is published by the count of the events.
class CallSpan final : public rpc::CallSpan {
 public:
  static constexpr std::size_t most_events = 16;
  static constexpr std::size_t most_detail_bytes = 2048;
  static constexpr std::size_t most_inner = 128;  // that are open at once, and in all
  static constexpr std::size_t most_name_bytes = 256;
  static constexpr std::size_t most_attributes = 16;
  static constexpr std::size_t most_value_bytes = 1024;

  struct Event {
    rpc::SpanEvent what = rpc::SpanEvent::wait;
    WallClock::time_point time;
    std::string detail;
  };

  CallSpan(const rpc::TraceContext& context, const std::array<std::uint8_t, 8>& parent_id,
           std::shared_ptr<SpanQueue> queue, std::uint64_t seed)
      : context_(context), parent_id_(parent_id), queue_(std::move(queue)), ids_(seed) {}

  [[nodiscard]] const rpc::TraceContext& context() const noexcept override { return context_; }
  void happened(rpc::SpanEvent event, std::string_view detail) noexcept override;
  [[nodiscard]] std::int32_t begin_inner(std::int32_t parent, std::string_view name) noexcept override;
  [[nodiscard]] bool has_inner(std::int32_t span) const noexcept override { return find_inner(span) != nullptr; }
  bool note_inner(std::int32_t span, std::string_view key, std::string_view value) noexcept override;
  bool end_inner(std::int32_t span, bool failed) noexcept override;
  void end_all_inner() noexcept override;

  /// All zero where it has none.
  [[nodiscard]] const std::array<std::uint8_t, 8>& parent_id() const noexcept { return parent_id_; }
  /// Those that were published before.
  [[nodiscard]] std::span<const Event> events() const noexcept {
    return std::span(events_).first(events_told_.load(std::memory_order_acquire));
  }

  // Set by the transport's side, and read once the span has ended.
  std::string method;  // "/package.Service/Method"; of HTTP the prefix
  rpc::MethodKind kind = rpc::MethodKind::unary;
  std::string http_method;
  std::string authority;
  std::string tracestate;
  std::string peer;
  std::uint64_t number = 0;
  WallClock::time_point began;
  WallClock::time_point ended;
  rpc::StatusCode status = rpc::StatusCode::ok;

 private:
  [[nodiscard]] InnerSpan* find_inner(std::int32_t span) const noexcept;
  void end(InnerSpan& span, bool failed) noexcept;

  const rpc::TraceContext context_;
  const std::array<std::uint8_t, 8> parent_id_;
  const std::shared_ptr<SpanQueue> queue_;

  std::array<Event, most_events> events_;
  std::atomic<std::size_t> events_told_ = 0;

  // Of whoever serves the call.
  SpanIds ids_;
  std::vector<std::unique_ptr<InnerSpan>> inner_;  // by number less one; nullptr once ended
};

}  // namespace wasm_grpc::observe
