// wasm_grpc_trace_1: spans of a guest's own, inside of the span of its call.
#include <cstdint>
#include <string_view>
#include <utility>

#include "hostmodules/answers.h"
#include "hostmodules/modules.h"

namespace wasm_grpc::hostmodules {

namespace {

constexpr std::size_t max_name_bytes = 256;
constexpr std::size_t max_value_bytes = 1024;
constexpr std::int32_t not_recorded = 0;

bool is_name(std::string_view text) { return !text.empty() && text.size() <= max_name_bytes; }

}  // namespace

HostModule trace(CallSpanFunction span_of) {
  using I32 = std::int32_t;
  using Text = std::string_view;
  HostModule module{std::string(trace_module)};
  module
      .function("span_begin",
                [span_of](Caller& caller, I32 call, I32 parent, Text name) -> I32 {
                  if (!is_name(name)) return INVALID;
                  rpc::CallSpan* const span = span_of(caller, call);
                  return span == nullptr ? not_recorded : span->begin_inner(parent, name);
                })
      .function("span_attribute",
                [span_of](Caller& caller, I32 call, I32 number, Text key, Text value) -> I32 {
                  if (!is_name(key) || value.size() > max_value_bytes) return INVALID;
                  if (number == not_recorded) return OK;
                  rpc::CallSpan* const span = span_of(caller, call);
                  if (span == nullptr || !span->has_inner(number)) return ABSENT;
                  return span->note_inner(number, key, value) ? OK : FULL;
                })
      .function("span_end", [span_of](Caller& caller, I32 call, I32 number, I32 failed) -> I32 {
        if (number == not_recorded) return OK;
        rpc::CallSpan* const span = span_of(caller, call);
        return span != nullptr && span->end_inner(number, failed != 0) ? OK : ABSENT;
      });
  return module;
}

}  // namespace wasm_grpc::hostmodules
