// Statuses by their names.
#pragma once

#include <optional>
#include <string_view>

#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::client {

/// The code that name() calls so; nothing where there is none.
[[nodiscard]] std::optional<rpc::StatusCode> code_named(std::string_view name) noexcept;

}  // namespace wasm_grpc::client
