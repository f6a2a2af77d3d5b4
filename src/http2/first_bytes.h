// What a client speaks.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace wasm_grpc::http2 {

/// Tells by the first bytes of a connection: the preface of HTTP/2 was made to be no request of HTTP/1.1 (RFC 9113,
/// 3.4).
class FirstBytes {
 public:
  enum class Tell : std::uint8_t { nothing_yet, http2, another };

  /// Looks at the next bytes, until they tell.
  [[nodiscard]] Tell look(std::span<const std::byte> bytes) noexcept {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string_view expected = preface.substr(seen_);
    const std::size_t common = std::min(text.size(), expected.size());
    if (text.substr(0, common) != expected.substr(0, common)) return Tell::another;
    if (common == expected.size()) return Tell::http2;
    seen_ += common;
    return Tell::nothing_yet;
  }
  /// Those that came before the bytes that told.
  [[nodiscard]] std::span<const std::byte> before() const noexcept {
    return std::as_bytes(std::span(preface.substr(0, seen_)));
  }

 private:
  static constexpr std::string_view preface{NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN};
  std::size_t seen_ = 0;
};

}  // namespace wasm_grpc::http2
