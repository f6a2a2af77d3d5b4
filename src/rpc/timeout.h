// The grpc-timeout header.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace wasm_grpc::rpc {

/// Reads a grpc-timeout value: one to eight digits and a unit H, M, S, m, u or n (PROTOCOL-HTTP2.md, "Timeout").
/// A time beyond what nanoseconds can hold becomes nanoseconds::max(). Nothing when it is malformed.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_timeout(std::string_view text) noexcept;

}  // namespace wasm_grpc::rpc
