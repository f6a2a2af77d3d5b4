// How long calls may take: by the grpc-timeout header, and by what the server allows.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

/// Reads a grpc-timeout value: one to eight digits and a unit H, M, S, m, u or n (PROTOCOL-HTTP2.md, "Timeout").
/// A time beyond what nanoseconds can hold becomes nanoseconds::max(). Nothing when it is malformed.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_timeout(std::string_view text) noexcept;

/// Why the server ends a call that has taken longer than `limit`.
[[nodiscard]] std::string over_time_text(std::chrono::milliseconds limit);
/// The status of a call that the server ends for taking too long, for that reason.
[[nodiscard]] Status ended_by_server(const std::string& why);

}  // namespace wasm_grpc::rpc
