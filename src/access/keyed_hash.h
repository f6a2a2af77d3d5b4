// A hash that nobody can foresee who does not know its key.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wasm_grpc::access {

/// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): clients choose what is hashed, and must not
/// be able to choose texts that fall together.
class KeyedHash {
 public:
  KeyedHash(std::uint64_t key0, std::uint64_t key1) noexcept : key0_(key0), key1_(key1) {}

  [[nodiscard]] std::uint64_t operator()(std::string_view text) const noexcept {
    State s{key0_ ^ 0x736f6d6570736575, key1_ ^ 0x646f72616e646f6d, key0_ ^ 0x6c7967656e657261,
            key1_ ^ 0x7465646279746573};
    const std::size_t whole = text.size() / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8) s.take(word(text.data() + at, 8));
    s.take(word(text.data() + whole, text.size() - whole) | static_cast<std::uint64_t>(text.size()) << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; ++i) s.round();
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
  }

 private:
  struct State {
    std::uint64_t v0, v1, v2, v3;
    void round() noexcept {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t m) noexcept {
      v3 ^= m;
      round();
      v0 ^= m;
    }
  };

  /// Little-endian, of the first `size` bytes.
  static std::uint64_t word(const char* bytes, std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }

  std::uint64_t key0_;
  std::uint64_t key1_;
};

}  // namespace wasm_grpc::access
