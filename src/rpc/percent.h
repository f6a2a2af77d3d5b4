// The percent-encoding of grpc-message, and its digits.
#pragma once

#include <string>
#include <string_view>

namespace wasm_grpc::rpc {

/// What a hexadecimal digit stands for; -1 for what is none.
[[nodiscard]] int hex_value(char c) noexcept;

/// Appends `text` to `out`, every byte outside 0x20 to 0x7E and '%' itself as %XX (PROTOCOL-HTTP2.md,
/// "Percent-Encoded"); and spaces at its ends, which would be lost on the way (RFC 9113, 8.2.1).
void percent_encode(std::string_view text, std::string& out);
/// Undoes it. What is not a valid escape stays as it is, as the specification asks.
[[nodiscard]] std::string percent_decode(std::string_view text);

}  // namespace wasm_grpc::rpc
