// Paths of HTTP requests, as rules compare them.
#pragma once

#include <string_view>

namespace wasm_grpc::access {

/// False for a path that a guest may take for another than the rules did: with empty segments, "." or ".." among them,
/// backslashes, or characters in percent-encoding that need none or would divide it ("%2e", "%2f", "%5c", "%25", "%00";
/// RFC 3986, 6.2.2).
[[nodiscard]] bool is_plain_path(std::string_view path) noexcept;

}  // namespace wasm_grpc::access
