#include "wasm/guest_text.h"

#include <algorithm>
#include <cstdint>

namespace wasm_grpc::wasm {

std::size_t printable_sequence(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) -> std::uint8_t {
    return i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0;
  };
  const auto tail = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return (lead >= 0x20 && lead != 0x7F) || lead == '\t' ? 1 : 0;
  // U+0080 to U+009F are control characters too.
  if (lead == 0xC2) return tail(1, 0xA0) ? 2 : 0;
  if (lead >= 0xC3 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead == 0xE0) return tail(1, 0xA0) && tail(2) ? 3 : 0;
  if (lead == 0xED) return tail(1, 0x80, 0x9F) && tail(2) ? 3 : 0;
  if (lead >= 0xE1 && lead <= 0xEF) return tail(1) && tail(2) ? 3 : 0;
  if (lead == 0xF0) return tail(1, 0x90) && tail(2) && tail(3) ? 4 : 0;
  if (lead >= 0xF1 && lead <= 0xF3) return tail(1) && tail(2) && tail(3) ? 4 : 0;
  if (lead == 0xF4) return tail(1, 0x80, 0x8F) && tail(2) && tail(3) ? 4 : 0;
  return 0;
}

bool is_printable(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = printable_sequence(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view bytes, std::size_t most) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(std::min(bytes.size(), most) + 16);
  while (!bytes.empty()) {
    std::size_t length = printable_sequence(bytes);
    if ((length > 0 ? length : 4) > most - out.size()) return out += "...";
    if (length > 0) {
      out += bytes.substr(0, length);
    } else {
      length = 1;
      const auto byte = static_cast<std::uint8_t>(bytes[0]);
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    bytes.remove_prefix(length);
  }
  return out;
}

}  // namespace wasm_grpc::wasm
