// Text of which nothing needs a second look: neither in JSON strings nor in UTF-8.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace wasm_grpc::json {

/// The first character from `at` on that is a quote, a backslash, a control character or not ASCII; `end` if none is.
[[nodiscard]] inline const char* skip_plain(const char* at, const char* end) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t tops = 0x80 * ones;
    while (end - at >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, at, sizeof eight);
      const std::uint64_t quotes = eight ^ ('"' * ones);
      const std::uint64_t backslashes = eight ^ ('\\' * ones);
      // A byte's top bit is set where the byte is one; above the first such byte it may be set by mistake.
      const std::uint64_t found =
          (((eight - 0x20 * ones) | (quotes - ones) | (backslashes - ones)) & ~eight & tops) | (eight & tops);
      if (found != 0) return at + (std::countr_zero(found) >> 3);
      at += 8;
    }
  }
  while (at != end) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
    ++at;
  }
  return at;
}

}  // namespace wasm_grpc::json
