// "Length-Prefixed-Message" of PROTOCOL-HTTP2.md: one byte of flags, four bytes of length, big-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace wasm_grpc::rpc {

inline constexpr std::size_t prefix_size = 5;

inline std::uint32_t read_length(const std::byte* prefix) {
  return (std::to_integer<std::uint32_t>(prefix[1]) << 24) | (std::to_integer<std::uint32_t>(prefix[2]) << 16) |
         (std::to_integer<std::uint32_t>(prefix[3]) << 8) | std::to_integer<std::uint32_t>(prefix[4]);
}

inline std::array<std::byte, prefix_size> make_prefix(std::byte flags, std::size_t size) {
  const auto length = static_cast<std::uint32_t>(size);
  return {flags, std::byte(length >> 24), std::byte(length >> 16 & 255), std::byte(length >> 8 & 255),
          std::byte(length & 255)};
}

}  // namespace wasm_grpc::rpc
