// Text as what comes from a socket.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace wasm_grpc::http1 {

inline std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace wasm_grpc::http1
