// Base64 as tokens and keys have it (RFC 7515, 2): the alphabet that is safe in URLs, without padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::access {

/// Nothing for anything else, also where bits are set that no byte needs: one value has one text.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace wasm_grpc::access
