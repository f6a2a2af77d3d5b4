// Spans of the guest's own, inside of the span that the host makes of its call: docs/traces.md, wasm_grpc_trace_1.
//
//   Span look_up(context, "look up");
//   look_up.set("item", request.item);
//   { const Span in_store(look_up, "store"); … }
//   if (!found) look_up.fail();
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/context.h"

#if defined(__wasm__)
#define WASM_GRPC_TRACE(name) __attribute__((import_module("wasm_grpc_trace_1"), import_name(name)))
#else
#define WASM_GRPC_TRACE(name)
#endif

namespace wasm_grpc::guest {

namespace abi {
extern "C" {
WASM_GRPC_TRACE("span_begin")
std::int32_t wasm_grpc_trace_1_span_begin(std::int32_t call, std::int32_t parent, const void* name,
                                          std::uint32_t name_len);
WASM_GRPC_TRACE("span_attribute")
std::int32_t wasm_grpc_trace_1_span_attribute(std::int32_t call, std::int32_t span, const void* key,
                                              std::uint32_t key_len, const void* value, std::uint32_t value_len);
WASM_GRPC_TRACE("span_end")
std::int32_t wasm_grpc_trace_1_span_end(std::int32_t call, std::int32_t span, std::int32_t failed);
}
}  // namespace abi

/// Something that takes a part of a call: it begins here, and ends when this goes away. Where the call is not sampled
/// it costs one call of the host, and nothing is recorded. At most 128 of one call are.
class Span {
 public:
  /// Inside of the call's own span. A name has 1 to 256 bytes.
  Span(const Context& context, std::string_view name) : Span(context.id(), 0, name) {}
  /// Inside of another, which has not ended; of one that is not recorded, none is.
  Span(const Span& parent, std::string_view name) : call_(parent.call_) {
    if (parent.recorded()) begin(parent.number_, name);
  }
  ~Span() { end(); }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  /// False where what is set would go nowhere, and need not be made.
  [[nodiscard]] bool recorded() const noexcept { return number_ > 0; }
  /// Says something of it. A key has 1 to 256 bytes, a value 1,024 at most, and 16 are kept.
  void set(std::string_view key, std::string_view value) const {
    if (recorded()) {
      (void)abi::wasm_grpc_trace_1_span_attribute(call_, number_, key.data(), static_cast<std::uint32_t>(key.size()),
                                                  value.data(), static_cast<std::uint32_t>(value.size()));
    }
  }
  /// It is shown as one that failed.
  void fail() noexcept { failed_ = true; }
  /// Ends it now.
  void end() {
    if (recorded()) (void)abi::wasm_grpc_trace_1_span_end(call_, number_, failed_ ? 1 : 0);
    number_ = 0;
  }

 private:
  Span(std::int32_t call, std::int32_t parent, std::string_view name) : call_(call) { begin(parent, name); }
  void begin(std::int32_t parent, std::string_view name) {
    number_ = abi::wasm_grpc_trace_1_span_begin(call_, parent, name.data(), static_cast<std::uint32_t>(name.size()));
  }

  std::int32_t call_;
  std::int32_t number_ = 0;
  bool failed_ = false;
};

}  // namespace wasm_grpc::guest

#undef WASM_GRPC_TRACE
