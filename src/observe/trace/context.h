// How a trace goes from process to process: the metadata of a call.
//
// W3C Trace Context (Level 1, a Recommendation), and the binary form that older gRPC clients send (OpenCensus,
// "BinaryEncoding"). What does not follow them is as if it were not there.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/trace.h"

namespace wasm_grpc::observe {

inline constexpr std::string_view traceparent_key = "traceparent";
inline constexpr std::string_view tracestate_key = "tracestate";
inline constexpr std::string_view trace_bin_key = "grpc-trace-bin";

using TraceParent = std::array<char, 55>;
using TraceBin = std::array<char, 29>;

/// "00-TRACE-SPAN-FLAGS", in lower-case hexadecimal digits; more behind it of a later version only.
[[nodiscard]] std::optional<rpc::TraceContext> parse_traceparent(std::string_view text) noexcept;
[[nodiscard]] TraceParent traceparent(const rpc::TraceContext& context) noexcept;

/// Version 0, and the fields 0 (trace), 1 (span) and 2 (options), in this order.
[[nodiscard]] std::optional<rpc::TraceContext> parse_trace_bin(std::string_view bytes) noexcept;
[[nodiscard]] TraceBin trace_bin(const rpc::TraceContext& context) noexcept;

/// 32 digits.
[[nodiscard]] std::array<char, 32> hex(const std::array<std::uint8_t, 16>& trace_id) noexcept;

/// Whether all of them may be passed on: up to 32 members "key=value", 512 bytes in all.
[[nodiscard]] bool is_sound_tracestate(std::string_view text) noexcept;

/// What the caller says of its trace: "traceparent", where it is there and only once, or else "grpc-trace-bin".
[[nodiscard]] std::optional<rpc::TraceContext> read_context(const rpc::Metadata& metadata) noexcept;
/// True when "traceparent" says, as it should and only once, that the call is not sampled. Cheaper than to read it.
[[nodiscard]] bool says_unsampled(const rpc::Metadata& metadata) noexcept;
/// The trace of a call: that of its span, or, where it has none, what its caller says.
[[nodiscard]] std::optional<rpc::TraceContext> trace_of(const rpc::CallSpan* span,
                                                        const rpc::Metadata& metadata) noexcept;
/// All values of "tracestate", joined by commas; empty when they are not sound.
[[nodiscard]] std::string read_tracestate(const rpc::Metadata& metadata);
/// Says that the call comes from that span, in the form, or both, in which it was said; as "traceparent" where it was
/// not.
void write_context(const rpc::TraceContext& context, rpc::Metadata& metadata);

}  // namespace wasm_grpc::observe
