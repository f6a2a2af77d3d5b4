// The steps of decoding a protobuf message that generated code is made of (protoc-gen-wasm-grpc). Code by hand is
// easier to write over wire::Reader.
//
// `at` is where reading stands and `end` where it must stop. Each function returns where reading stands after it, or
// null when the bytes are malformed. They take and refuse what Google's C++ implementation does: numbers of more bits
// than their type lose the upper ones, and messages, groups and map entries nest max_depth deep.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "wasm_grpc/guest/wire_format.h"

namespace wasm_grpc::guest::wire {

/// A varint of any length. Out of line: most numbers are short, and are read by read_varint() itself.
[[nodiscard, gnu::noinline]] inline const char* read_long_varint(const char* at, const char* end,
                                                                 std::uint64_t& value) noexcept {
  std::uint64_t result = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at == end) return nullptr;
    const auto byte = static_cast<unsigned char>(*at++);
    result |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      value = result;
      return at;
    }
  }
  return nullptr;
}

[[nodiscard]] inline const char* read_varint(const char* at, const char* end, std::uint64_t& value) noexcept {
  if (at != end && static_cast<unsigned char>(*at) < 0x80) [[likely]] {
    value = static_cast<unsigned char>(*at);
    return at + 1;
  }
  std::uint64_t number = 0;
  at = read_long_varint(at, end, number);
  value = number;
  return at;
}

/// How many varints the bytes are: each has one byte that ends it.
[[nodiscard]] inline std::size_t count_varints(const char* at, std::size_t size) noexcept {
  std::size_t count = 0;
  for (; size >= 8; at += 8, size -= 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof eight);
    count += static_cast<std::size_t>(std::popcount(~eight & 0x8080808080808080));
  }
  for (; size != 0; ++at, --size) count += static_cast<unsigned char>(*at) < 0x80 ? 1 : 0;
  return count;
}

/// A tag or a length of more than one byte: five at most.
[[nodiscard, gnu::noinline]] inline const char* read_long_prefix(const char* at, const char* end,
                                                                 std::uint64_t& value) noexcept {
  const char* const last = end - at > 5 ? at + 5 : end;
  return read_long_varint(at, last, value);
}

/// A field's tag, whose number and type are not looked at yet: skip_value() does that for those nobody knows.
[[nodiscard]] inline const char* read_tag(const char* at, const char* end, std::uint32_t& tag) noexcept {
  if (at != end && static_cast<unsigned char>(*at) < 0x80) [[likely]] {
    tag = static_cast<unsigned char>(*at);
    return at + 1;
  }
  std::uint64_t number = 0;
  at = read_long_prefix(at, end, number);
  tag = static_cast<std::uint32_t>(number);
  return at;
}

/// The length of what follows, which is there in full.
[[nodiscard]] inline const char* read_length(const char* at, const char* end, std::size_t& length) noexcept {
  std::uint64_t number = 0;
  if (at != end && static_cast<unsigned char>(*at) < 0x80) [[likely]] {
    number = static_cast<unsigned char>(*at++);
  } else {
    at = read_long_prefix(at, end, number);
  }
  if (at == nullptr || number > static_cast<std::size_t>(end - at)) return nullptr;
  length = static_cast<std::size_t>(number);
  return at;
}

/// A number of fixed size, little-endian.
template <typename Number>
[[nodiscard]] const char* read_fixed(const char* at, const char* end, Number& value) noexcept {
  static_assert(std::endian::native == std::endian::little, "wasm is little-endian, and so is where guests are tested");
  if (static_cast<std::size_t>(end - at) < sizeof value) return nullptr;
  std::memcpy(&value, at, sizeof value);
  return at + sizeof value;
}

/// Whether the tag ends a group. `group` is the tag that would end the one we are in, 0 in a message.
[[nodiscard]] constexpr bool ends_group(std::uint32_t tag) noexcept {
  return (tag & 7) == static_cast<std::uint32_t>(Type::group_end);
}

/// Passes over the value of a field that is not a group.
[[nodiscard]] inline const char* skip_plain(const char* at, const char* end, std::uint32_t tag) noexcept {
  std::uint64_t number = 0;
  std::size_t length = 0;
  switch (static_cast<Type>(tag & 7)) {
    case Type::varint:
      return read_varint(at, end, number);
    case Type::fixed64:
      return end - at < 8 ? nullptr : at + 8;
    case Type::fixed32:
      return end - at < 4 ? nullptr : at + 4;
    case Type::bytes:
      at = read_length(at, end, length);
      return at == nullptr ? nullptr : at + length;
    default:
      return nullptr;
  }
}

/// Passes over the value of a field, in a loop rather than by recursion. `depth` is how much deeper messages may nest.
[[nodiscard, gnu::noinline]] inline const char* skip_value(const char* at, const char* end, std::uint32_t tag,
                                                           int depth) noexcept {
  std::uint32_t open[max_depth];  // the fields of the groups we are in
  int level = 0;
  for (;;) {
    if (tag >> 3 == 0) return nullptr;
    const auto type = static_cast<Type>(tag & 7);
    if (type == Type::group_start) {
      if (level >= depth) return nullptr;
      open[level++] = tag >> 3;
    } else if (type == Type::group_end) {
      if (level == 0 || open[level - 1] != tag >> 3) return nullptr;
      --level;
    } else {
      at = skip_plain(at, end, tag);
      if (at == nullptr) return nullptr;
    }
    if (level == 0) return at;
    at = read_tag(at, end, tag);
    if (at == nullptr) return nullptr;
  }
}

/// Keeps a field that nobody knows, as it is: from `field`, where its tag begins.
[[nodiscard, gnu::noinline]] inline const char* keep_unknown(const char* field, const char* at, const char* end,
                                                             std::uint32_t tag, int depth, std::string& unknown) {
  at = skip_value(at, end, tag, depth);
  if (at != nullptr) unknown.append(field, static_cast<std::size_t>(at - field));
  return at;
}

}  // namespace wasm_grpc::guest::wire
