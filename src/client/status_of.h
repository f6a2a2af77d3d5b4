// What a call is by what its server says of its end.
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::client {

/// By grpc-status, which may be anything.
[[nodiscard]] rpc::StatusCode code_of_grpc(std::string_view status) noexcept;
/// By the HTTP status (http-grpc-status-mapping.md).
[[nodiscard]] rpc::StatusCode code_of_http(std::string_view status) noexcept;
/// By the code of RST_STREAM (PROTOCOL-HTTP2.md, "Errors").
[[nodiscard]] rpc::StatusCode code_of_reset(std::uint32_t code) noexcept;

}  // namespace wasm_grpc::client
