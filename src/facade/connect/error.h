// Errors in Connect's terms.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "wasm_grpc/rpc/response.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::facade::connect {

/// "invalid_argument".
[[nodiscard]] std::string_view name(rpc::StatusCode code) noexcept;
/// The HTTP status of a unary call that ends with it.
[[nodiscard]] int http_status(rpc::StatusCode code) noexcept;

/// {"code", "message", "details"} of a response whose status is not ok.
[[nodiscard]] nlohmann::ordered_json error(const rpc::Response& response);
/// Serialized; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string text(const nlohmann::ordered_json& json);

}  // namespace wasm_grpc::facade::connect
