// What a call is by what its server says of its end.
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::client {

/// By grpc-status, which may be anything.
[[nodiscard]] rpc::StatusCode code_of_grpc(std::string_view status) noexcept;
/// By the HTTP status (http-grpc-status-mapping.md).
[[nodiscard]] rpc::StatusCode code_of_http(std::string_view status) noexcept;
/// By the code of RST_STREAM (PROTOCOL-HTTP2.md, "Errors").
[[nodiscard]] rpc::StatusCode code_of_reset(std::uint32_t code) noexcept;
/// What the server says of the end, as its caller is told: a server that gives a call up at its deadline may say
/// CANCELLED, which may come before the caller's own timer is run.
[[nodiscard]] rpc::Status told_at(rpc::Clock::time_point deadline, rpc::Status status);

}  // namespace wasm_grpc::client
