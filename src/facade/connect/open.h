// The Connect protocol (connectrpc.com/docs/protocol): gRPC's methods by plain HTTP.
#pragma once

#include "facade/exchange.h"

namespace wasm_grpc::facade::connect {

/// POST of application/proto or application/json to the path of a method; GET of a method that only reads; and streams,
/// application/connect+proto or +json.
[[nodiscard]] Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools);

}  // namespace wasm_grpc::facade::connect
