// The message that is written as JSON, in the wire format (protobuf.dev/programming-guides/encoding).
#pragma once

#include <cstdint>
#include <string_view>

#include "json/table.h"

namespace wasm_grpc::json {

/// Some bytes of a message.
struct Piece {
  const std::uint8_t* begin = nullptr;
  const std::uint8_t* end = nullptr;

  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(end - begin); }
  [[nodiscard]] std::string_view text() const noexcept { return {reinterpret_cast<const char*>(begin), size()}; }
};

/// A field as it is in the bytes, once: what is behind its tag and, of what is sized, its length.
struct Record {
  const Field* field = nullptr;
  WireType wire = WireType::varint;
  Piece contents;
};

/// The known fields of one message, one after the other; what the type does not have is passed by.
class WireInput {
 public:
  WireInput(const MessageType& type, Piece bytes)
      : type_(type), at_(bytes.begin), end_(bytes.end), likely_(type.fields().data()) {}

  /// False at the end, and where the bytes are no message, which is_malformed() tells apart.
  [[nodiscard]] bool next(Record& record);
  [[nodiscard]] bool is_malformed() const noexcept { return is_malformed_; }

 private:
  [[nodiscard]] const Field* field_of(std::uint32_t tag);
  [[nodiscard]] bool contents(WireType wire, std::uint32_t number, Piece& out);
  [[nodiscard]] bool group(std::uint32_t number, Piece& out);

  const MessageType& type_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const Field* likely_;
  bool is_malformed_ = false;
};

[[nodiscard]] const std::uint8_t* take_long_varint(const std::uint8_t* at, const std::uint8_t* end,
                                                   std::uint64_t& value) noexcept;
/// Takes a varint from the front; nullptr when there is none, else the place behind it.
[[nodiscard]] inline const std::uint8_t* take_varint(const std::uint8_t* at, const std::uint8_t* end,
                                                     std::uint64_t& value) noexcept {
  if (at == end || *at >= 0x80) return take_long_varint(at, end, value);
  value = *at;
  return at + 1;
}

/// A value of a kind that is_bits(), as 64 bits: of kinds of 32 bits the lower ones, signed integers as two's
/// complement. `contents` holds nothing else.
[[nodiscard]] std::uint64_t bits_of(Kind kind, Piece contents) noexcept;
/// The same of the first value in `contents` of a packed field, which it is taken from. False when it is cut short.
[[nodiscard]] bool take_bits(Kind kind, Piece& contents, std::uint64_t& value) noexcept;

}  // namespace wasm_grpc::json
