#include "observe/trace/context.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace wasm_grpc::observe {

namespace {

// Sixteen characters at once, as GCC and Clang have them on every machine: this is on the way of every call that says
// its trace.
using Characters = std::uint8_t __attribute__((vector_size(16)));

Characters load(const char* text) noexcept {
  Characters characters;
  std::memcpy(&characters, text, sizeof(characters));
  return characters;
}

/// Whether all lanes are all ones, or any bit is set.
struct Bits {
  explicit Bits(Characters characters) noexcept { std::memcpy(words, &characters, sizeof(words)); }
  [[nodiscard]] bool all() const noexcept { return (words[0] & words[1]) == ~std::uint64_t{0}; }
  [[nodiscard]] bool any() const noexcept { return (words[0] | words[1]) != 0; }
  std::uint64_t words[2];
};

/// All ones where there is a digit of lower-case hexadecimal.
Characters are_digits(Characters characters) noexcept {
  const Characters from_0 = characters - static_cast<std::uint8_t>('0');
  const Characters from_a = characters - static_cast<std::uint8_t>('a');
  return reinterpret_cast<Characters>(from_0 < 10) | reinterpret_cast<Characters>(from_a < 6);
}

/// The value of a digit; 16 when it is none.
constexpr unsigned digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  return c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10 : 16;
}

/// The value of two digits; more than 0xff when they are none.
constexpr unsigned two_digits(const char* text) noexcept {
  const unsigned high = digit(text[0]);
  const unsigned low = digit(text[1]);
  return (high | low) > 15 ? 0x100 : high << 4 | low;
}

char* write_hex(std::span<const std::uint8_t> bytes, char* to) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
  }
  return to;
}

/// Those digits as bytes.
void read_digits(const char* text, std::span<std::uint8_t> bytes) noexcept {
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(two_digits(text));
    text += 2;
  }
}

template <std::size_t size>
bool is_zero(const std::array<std::uint8_t, size>& bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

/// The flags of a "traceparent" that is as it should be; nothing of any other.
std::optional<std::uint8_t> flags_of(std::string_view text) noexcept {
  constexpr std::size_t size = std::tuple_size_v<TraceParent>;
  if (text.size() < size || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const Characters trace_high = load(text.data() + 3);
  const Characters trace_low = load(text.data() + 19);
  const Characters span = load(text.data() + 36);
  if (!Bits(are_digits(trace_high) & are_digits(trace_low) & are_digits(span)).all()) return std::nullopt;
  constexpr std::uint8_t zero = '0';
  if (!Bits((trace_high ^ zero) | (trace_low ^ zero)).any() || !Bits(span ^ zero).any()) return std::nullopt;
  const unsigned version = two_digits(text.data());
  const unsigned flags = two_digits(text.data() + 53);
  if (version >= 0xff || flags > 0xff) return std::nullopt;
  // A later version may say more, behind a dash; of its flags this one is known.
  if (text.size() > size && (version == 0 || text[size] != '-')) return std::nullopt;
  return static_cast<std::uint8_t>(flags & rpc::TraceContext::sampled_flag);
}

bool is_key_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
}

/// One member of a tracestate: W3C Trace Context, section 3.3.1.3.
bool is_sound_member(std::string_view member) noexcept {
  const auto equals = member.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals > 256) return false;
  const std::string_view key = member.substr(0, equals);
  const std::string_view value = member.substr(equals + 1);
  if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
  const bool begins_well = (key.front() >= 'a' && key.front() <= 'z') || (key.front() >= '0' && key.front() <= '9');
  return begins_well && std::ranges::all_of(key, is_key_char) &&
         std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

constexpr std::size_t most_tracestate_bytes = 512;
constexpr int most_tracestate_members = 32;

}  // namespace

std::optional<rpc::TraceContext> parse_traceparent(std::string_view text) noexcept {
  const auto flags = flags_of(text);
  if (!flags) return std::nullopt;
  rpc::TraceContext context;
  read_digits(text.data() + 3, context.trace_id);
  read_digits(text.data() + 36, context.span_id);
  context.flags = *flags;
  return context;
}

TraceParent traceparent(const rpc::TraceContext& context) noexcept {
  TraceParent text;
  char* to = std::copy_n("00-", 3, text.data());
  to = write_hex(context.trace_id, to);
  *to++ = '-';
  to = write_hex(context.span_id, to);
  *to++ = '-';
  write_hex(std::span(&context.flags, 1), to);
  return text;
}

std::optional<rpc::TraceContext> parse_trace_bin(std::string_view bytes) noexcept {
  if (bytes.size() != std::tuple_size_v<TraceBin>) return std::nullopt;
  if (bytes[0] != 0 || bytes[1] != 0 || bytes[18] != 1 || bytes[27] != 2) return std::nullopt;
  rpc::TraceContext context;
  std::memcpy(context.trace_id.data(), bytes.data() + 2, context.trace_id.size());
  std::memcpy(context.span_id.data(), bytes.data() + 19, context.span_id.size());
  context.flags = static_cast<std::uint8_t>(bytes[28]) & rpc::TraceContext::sampled_flag;
  if (is_zero(context.trace_id) || is_zero(context.span_id)) return std::nullopt;
  return context;
}

TraceBin trace_bin(const rpc::TraceContext& context) noexcept {
  TraceBin bytes{};
  std::memcpy(bytes.data() + 2, context.trace_id.data(), context.trace_id.size());
  bytes[18] = 1;
  std::memcpy(bytes.data() + 19, context.span_id.data(), context.span_id.size());
  bytes[27] = 2;
  bytes[28] = static_cast<char>(context.flags);
  return bytes;
}

std::array<char, 32> hex(const std::array<std::uint8_t, 16>& trace_id) noexcept {
  std::array<char, 32> text;
  write_hex(trace_id, text.data());
  return text;
}

bool is_sound_tracestate(std::string_view text) noexcept {
  if (text.size() > most_tracestate_bytes) return false;
  for (int members = 0;;) {
    const auto comma = text.find(',');
    const std::string_view member = trimmed(text.substr(0, comma));
    if (!member.empty() && (++members > most_tracestate_members || !is_sound_member(member))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool says_unsampled(const rpc::Metadata& metadata) noexcept {
  std::optional<std::string_view> only;
  for (const auto [key, value] : metadata) {
    if (key.size() != traceparent_key.size() || key != traceparent_key) continue;
    if (only) return false;
    only = value;
  }
  if (!only) return false;
  const auto flags = flags_of(*only);
  return flags && *flags == 0;
}

std::optional<rpc::TraceContext> read_context(const rpc::Metadata& metadata) noexcept {
  std::optional<std::string_view> text;
  std::optional<std::string_view> binary;
  bool repeated = false;
  for (const auto [key, value] : metadata) {
    if (key.size() == traceparent_key.size() && key == traceparent_key) {
      repeated = text.has_value();
      text = value;
    } else if (key.size() == trace_bin_key.size() && key == trace_bin_key) {
      binary = value;
    }
  }
  if (text && !repeated) {
    if (auto context = parse_traceparent(*text)) return context;
  }
  return binary ? parse_trace_bin(*binary) : std::nullopt;
}

std::optional<rpc::TraceContext> trace_of(const rpc::CallSpan* span, const rpc::Metadata& metadata) noexcept {
  return span == nullptr ? read_context(metadata) : span->context();
}

std::string read_tracestate(const rpc::Metadata& metadata) {
  std::string all;
  for (const auto [key, value] : metadata) {
    if (key != tracestate_key) continue;
    if (all.size() + value.size() > most_tracestate_bytes) return {};
    if (!all.empty()) all += ',';
    all += value;
  }
  return is_sound_tracestate(all) ? all : std::string();
}

void write_context(const rpc::TraceContext& context, rpc::Metadata& metadata) {
  bool has_binary = false;
  bool has_text = false;
  for (const auto [key, value] : metadata) {
    has_text = has_text || key == traceparent_key;
    has_binary = has_binary || key == trace_bin_key;
  }
  if (has_text || !has_binary) {
    const TraceParent text = traceparent(context);
    metadata.set(traceparent_key, {text.data(), text.size()});
  }
  if (has_binary) {
    const TraceBin bytes = trace_bin(context);
    metadata.set(trace_bin_key, {bytes.data(), bytes.size()});
  }
}

}  // namespace wasm_grpc::observe
