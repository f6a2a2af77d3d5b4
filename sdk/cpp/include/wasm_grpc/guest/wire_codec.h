// How each protobuf type is read and written, for generated code (protoc-gen-wasm-grpc). A codec has
//
//   Value                                       the type in C++
//   type                                        how it is written
//   is_zero(value)                              whether proto3 leaves it out
//   read(at, end, depth, value)                 see wire_decode.h
//   write(at, out, value)                       see wire_encode.h; leaves room for a tag
//
// A message is any type with these two functions beside it, which generated code has:
//
//   const char* merge_fields(const char* at, const char* end, int depth, std::uint32_t group, Message& message)
//       reads fields up to `end`, or up to the tag `group` that ends a group (0: there is none); messages may nest
//       `depth` deeper
//   char* write_fields(char* at, wire::Encoder& out, const Message& message)
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "wasm_grpc/guest/utf8.h"
#include "wasm_grpc/guest/wire_decode.h"
#include "wasm_grpc/guest/wire_encode.h"
#include "wasm_grpc/guest/wire_format.h"

namespace wasm_grpc::guest::wire {

/// int32, int64, uint32, uint64, bool and enums: a negative number is sign-extended.
template <typename Number>
struct Varint {
  using Value = Number;
  static constexpr Type type = Type::varint;
  static bool is_zero(Number value) noexcept { return value == Number{}; }
  static const char* read(const char* at, const char* end, int, Number& value) noexcept {
    std::uint64_t number = 0;
    at = read_varint(at, end, number);
    if constexpr (std::is_same_v<Number, bool>) {
      value = number != 0;
    } else if constexpr (std::is_enum_v<Number>) {
      value = static_cast<Number>(static_cast<std::underlying_type_t<Number>>(number));
    } else {
      value = static_cast<Number>(number);
    }
    return at;
  }
  static char* write(char* at, Encoder& out, Number value) {
    at = out.reserve(at, Encoder::longest_varint);
    if constexpr (std::is_same_v<Number, bool>) {
      return Encoder::put_varint(at, value ? 1 : 0);
    } else if constexpr (std::is_unsigned_v<Number>) {
      return Encoder::put_varint(at, value);
    } else {
      return Encoder::put_varint(at, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    }
  }
};

/// sint32 and sint64.
template <typename Number>
struct Zigzag {
  using Value = Number;
  static constexpr Type type = Type::varint;
  static bool is_zero(Number value) noexcept { return value == 0; }
  static const char* read(const char* at, const char* end, int, Number& value) noexcept {
    std::uint64_t number = 0;
    at = read_varint(at, end, number);
    value = static_cast<Number>(unzigzag(static_cast<std::make_unsigned_t<Number>>(number)));
    return at;
  }
  static char* write(char* at, Encoder& out, Number value) {
    return Encoder::put_varint(out.reserve(at, Encoder::longest_varint), zigzag(value));
  }
};

/// fixed32, fixed64, sfixed32, sfixed64, float and double. Only the number whose bits are all zero is left out: -0.0 is
/// written.
template <typename Number>
struct Fixed {
  using Value = Number;
  static constexpr Type type = sizeof(Number) == 4 ? Type::fixed32 : Type::fixed64;
  static bool is_zero(Number value) noexcept {
    using Bits = std::conditional_t<sizeof(Number) == 4, std::uint32_t, std::uint64_t>;
    return std::bit_cast<Bits>(value) == 0;
  }
  static const char* read(const char* at, const char* end, int, Number& value) noexcept {
    return read_fixed(at, end, value);
  }
  static char* write(char* at, Encoder& out, Number value) {
    return Encoder::put_fixed(out.reserve(at, sizeof value), value);
  }
};

/// bytes, and the strings of proto2, which Google's implementation takes as they are.
struct Blob {
  using Value = std::string;
  static constexpr Type type = Type::bytes;
  static bool is_zero(const std::string& value) noexcept { return value.empty(); }
  static const char* read(const char* at, const char* end, int, std::string& value) {
    std::size_t length = 0;
    at = read_length(at, end, length);
    if (at == nullptr) return nullptr;
    value.assign(at, length);
    return at + length;
  }
  static char* write(char* at, Encoder& out, std::string_view value) {
    at = out.reserve(at, value.size() + Encoder::longest_tag);
    at = out.bytes(at, value);
    return Encoder::put_varint(at, value.size());
  }
};

/// The strings of proto3: UTF-8, or the message is malformed. What is written is not looked at.
struct Text : Blob {
  [[gnu::noinline]] static const char* read(const char* at, const char* end, int depth, std::string& value) {
    at = Blob::read(at, end, depth, value);
    return at != nullptr && is_utf8(value) ? at : nullptr;
  }
};

/// A nested message, which is merged with what is there.
template <typename Message>
struct Nested {
  using Value = Message;
  static constexpr Type type = Type::bytes;
  static const char* read(const char* at, const char* end, int depth, Message& value) {
    std::size_t length = 0;
    at = read_length(at, end, length);
    if (at == nullptr || depth == 0) return nullptr;
    return merge_fields(at, at + length, depth - 1, 0, value);
  }
  static char* write(char* at, Encoder& out, const Message& value) {
    const std::size_t before = out.size(at);
    return out.length_since(write_fields(at, out, value), before);
  }
};

/// A group of proto2: a message between two tags, of which the encoder's caller writes the first.
template <typename Message, std::uint32_t field>
struct Group {
  using Value = Message;
  static constexpr Type type = Type::group_start;
  static const char* read(const char* at, const char* end, int depth, Message& value) {
    return depth == 0 ? nullptr : merge_fields(at, end, depth - 1, tag(field, Type::group_end), value);
  }
  static char* write(char* at, Encoder& out, const Message& value) {
    at = Encoder::put_varint(out.reserve(at, Encoder::longest_tag), tag(field, Type::group_end));
    return out.reserve(write_fields(at, out, value), 0);
  }
};

}  // namespace wasm_grpc::guest::wire
