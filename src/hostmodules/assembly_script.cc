// env: what AssemblyScript's compiler and library import from their host, unless they are told otherwise. A string is a
// pointer to UTF-16 text, whose length in bytes lies before it; there is none at 0.
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "hostmodules/modules.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::hostmodules {

namespace {

// More of a string is not shown.
constexpr std::uint32_t max_units = 4096;

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

/// UTF-16, little-endian, as UTF-8; a surrogate without its other half becomes U+FFFD.
std::string to_utf8(std::span<const std::byte> units) {
  const auto unit = [&](std::size_t index) -> std::uint32_t {
    return std::to_integer<std::uint32_t>(units[2 * index]) | std::to_integer<std::uint32_t>(units[2 * index + 1]) << 8;
  };
  std::string out;
  const std::size_t count = units.size() / 2;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t code = unit(i);
    if (code >= 0xD800 && code < 0xE000) {
      const std::uint32_t next = i + 1 < count ? unit(i + 1) : 0;
      const bool is_pair = code < 0xDC00 && next >= 0xDC00 && next < 0xE000;
      code = is_pair ? 0x10000 + ((code - 0xD800) << 10) + (next - 0xDC00) : 0xFFFD;
      if (is_pair) ++i;
    }
    append_utf8(out, code);
  }
  return out;
}

/// The string at `pointer`, fit to be shown; nothing when it is not all inside the guest's memory.
std::optional<std::string> string_at(const Caller& caller, std::uint32_t pointer) {
  std::uint32_t bytes = 0;
  const std::span<const std::byte> memory = caller.memory();
  if (pointer < sizeof bytes || pointer > memory.size()) return std::nullopt;
  std::memcpy(&bytes, memory.data() + pointer - sizeof bytes, sizeof bytes);
  if (bytes > memory.size() - pointer) return std::nullopt;
  const bool is_cut = bytes / 2 > max_units;
  const std::string text = wasm::printable(to_utf8(memory.subspan(pointer, std::min(bytes, 2 * max_units))));
  return is_cut ? text + "..." : text;
}

/// Of a function that was given a string.
Error outside(std::uint32_t pointer) {
  return {"the guest passed a string at " + std::to_string(pointer) + " that is not inside its memory"};
}

void abort(Caller& caller, std::uint32_t message, std::uint32_t file, std::uint32_t line, std::uint32_t column) {
  std::string text = "abort";
  if (message != 0) text += ": " + string_at(caller, message).value_or("(a message outside its memory)");
  if (file != 0) {
    text += " in " + string_at(caller, file).value_or("(a file name outside its memory)") + ":" + std::to_string(line) +
            ":" + std::to_string(column);
  }
  caller.trap(std::move(text));
}

/// In as few digits as tell it from all others.
std::string shortest(double number) {
  std::array<char, 32> digits;
  const auto [end, _] = std::to_chars(digits.begin(), digits.end(), number);
  return {digits.begin(), end};
}

/// A number that Math.random() begins with.
double seed() {
  std::uint64_t bits = 0;
  static_cast<void>(getrandom(&bits, sizeof bits, 0));  // so few bytes are never refused
  return static_cast<double>(bits >> 11);
}

template <typename Clock>
double milliseconds_of() {
  return std::chrono::duration<double, std::milli>(Clock::now().time_since_epoch()).count();
}

}  // namespace

HostModule assembly_script(GuestLogFunction log) {
  const auto line_at = [log](LogLevel level) {
    return [log, level](Caller& caller, std::uint32_t text) -> Result<> {
      const auto line = string_at(caller, text);
      if (!line) return outside(text);
      log(caller, level, *line);
      return success();
    };
  };
  const auto trace = [log](Caller& caller, std::uint32_t text, std::int32_t count, double a, double b, double c,
                           double d, double e) -> Result<> {
    auto line = string_at(caller, text);
    if (!line) return outside(text);
    const double numbers[] = {a, b, c, d, e};
    for (std::int32_t i = 0; i < std::min<std::int32_t>(count, std::size(numbers)); ++i) {
      line->append(i == 0 ? " " : ", ").append(shortest(numbers[i]));
    }
    log(caller, LogLevel::info, *line);
    return success();
  };
  HostModule module{std::string(assembly_script_module)};
  module.function("abort", abort)
      .function("seed", seed)
      .function("trace", trace)
      .function("console.log", line_at(LogLevel::info))
      .function("console.info", line_at(LogLevel::info))
      .function("console.debug", line_at(LogLevel::debug))
      .function("console.warn", line_at(LogLevel::warn))
      .function("console.error", line_at(LogLevel::error))
      .function("Date.now", [] { return std::floor(milliseconds_of<std::chrono::system_clock>()); })
      .function("performance.now", milliseconds_of<std::chrono::steady_clock>);
  return module;
}

}  // namespace wasm_grpc::hostmodules
