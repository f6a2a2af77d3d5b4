// What clients say of their traces: what is read is written as it was, and what is passed on is sound.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "observe/trace/context.h"
#include "require.h"

using namespace wasm_grpc;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto context = observe::parse_traceparent(text)) {
    const observe::TraceParent written = observe::traceparent(*context);
    const std::string_view again(written.data(), written.size());
    require(observe::parse_traceparent(again) == context, "a traceparent that was written reads as it was");
    require(again.substr(3, 49) == text.substr(3, 49), "the trace and the span stay");
  }
  if (const auto context = observe::parse_trace_bin(text)) {
    const observe::TraceBin written = observe::trace_bin(*context);
    require(observe::parse_trace_bin({written.data(), written.size()}) == context, "so does the binary form");
  }
  rpc::Metadata metadata;
  metadata.add("tracestate", text.substr(0, size / 2));
  metadata.add("traceparent", text);
  metadata.add("tracestate", text.substr(size / 2));
  metadata.add("grpc-trace-bin", text);
  const std::string state = observe::read_tracestate(metadata);
  require(state.size() <= 512 && observe::is_sound_tracestate(state), "a state that is passed on is sound");
  if (auto context = observe::read_context(metadata)) {
    context->span_id.fill(7);
    observe::write_context(*context, metadata);
    require(observe::read_context(metadata) == context, "a handler reads the span of the server");
    require(metadata.size() == 4, "and nothing is lost");
  }
  return 0;
}
