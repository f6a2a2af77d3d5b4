// Base64 (RFC 4648): as gRPC uses it for `-bin` metadata, and as JSON uses it for bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasm_grpc::rpc {

/// Appends `bytes` to `out` in base64 without padding, as gRPC asks of senders.
void base64_encode(std::string_view bytes, std::string& out);
/// Appends what `text` stands for to `out`; with or without padding, as gRPC asks of receivers. False, and `out` as it
/// was, when `text` is not base64. Bits that no byte needs are ignored.
[[nodiscard]] bool base64_decode(std::string_view text, std::string& out);

/// The same with padding, into memory of the caller's that holds padded_base64_size(bytes.size()). Returns its end.
char* padded_base64_encode(std::string_view bytes, char* out) noexcept;
/// Likewise, as a text of its own.
[[nodiscard]] std::string padded_base64(std::string_view bytes);
[[nodiscard]] constexpr std::size_t padded_base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

/// Decodes `text`, in the alphabet of section 4 or that of section 5 (safe in URLs), with or without padding, into
/// memory of the caller's that holds text.size() / 4 * 3 + 2 bytes. Returns its end; nullptr when it is not base64.
/// Bits that no byte needs are ignored.
[[nodiscard]] char* any_base64_decode(std::string_view text, char* out) noexcept;

}  // namespace wasm_grpc::rpc
