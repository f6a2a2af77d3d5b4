#include "rpc/utf8.h"

#include <cstddef>
#include <string_view>

namespace wasm_grpc::rpc {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

}  // namespace

std::size_t utf8_character(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  const unsigned second = byte(1);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || !follows(1)) return 0;
  if (lead < 0xE0) return 2;
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || !follows(2)) return 0;
  if (lead < 0xF0) return 3;
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F) || !follows(3)) return 0;
  return 4;
}

namespace {

/// How much of it is well-formed.
std::size_t valid_size(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = utf8_character(text, at);
    if (size == 0) break;
    at += size;
  }
  return at;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept { return valid_size(text) == text.size(); }

bool replace_invalid_utf8(std::string& text) {
  std::size_t at = valid_size(text);
  if (at == text.size()) return false;
  std::string out = text.substr(0, at);
  while (at < text.size()) {
    const std::size_t size = utf8_character(text, at);
    if (size == 0) {
      out.append(replacement);
      ++at;
    } else {
      out.append(text, at, size);
      at += size;
    }
  }
  text = std::move(out);
  return true;
}

}  // namespace wasm_grpc::rpc
