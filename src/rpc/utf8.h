// UTF-8 validity.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasm_grpc::rpc {

/// The length of the character that begins at `at`, in bytes; 0 when there is none: shortest forms only, no surrogates,
/// up to U+10FFFF (RFC 3629, section 4).
[[nodiscard]] std::size_t utf8_character(std::string_view text, std::size_t at) noexcept;

/// Makes `text` well-formed UTF-8 (RFC 3629, section 4): each byte that is not part of a character becomes U+FFFD, the
/// replacement character. True when there was such a byte.
bool replace_invalid_utf8(std::string& text);

/// Whether it is well-formed already.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace wasm_grpc::rpc
