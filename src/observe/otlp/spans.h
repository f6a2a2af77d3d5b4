// Spans as OTLP has them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "observe/otlp/message.h"
#include "observe/otlp/source.h"
#include "observe/trace/span.h"

namespace wasm_grpc::observe::otlp {

inline constexpr std::string_view trace_export_path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The ExportTraceServiceRequest of these spans. Attributes of calls are those of the semantic conventions for RPC and
/// HTTP spans, 1.44; `wasm_grpc.call_id` is the number by which the log names the call.
[[nodiscard]] std::vector<std::byte> trace_request(const Resource& resource, std::string_view version,
                                                   std::span<const std::shared_ptr<const CallSpan>> calls,
                                                   std::span<const InnerSpan> inner);

/// What has ended on the workers.
[[nodiscard]] std::unique_ptr<Source> source_of_spans(std::vector<std::shared_ptr<SpanQueue>> queues,
                                                      const std::string& service_name);

}  // namespace wasm_grpc::observe::otlp
