// Writes protobuf messages.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/wire_format.h"

namespace wasm_grpc::guest::wire {

/// Appends fields to a string, which the caller owns and may use again: Context::scratch() is made for that.
///
///   wire::Writer(context.scratch()).text(1, "Hello").uint32(2, 7)
///
/// Every call writes its field, also when the value is the default, which proto3 leaves out: leave out the call. Field
/// numbers are 1 to max_field.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(&out) {}

  Writer& uint64(std::uint32_t field, std::uint64_t value) {
    write_varint(varint_tag(field));
    write_varint(value);
    return *this;
  }
  Writer& uint32(std::uint32_t field, std::uint32_t value) { return uint64(field, value); }
  Writer& int64(std::uint32_t field, std::int64_t value) { return uint64(field, static_cast<std::uint64_t>(value)); }
  /// Also for enums. A negative number takes ten bytes, as everywhere.
  Writer& int32(std::uint32_t field, std::int32_t value) { return int64(field, value); }
  Writer& sint64(std::uint32_t field, std::int64_t value) { return uint64(field, zigzag(value)); }
  Writer& sint32(std::uint32_t field, std::int32_t value) { return sint64(field, value); }
  Writer& boolean(std::uint32_t field, bool value) { return uint64(field, value ? 1 : 0); }

  Writer& fixed32(std::uint32_t field, std::uint32_t value) {
    write_varint(fixed32_tag(field));
    write_fixed32(value);
    return *this;
  }
  Writer& fixed64(std::uint32_t field, std::uint64_t value) {
    write_varint(fixed64_tag(field));
    write_fixed64(value);
    return *this;
  }
  Writer& sfixed32(std::uint32_t field, std::int32_t value) {
    return fixed32(field, static_cast<std::uint32_t>(value));
  }
  Writer& sfixed64(std::uint32_t field, std::int64_t value) {
    return fixed64(field, static_cast<std::uint64_t>(value));
  }
  Writer& float32(std::uint32_t field, float value) { return fixed32(field, std::bit_cast<std::uint32_t>(value)); }
  Writer& float64(std::uint32_t field, double value) { return fixed64(field, std::bit_cast<std::uint64_t>(value)); }

  Writer& bytes(std::uint32_t field, Bytes value) {
    write_varint(bytes_tag(field));
    write_varint(value.size());
    out_->append(value.data(), value.size());
    return *this;
  }
  /// A string; it must be UTF-8, which is not looked at.
  Writer& text(std::uint32_t field, std::string_view value) { return bytes(field, value); }

  /// A nested message: `fill(Writer&)` writes its fields. Or a packed field: it writes the elements.
  template <typename Fill>
  Writer& message(std::uint32_t field, Fill fill) {
    write_varint(bytes_tag(field));
    const std::size_t length_at = out_->size();
    out_->push_back('\0');  // the length, if it fits in one byte as it mostly does
    fill(*this);
    std::size_t length = out_->size() - length_at - 1;
    std::size_t more = 0;
    for (std::size_t rest = length >> 7; rest != 0; rest >>= 7) ++more;
    if (more != 0) out_->insert(length_at + 1, more, '\0');
    for (std::size_t i = 0; i <= more; ++i, length >>= 7) {
      (*out_)[length_at + i] = static_cast<char>((length & 0x7F) | (i < more ? 0x80 : 0));
    }
    return *this;
  }

  // ---- Values without a tag: the elements of packed fields ----

  void write_varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_->push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_->push_back(static_cast<char>(value));
  }
  void write_fixed32(std::uint32_t value) { write_fixed(value, 4); }
  void write_fixed64(std::uint64_t value) { write_fixed(value, 8); }

 private:
  void write_fixed(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) out_->push_back(static_cast<char>(value >> (8 * i)));
  }

  std::string* out_;
};

}  // namespace wasm_grpc::guest::wire
