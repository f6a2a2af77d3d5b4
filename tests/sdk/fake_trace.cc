// wasm_grpc_trace_1 of the fake host, as docs/host-modules.md has it.
#include <string>

#include "fake_host.h"
#include "wasm_grpc/guest/trace.h"

namespace wasm_grpc::guest::testing {
namespace {

std::string text(const void* ptr, std::uint32_t len) { return std::string(static_cast<const char*>(ptr), len); }

FakeTrace& trace() { return FakeHost::current().trace; }

void note(const std::string& done) { trace().done.push_back(done); }

}  // namespace

extern "C" {

std::int32_t wasm_grpc_trace_1_span_begin(std::int32_t call, std::int32_t parent, const void* name,
                                          std::uint32_t name_len) {
  if (!trace().sampled) return 0;
  note("begin " + text(name, name_len) + " of " + std::to_string(call) + " in " + std::to_string(parent));
  return ++trace().begun;
}

std::int32_t wasm_grpc_trace_1_span_attribute(std::int32_t, std::int32_t span, const void* key, std::uint32_t key_len,
                                              const void* value, std::uint32_t value_len) {
  note("set " + std::to_string(span) + " " + text(key, key_len) + "=" + text(value, value_len));
  return 0;
}

std::int32_t wasm_grpc_trace_1_span_end(std::int32_t, std::int32_t span, std::int32_t failed) {
  note("end " + std::to_string(span) + (failed != 0 ? " failed" : ""));
  return 0;
}

}  // extern "C"

}  // namespace wasm_grpc::guest::testing
