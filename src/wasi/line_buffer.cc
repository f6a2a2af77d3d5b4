#include "wasi/line_buffer.h"

#include <algorithm>
#include <cstdint>

namespace wasm_grpc::wasi {

namespace {

constexpr std::size_t max_sequence = 4;

/// The length of the UTF-8 sequence at the start of `bytes` when it is whole, valid (RFC 3629, section 4) and may be
/// printed; else 0.
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

/// How much of a line that is too long to take, so that no character is cut.
std::size_t cut_before_character(std::string_view line) noexcept {
  for (std::size_t back = 1; back < max_sequence && back <= line.size(); ++back) {
    const auto byte = static_cast<std::uint8_t>(line[line.size() - back]);
    if (byte < 0x80) break;
    if (byte >= 0xC0)
      return printable_sequence(line.substr(line.size() - back)) == back ? line.size() : line.size() - back;
  }
  return line.size();
}

}  // namespace

bool is_printable(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = printable_sequence(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() + 16);
  while (!bytes.empty()) {
    std::size_t length = printable_sequence(bytes);
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

std::size_t LineBuffer::write(std::string_view bytes, std::size_t& max_lines) {
  std::string_view rest = bytes;
  while (!rest.empty() && max_lines > 0) {
    const std::size_t room = max_line_bytes - unfinished_.size();
    const std::size_t end = rest.substr(0, room + 1).find('\n');
    if (end == std::string_view::npos && rest.size() <= room) {
      unfinished_ += rest;
      return bytes.size();
    }
    --max_lines;
    const std::string_view part = rest.substr(0, std::min(end, room));
    rest.remove_prefix(end == std::string_view::npos ? part.size() : part.size() + 1);
    std::string_view line = part;
    if (!unfinished_.empty()) {
      unfinished_ += part;
      line = unfinished_;
    }
    const std::size_t cut = end == std::string_view::npos ? cut_before_character(line) : line.size();
    emit(line.substr(0, cut));
    const std::string kept(line.substr(cut));
    unfinished_ = kept;
  }
  return bytes.size() - rest.size();
}

void LineBuffer::flush() noexcept {
  if (unfinished_.empty()) return;
  emit(unfinished_);
  unfinished_.clear();
}

void LineBuffer::emit(std::string_view line) noexcept {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (is_printable(line)) {
    output_.line(module_name_, is_stderr_, line);
    return;
  }
  try {
    output_.line(module_name_, is_stderr_, printable(line));
  } catch (...) {
    output_.line(module_name_, is_stderr_, "(a line was lost: out of memory)");
  }
}

}  // namespace wasm_grpc::wasi
