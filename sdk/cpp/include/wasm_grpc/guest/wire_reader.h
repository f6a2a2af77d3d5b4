// Reads protobuf messages.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/utf8.h"
#include "wasm_grpc/guest/wire_format.h"

namespace wasm_grpc::guest::wire {

/// Walks through the fields of one serialized message. Whatever the bytes are, it reads inside them only, and stops.
///
///   wire::Reader in(request);
///   while (in.next()) {
///     switch (in.tag()) {
///       case wire::bytes_tag(1): name = in.text(); break;
///       case wire::varint_tag(2): count = in.uint32(); break;
///     }
///   }
///   if (!in.ok()) return Status::invalid_argument("not a HelloRequest");
///
/// A field that is not read is skipped, so unknown ones, and known ones of another type, need no code. An error (bytes
/// that are no message, a value read as what it is not) sticks: next() is then false, values are zero and views empty.
/// Views live as long as the message.
class Reader {
 public:
  explicit Reader(Bytes message) : Reader(message, 0) {}

  /// Goes to the next field. False at the end, and at an error: ok() tells which.
  [[nodiscard]] bool next() {
    if (has_value_) skip();
    if (!ok_ || at_ == end_) return false;
    if (!read_tag(tag_) || type() == Type::group_end) {
      fail();
      return false;
    }
    has_value_ = true;
    return true;
  }

  /// Field number and type of the field next() went to.
  [[nodiscard]] std::uint32_t tag() const noexcept { return tag_; }
  [[nodiscard]] std::uint32_t field() const noexcept { return tag_ >> 3; }
  [[nodiscard]] Type type() const noexcept { return static_cast<Type>(tag_ & 7); }

  /// Whether all that was read so far was well-formed.
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  /// Makes it an error that a value is not what it should be; for one who reads nested messages, for instance.
  void fail() noexcept {
    ok_ = false;
    has_value_ = false;
    at_ = end_;
  }

  // ---- The field's value; once each ----

  [[nodiscard]] std::uint64_t uint64() {
    std::uint64_t value = 0;
    if (take(Type::varint) && !read_varint(value)) fail();
    return ok_ ? value : 0;
  }
  [[nodiscard]] std::uint32_t uint32() { return static_cast<std::uint32_t>(uint64()); }
  [[nodiscard]] std::int64_t int64() { return static_cast<std::int64_t>(uint64()); }
  /// Also for enums. Larger numbers lose their upper half, as in every implementation.
  [[nodiscard]] std::int32_t int32() { return static_cast<std::int32_t>(uint64()); }
  [[nodiscard]] std::int64_t sint64() { return unzigzag(uint64()); }
  [[nodiscard]] std::int32_t sint32() { return static_cast<std::int32_t>(unzigzag(uint32())); }
  [[nodiscard]] bool boolean() { return uint64() != 0; }

  [[nodiscard]] std::uint32_t fixed32() { return static_cast<std::uint32_t>(fixed(Type::fixed32, 4)); }
  [[nodiscard]] std::uint64_t fixed64() { return fixed(Type::fixed64, 8); }
  [[nodiscard]] std::int32_t sfixed32() { return static_cast<std::int32_t>(fixed32()); }
  [[nodiscard]] std::int64_t sfixed64() { return static_cast<std::int64_t>(fixed64()); }
  [[nodiscard]] float float32() { return std::bit_cast<float>(fixed32()); }
  [[nodiscard]] double float64() { return std::bit_cast<double>(fixed64()); }

  [[nodiscard]] Bytes bytes() {
    Bytes value;
    if (take(Type::bytes) && !read_bytes(value)) fail();
    return value;
  }
  /// A string; it is an error when that is not UTF-8.
  [[nodiscard]] std::string_view text() {
    const std::string_view value = bytes().text();
    if (is_utf8(value)) return value;
    fail();
    return {};
  }
  /// A nested message. Its errors are its own: ask its ok() too.
  [[nodiscard]] Reader message() {
    const Bytes value = bytes();
    if (ok_ && depth_ + 1 > max_depth) fail();
    Reader nested(ok_ ? value : Bytes(), depth_ + 1);
    if (!ok_) nested.fail();
    return nested;
  }

  // ---- Packed repeated fields: `each` is called with every element ----

  /// Numbers written as varints: cast them, or unzigzag() them.
  template <typename Each>
  void packed_varints(Each each) {
    Reader packed(bytes(), depth_);
    std::uint64_t value = 0;
    while (packed.at_ != packed.end_) {
      if (!packed.read_varint(value)) return fail();
      each(value);
    }
  }
  template <typename Each>
  void packed_fixed32(Each each) {
    packed_fixed(4, [&](std::uint64_t value) { each(static_cast<std::uint32_t>(value)); });
  }
  template <typename Each>
  void packed_fixed64(Each each) {
    packed_fixed(8, each);
  }

 private:
  Reader(Bytes message, int depth) : at_(message.data()), end_(message.data() + message.size()), depth_(depth) {}

  /// Whether there is a value not yet read, of that type; an error when not.
  bool take(Type wanted) {
    if (has_value_ && type() == wanted) {
      has_value_ = false;
      return true;
    }
    fail();
    return false;
  }

  /// At most ten bytes, and 64 bits.
  bool read_varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      if (shift == 63 && byte > 1) return false;
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  /// At most five bytes, and 32 bits: what tags and lengths are.
  bool read_short_varint(std::uint32_t& value) {
    value = 0;
    for (int shift = 0; shift < 35 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      if (shift == 28 && byte > 0x0F) return false;
      value |= static_cast<std::uint32_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool read_tag(std::uint32_t& value) {
    return read_short_varint(value) && value >> 3 != 0 && (value & 7) <= static_cast<std::uint32_t>(Type::fixed32);
  }

  bool read_bytes(Bytes& value) {
    std::uint32_t size = 0;
    if (!read_short_varint(size) || size > static_cast<std::size_t>(end_ - at_)) return false;
    value = Bytes(at_, size);
    at_ += size;
    return true;
  }

  bool read_fixed(std::size_t size, std::uint64_t& value) {
    if (static_cast<std::size_t>(end_ - at_) < size) return false;
    value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at_[i])) << (8 * i);
    }
    at_ += size;
    return true;
  }

  std::uint64_t fixed(Type wanted, std::size_t size) {
    std::uint64_t value = 0;
    if (take(wanted) && !read_fixed(size, value)) fail();
    return ok_ ? value : 0;
  }

  template <typename Each>
  void packed_fixed(std::size_t size, Each each) {
    Reader packed(bytes(), depth_);
    std::uint64_t value = 0;
    while (packed.at_ != packed.end_) {
      if (!packed.read_fixed(size, value)) return fail();
      each(value);
    }
  }

  bool skip_plain(Type wanted) {
    std::uint64_t number = 0;
    Bytes bytes;
    switch (wanted) {
      case Type::varint:
        return read_varint(number);
      case Type::fixed64:
        return read_fixed(8, number);
      case Type::fixed32:
        return read_fixed(4, number);
      case Type::bytes:
        return read_bytes(bytes);
      case Type::group_start:
      case Type::group_end:
        return false;
    }
    return false;
  }

  /// Passes over the value, in a loop rather than by recursion: a guest's stack is small.
  void skip() {
    has_value_ = false;
    if (type() != Type::group_start) {
      if (!skip_plain(type())) fail();
      return;
    }
    std::uint32_t open[max_depth];  // the fields of the groups we are in
    int depth = 0;
    std::uint32_t inner = tag_;
    for (;;) {
      const auto inner_type = static_cast<Type>(inner & 7);
      if (inner_type == Type::group_start) {
        if (depth_ + depth + 1 > max_depth) return fail();
        open[depth++] = inner >> 3;
      } else if (inner_type == Type::group_end) {
        if (open[depth - 1] != inner >> 3) return fail();
        if (--depth == 0) return;
      } else if (!skip_plain(inner_type)) {
        return fail();
      }
      if (!read_tag(inner)) return fail();
    }
  }

  const char* at_;
  const char* end_;
  std::uint32_t tag_ = 0;
  int depth_;
  bool ok_ = true;
  bool has_value_ = false;
};

}  // namespace wasm_grpc::guest::wire
