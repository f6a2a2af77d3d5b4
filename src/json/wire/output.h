// The message that is read, in the wire format.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace wasm_grpc::json {

/// Appends to a vector, whose size is right again after finish() or cancel().
///
/// What has its length in front (a message, a packed field) is a region: its length is known when it ends, and takes
/// one byte in most cases, which is left free. To make room for more bytes, a small region is moved; a large one only
/// once and with all others, in finish(), so that deep nesting does not move the same bytes again and again.
class ByteOutput {
 public:
  explicit ByteOutput(std::vector<std::byte>& out) : out_(out), before_(out.size()), at_(before_) {}

  /// Where a region begins.
  struct Region {
    std::size_t start;
    std::size_t later;
  };

  /// How much was appended, with what finish() will add.
  [[nodiscard]] std::size_t size() const noexcept { return at_ - before_ + later_; }
  /// The place of what comes next; moves with what encloses it.
  [[nodiscard]] std::size_t place() const noexcept { return at_; }
  [[nodiscard]] std::string_view between(std::size_t begin, std::size_t end) const noexcept {
    return {reinterpret_cast<const char*>(out_.data()) + begin, end - begin};
  }
  /// Takes back what came after a place, which had no large region in it.
  void cut(std::size_t place) noexcept { at_ = place; }

  /// Room for so many more bytes, to be written at what it returns; then advance.
  [[nodiscard]] std::uint8_t* room(std::size_t more) {
    if (out_.size() - at_ < more) grow(more);
    return reinterpret_cast<std::uint8_t*>(out_.data()) + at_;
  }
  void advance_to(const std::uint8_t* end) noexcept {
    at_ = static_cast<std::size_t>(end - reinterpret_cast<const std::uint8_t*>(out_.data()));
  }

  void byte(std::uint8_t byte) {
    *room(1) = byte;
    ++at_;
  }
  void varint(std::uint64_t value) { advance_to(put_varint(value, room(10))); }
  void fixed32(std::uint32_t value) { advance_to(put_fixed(value, room(4))); }
  void fixed64(std::uint64_t value) { advance_to(put_fixed(value, room(8))); }
  void raw(const void* bytes, std::size_t size) {
    if (size != 0) std::memcpy(room(size), bytes, size);
    at_ += size;
  }
  /// Its length and itself.
  void sized(std::string_view text) {
    varint(text.size());
    raw(text.data(), text.size());
  }

  [[nodiscard]] Region open() {
    const Region region{at_, later_};
    byte(0);
    return region;
  }
  /// Returns how far the contents were moved.
  std::size_t close(Region region) {
    const std::size_t size = at_ - region.start - 1 + (later_ - region.later);
    if (size < 0x80) {
      out_[region.start] = static_cast<std::byte>(size);
      return 0;
    }
    return close_longer(region, size);
  }

  void finish();
  void cancel() { out_.resize(before_); }

  [[nodiscard]] static std::uint8_t* put_varint(std::uint64_t value, std::uint8_t* to) noexcept {
    for (; value > 0x7F; value >>= 7) *to++ = static_cast<std::uint8_t>(value | 0x80);
    *to++ = static_cast<std::uint8_t>(value);
    return to;
  }

 private:
  /// A region whose length is put in front later.
  struct Later {
    std::size_t start;
    std::size_t size;
  };

  template <typename Number>
  [[nodiscard]] static std::uint8_t* put_fixed(Number value, std::uint8_t* to) noexcept {
    for (std::size_t i = 0; i < sizeof value; ++i) *to++ = static_cast<std::uint8_t>(value >> (8 * i));
    return to;
  }
  std::size_t close_longer(Region region, std::size_t size);
  void grow(std::size_t more);

  std::vector<std::byte>& out_;
  std::size_t before_;
  std::size_t at_;
  std::size_t later_ = 0;  // bytes that finish() adds
  std::vector<Later> large_;
};

}  // namespace wasm_grpc::json
