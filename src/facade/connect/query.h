// The query of a GET request in Connect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::facade::connect {

/// The value of the first parameter of that name in "a=1&b=2", decoded (the URL standard, "urlencoded parsing": "+" is
/// a space); nothing where there is none.
[[nodiscard]] std::optional<std::string> parameter(std::string_view query, std::string_view name);

/// Appends what base64, in either alphabet and padded or not, stands for. False where it is none.
[[nodiscard]] bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace wasm_grpc::facade::connect
