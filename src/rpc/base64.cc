#include "rpc/base64.h"

#include <array>
#include <cstdint>

namespace wasm_grpc::rpc {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

constexpr std::array<std::int8_t, 256> values = make_values();

/// The same, and those of the alphabet that is safe in URLs.
constexpr std::array<std::int8_t, 256> any_values = [] {
  std::array<std::int8_t, 256> all = make_values();
  all['-'] = 62;
  all['_'] = 63;
  return all;
}();

/// Without its padding, which, where there is some, fills the last group of four exactly. False when it cannot be
/// base64.
bool take_padding(std::string_view& text) noexcept {
  if (text.ends_with('=')) {
    if (text.size() % 4 != 0) return false;
    text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
  }
  return text.size() % 4 != 1;
}

}  // namespace

void base64_encode(std::string_view bytes, std::string& out) {
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits in `bits` not yet written
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(alphabet[(bits >> held) & 63]);
    }
  }
  if (held > 0) out.push_back(alphabet[(bits << (6 - held)) & 63]);
}

bool base64_decode(std::string_view text, std::string& out) {
  if (!take_padding(text)) return false;
  const std::size_t before = out.size();
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) {
      out.resize(before);
      return false;
    }
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>((bits >> held) & 255));
    }
  }
  return true;
}

char* padded_base64_encode(std::string_view bytes, char* out) noexcept {
  const auto put = [&out](std::uint32_t bits, int characters) {
    for (int i = 0; i < characters; ++i) *out++ = alphabet[(bits >> (18 - 6 * i)) & 63];
    for (int i = characters; i < 4; ++i) *out++ = '=';
  };
  const auto byte = [&bytes](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at]));
  };
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) put(byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2), 4);
  if (bytes.size() - at == 2) put(byte(at) << 16 | byte(at + 1) << 8, 3);
  if (bytes.size() - at == 1) put(byte(at) << 16, 2);
  return out;
}

std::string padded_base64(std::string_view bytes) {
  std::string text(padded_base64_size(bytes.size()), '\0');
  padded_base64_encode(bytes, text.data());
  return text;
}

char* any_base64_decode(std::string_view text, char* out) noexcept {
  if (!take_padding(text)) return nullptr;
  const auto value = [&text](std::size_t at) { return any_values[static_cast<unsigned char>(text[at])]; };
  std::size_t at = 0;
  int all = 0;  // negative once one is
  for (; at + 4 <= text.size(); at += 4) {
    const int a = value(at), b = value(at + 1), c = value(at + 2), d = value(at + 3);
    all |= a | b | c | d;
    const auto bits = static_cast<std::uint32_t>(a) << 18 | static_cast<std::uint32_t>(b) << 12 |
                      static_cast<std::uint32_t>(c) << 6 | static_cast<std::uint32_t>(d);
    *out++ = static_cast<char>(bits >> 16);
    *out++ = static_cast<char>(bits >> 8);
    *out++ = static_cast<char>(bits);
  }
  if (at < text.size()) {
    const int a = value(at), b = value(at + 1), c = at + 2 < text.size() ? value(at + 2) : 0;
    all |= a | b | c;
    *out++ = static_cast<char>(static_cast<std::uint32_t>(a) << 2 | static_cast<std::uint32_t>(b) >> 4);
    if (at + 2 < text.size())
      *out++ = static_cast<char>(static_cast<std::uint32_t>(b) << 4 | static_cast<std::uint32_t>(c) >> 2);
  }
  return all < 0 ? nullptr : out;
}

}  // namespace wasm_grpc::rpc
