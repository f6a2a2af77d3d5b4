// UTF-8 validity.
#pragma once

#include <string>

namespace wasm_grpc::rpc {

/// Makes `text` well-formed UTF-8 (RFC 3629, section 4): each byte that is not part of a character becomes U+FFFD, the
/// replacement character. True when there was such a byte.
bool replace_invalid_utf8(std::string& text);

/// Whether it is well-formed already.
[[nodiscard]] inline bool is_utf8(std::string text) { return !replace_invalid_utf8(text); }

}  // namespace wasm_grpc::rpc
