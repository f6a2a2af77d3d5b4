// Statuses of gRPC as those of HTTP.
#pragma once

#include <cstdint>

#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

/// As google/rpc/code.proto maps them.
[[nodiscard]] std::uint16_t http_status_of(StatusCode code) noexcept;

}  // namespace wasm_grpc::rpc
