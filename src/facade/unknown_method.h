// What is answered where there is no such method.
#pragma once

#include <string>
#include <string_view>

#include "rpc/method_table.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::facade {

/// UNIMPLEMENTED, with what is wrong with the path: its form, the service or the method.
[[nodiscard]] rpc::Status unknown_method(std::string_view path, const rpc::MethodTable& methods);

/// What a client sent, in quotes and cut to a size that fits into an answer.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace wasm_grpc::facade
