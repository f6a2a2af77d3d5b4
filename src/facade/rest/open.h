// JSON by the paths that google.api.http rules give to methods.
#pragma once

#include "facade/exchange.h"

namespace wasm_grpc::facade::rest {

/// A request whose HTTP method and path a rule means; one whose path alone is meant is refused, unless a module serves
/// that path by HTTP.
[[nodiscard]] Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools);

}  // namespace wasm_grpc::facade::rest
