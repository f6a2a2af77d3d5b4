// gRPC-Web (grpc/doc/PROTOCOL-WEB.md): gRPC for browsers, which see no trailers.
#pragma once

#include "facade/exchange.h"

namespace wasm_grpc::facade::grpc_web {

/// POST with the content type application/grpc-web or application/grpc-web-text.
[[nodiscard]] Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools);

}  // namespace wasm_grpc::facade::grpc_web
