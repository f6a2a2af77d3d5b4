// The steps of encoding a protobuf message that generated code is made of (protoc-gen-wasm-grpc). Code by hand is
// easier to write over wire::Writer.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/wire_format.h"

namespace wasm_grpc::guest::wire {

/// Writes a message from its end to its beginning into a buffer, which it makes larger where needed. The length of what
/// is nested is known when it is time to write it, so that one pass does.
///
/// `at` is where the bytes written so far begin; each function puts more before it, and returns where they begin then.
class Encoder {
 public:
  explicit Encoder(Buffer& buffer) : buffer_(&buffer) {}
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  /// Where writing begins.
  [[nodiscard]] char* end() const noexcept { return buffer_->data() + buffer_->capacity(); }
  /// How many bytes have been written.
  [[nodiscard]] std::size_t size(const char* at) const noexcept { return static_cast<std::size_t>(end() - at); }
  /// The message. It lives as long as the buffer is left alone.
  [[nodiscard]] Bytes message(const char* at) const noexcept { return Bytes(at, size(at)); }

  /// Makes room for `size` bytes, and for a tag before them.
  [[nodiscard]] char* reserve(char* at, std::size_t size) {
    if (static_cast<std::size_t>(at - buffer_->data()) >= size + longest_tag) [[likely]]
      return at;
    return grow(at, size + longest_tag);
  }

  /// Room for it must have been reserved.
  [[nodiscard]] static char* put_varint(char* at, std::uint64_t value) noexcept {
    if (value < 0x80) [[likely]] {
      *--at = static_cast<char>(value);
      return at;
    }
    return put_long_varint(at, value);
  }
  /// Room for it must have been reserved.
  template <typename Number>
  [[nodiscard]] static char* put_fixed(char* at, Number value) noexcept {
    static_assert(std::endian::native == std::endian::little,
                  "wasm is little-endian, and so is where guests are tested");
    at -= sizeof value;
    std::memcpy(at, &value, sizeof value);
    return at;
  }
  [[nodiscard]] char* bytes(char* at, std::string_view value) {
    at = reserve(at, value.size());
    at -= value.size();
    std::memcpy(at, value.data(), value.size());
    return at;
  }
  /// The length of what was written since size() was `before`.
  [[nodiscard]] char* length_since(char* at, std::size_t before) {
    at = reserve(at, longest_tag);
    return put_varint(at, size(at) - before);
  }

  static constexpr std::size_t longest_tag = 5;
  static constexpr std::size_t longest_varint = 10;

 private:
  [[nodiscard, gnu::noinline]] static char* put_long_varint(char* at, std::uint64_t value) noexcept {
    at -= (std::bit_width(value) + 6) / 7;
    char* to = at;
    for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
    *to = static_cast<char>(value);
    return at;
  }

  [[nodiscard, gnu::noinline]] char* grow(char* at, std::size_t room) {
    const std::size_t used = size(at);
    const std::uint64_t wanted = static_cast<std::uint64_t>(used) * 2 + room;
    if (wanted > std::numeric_limits<std::uint32_t>::max()) __builtin_trap();  // no message is that large
    Buffer larger;
    larger.reserve(static_cast<std::uint32_t>(wanted));
    char* const moved = larger.data() + larger.capacity() - used;
    if (used != 0) std::memcpy(moved, at, used);
    *buffer_ = std::move(larger);
    return moved;
  }

  Buffer* buffer_;
};

}  // namespace wasm_grpc::guest::wire
