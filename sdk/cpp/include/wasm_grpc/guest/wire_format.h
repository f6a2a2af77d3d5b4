// The protobuf wire format: tags (https://protobuf.dev/programming-guides/encoding/).
#pragma once

#include <cstdint>

namespace wasm_grpc::guest::wire {

/// How a field's value is written. 6 and 7 do not exist.
enum class Type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, group_start = 3, group_end = 4, fixed32 = 5 };

inline constexpr std::uint32_t max_field = (std::uint32_t{1} << 29) - 1;

/// Messages and groups within each other, as deep as Google's implementation takes them.
inline constexpr int max_depth = 100;

/// A field's number and type, as one number: what to switch on.
[[nodiscard]] constexpr std::uint32_t tag(std::uint32_t field, Type type) noexcept {
  return field << 3 | static_cast<std::uint32_t>(type);
}
/// Of an int32, int64, uint32, uint64, sint32, sint64, bool or enum.
[[nodiscard]] constexpr std::uint32_t varint_tag(std::uint32_t field) noexcept { return tag(field, Type::varint); }
/// Of a string, bytes, message, map entry or packed field.
[[nodiscard]] constexpr std::uint32_t bytes_tag(std::uint32_t field) noexcept { return tag(field, Type::bytes); }
/// Of a fixed32, sfixed32 or float.
[[nodiscard]] constexpr std::uint32_t fixed32_tag(std::uint32_t field) noexcept { return tag(field, Type::fixed32); }
/// Of a fixed64, sfixed64 or double.
[[nodiscard]] constexpr std::uint32_t fixed64_tag(std::uint32_t field) noexcept { return tag(field, Type::fixed64); }

/// Signed numbers as sint32 and sint64 write them: 0, -1, 1, -2 become 0, 1, 2, 3.
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

}  // namespace wasm_grpc::guest::wire
