// What is exported.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace wasm_grpc::observe::otlp {

/// A signal of OTLP, as the exporter sees it.
struct Signal {
  std::string_view name;   // "traces", in the log
  std::string_view items;  // "spans"
  std::string_view path;   // of the collector's method
  std::chrono::milliseconds interval;
  /// What is not taken comes again, with newer values, so that it is not kept.
  bool repeats = false;
};

/// What there is of a signal, made into requests when it is time. Used on the exporter's thread, where it says nothing
/// else.
class Source {
 public:
  /// Of a request with so many items, which lives for the call.
  using Send = std::function<void(std::string_view request, std::size_t items)>;
  virtual ~Source() = default;

  [[nodiscard]] virtual Signal signal() const noexcept = 0;
  /// Sends what has come since the last time, or how it is now.
  virtual void take(const Send& send) = 0;
  /// From now on it uses nothing but what it owns. Before whoever has started the exporter goes away; from any thread.
  virtual void close() noexcept {}
  /// Items that were dropped before they could be taken. From any thread.
  [[nodiscard]] virtual std::uint64_t dropped() const noexcept { return 0; }
};

}  // namespace wasm_grpc::observe::otlp
