// How a call by Connect ended, as JSON says it.
#pragma once

#include <optional>
#include <string_view>

#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::client {

/// The body of a unary answer that is an error: {"code", "message", "details"}. Details are added to `trailers` as
/// "grpc-status-details-bin". Nothing where it is no such JSON.
[[nodiscard]] std::optional<rpc::Status> read_connect_error(std::string_view json, rpc::Metadata& trailers);
/// The last envelope of a stream: {"error", "metadata"}, the latter into `trailers`, too.
[[nodiscard]] std::optional<rpc::Status> read_connect_end(std::string_view json, rpc::Metadata& trailers);

}  // namespace wasm_grpc::client
