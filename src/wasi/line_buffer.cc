#include "wasi/line_buffer.h"

#include <algorithm>
#include <cstdint>

#include "wasm/guest_text.h"

namespace wasm_grpc::wasi {

namespace {

constexpr std::size_t max_sequence = 4;

/// How much of a line that is too long to take, so that no character is cut.
std::size_t cut_before_character(std::string_view line) noexcept {
  for (std::size_t back = 1; back < max_sequence && back <= line.size(); ++back) {
    const auto byte = static_cast<std::uint8_t>(line[line.size() - back]);
    if (byte < 0x80) break;
    if (byte >= 0xC0)
      return wasm::printable_sequence(line.substr(line.size() - back)) == back ? line.size() : line.size() - back;
  }
  return line.size();
}

}  // namespace

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
  if (wasm::is_printable(line)) {
    output_.line(module_name_, is_stderr_, line);
    return;
  }
  try {
    output_.line(module_name_, is_stderr_, wasm::printable(line));
  } catch (...) {
    output_.line(module_name_, is_stderr_, "(a line was lost: out of memory)");
  }
}

}  // namespace wasm_grpc::wasi
