// Base64 (RFC 4648, section 4) as gRPC uses it for `-bin` metadata.
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

}  // namespace wasm_grpc::rpc
