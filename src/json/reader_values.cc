#include <bit>
#include <limits>

#include "json/reader.h"
#include "json/text/numbers.h"
#include "rpc/base64.h"
#include "rpc/utf8.h"

namespace wasm_grpc::json {

namespace {

std::string_view words(Kind kind) {
  switch (kind) {
    case Kind::float64:
      return "a double";
    case Kind::float32:
      return "a float";
    case Kind::int32:
    case Kind::sint32:
    case Kind::sfixed32:
      return "an int32";
    case Kind::int64:
    case Kind::sint64:
    case Kind::sfixed64:
      return "an int64";
    case Kind::uint32:
    case Kind::fixed32:
      return "a uint32";
    case Kind::uint64:
    case Kind::fixed64:
      return "a uint64";
    case Kind::boolean:
      return "true or false";
    default:
      return "a value";
  }
}

/// A number of digits only, which most are; nothing when it is none, or may be too large for 64 bits.
std::optional<Whole> short_whole(std::string_view number) {
  Whole result;
  if (number.starts_with('-')) {
    result.is_negative = true;
    number.remove_prefix(1);
  }
  if (number.size() > 18) return std::nullopt;
  for (const char c : number) {
    if (c < '0' || c > '9') return std::nullopt;
    result.magnitude = result.magnitude * 10 + static_cast<unsigned>(c - '0');
  }
  return result;
}

bool is_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  return number_end(text.data(), end) == end;
}

/// As the kind writes it; nothing when it is out of range.
std::optional<std::uint64_t> encoded(Kind kind, Whole whole) {
  std::uint64_t most_positive = 0;
  std::uint64_t most_negative = 0;
  switch (kind) {
    case Kind::uint32:
    case Kind::fixed32:
      most_positive = std::numeric_limits<std::uint32_t>::max();
      break;
    case Kind::uint64:
    case Kind::fixed64:
      most_positive = std::numeric_limits<std::uint64_t>::max();
      break;
    case Kind::int64:
    case Kind::sint64:
    case Kind::sfixed64:
      most_positive = std::numeric_limits<std::int64_t>::max();
      most_negative = most_positive + 1;
      break;
    default:
      most_positive = std::numeric_limits<std::int32_t>::max();
      most_negative = most_positive + 1;
  }
  if (whole.magnitude > (whole.is_negative ? most_negative : most_positive)) return std::nullopt;
  const std::uint64_t value = whole.is_negative ? std::uint64_t{0} - whole.magnitude : whole.magnitude;
  const bool is_zigzag = kind == Kind::sint32 || kind == Kind::sint64;
  return is_zigzag ? (value << 1) ^ (whole.is_negative ? ~std::uint64_t{0} : 0) : value;
}

}  // namespace

void Reader::put_bits(Kind kind, std::uint64_t value) {
  switch (wire_type(kind)) {
    case WireType::fixed64:
      return out_.fixed64(value);
    case WireType::fixed32:
      return out_.fixed32(static_cast<std::uint32_t>(value));
    default:
      return out_.varint(value);
  }
}

bool Reader::plain_string(std::string_view& out) {
  TextInput::String string;
  if (!in_.string(string)) return false;
  if (!string.has_escapes) {
    out = string.raw;
    return true;
  }
  scratch_.clear();
  TextInput::unescape(string.raw, scratch_);
  out = scratch_;
  return true;
}

Reader::Got Reader::bits(const Field& field, std::uint64_t& out) {
  const auto got = [](bool ok) { return ok ? Got::value : Got::failed; };
  switch (field.kind) {
    case Kind::boolean:
      out = in_.takes_word("true") ? 1 : 0;
      return got(out == 1 || in_.takes_word("false") || in_.expected(words(field.kind)));
    case Kind::float64:
    case Kind::float32:
      return got(floating(field.kind, out));
    case Kind::enumeration:
      return enum_value(*field.enumeration, out);
    default:
      return got(integer(field.kind, out));
  }
}

bool Reader::integer(Kind kind, std::uint64_t& out) {
  const char* const place = in_.at();
  std::string_view number;
  if (in_.next() == '"') {
    if (!plain_string(number)) return false;
    if (!is_number(number)) return in_.expected(words(kind), place);
  } else if (!in_.number(number)) {
    return in_.expected(words(kind), place);
  }
  return whole(kind, number, place, out);
}

bool Reader::whole(Kind kind, std::string_view number, const char* place, std::uint64_t& out) {
  auto value = short_whole(number);
  if (!value) value = whole_of(number);
  const auto bits = value ? encoded(kind, *value) : std::nullopt;
  if (!bits) return in_.expected(words(kind), place);
  out = *bits;
  return true;
}

bool Reader::floating(Kind kind, std::uint64_t& out) {
  const char* const place = in_.at();
  std::string_view number;
  if (in_.next() == '"') {
    if (!plain_string(number)) return false;
  } else if (!in_.number(number)) {
    return in_.expected(words(kind), place);
  } else {
    return float_number(kind, number, place, out);
  }
  return float_text(kind, number, place, out);
}

bool Reader::float_text(Kind kind, std::string_view text, const char* place, std::uint64_t& out) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [name, value] : {std::pair{"NaN", std::numeric_limits<double>::quiet_NaN()},
                                    std::pair{"Infinity", infinity}, std::pair{"-Infinity", -infinity}}) {
    if (text != name) continue;
    out = kind == Kind::float64 ? std::bit_cast<std::uint64_t>(value)
                                : std::bit_cast<std::uint32_t>(static_cast<float>(value));
    return true;
  }
  return is_number(text) ? float_number(kind, text, place, out) : in_.expected(words(kind), place);
}

bool Reader::float_number(Kind kind, std::string_view number, const char* place, std::uint64_t& out) {
  if (kind == Kind::float64) {
    const auto value = float64_of(number);
    if (!value) return in_.expected(words(kind), place);
    out = std::bit_cast<std::uint64_t>(*value);
  } else {
    const auto value = float32_of(number);
    if (!value) return in_.expected(words(kind), place);
    out = std::bit_cast<std::uint32_t>(*value);
  }
  return true;
}

Reader::Got Reader::enum_value(const EnumType& type, std::uint64_t& out) {
  const char* const place = in_.at();
  std::string_view text;
  if (in_.next() == '"') return plain_string(text) ? enum_name(type, text, place, out) : Got::failed;
  if (type.is_null() && in_.takes_word("null")) {
    out = 0;
    return Got::value;
  }
  const bool ok = in_.number(text) && whole(Kind::int32, text, place, out);
  if (ok) return Got::value;
  in_.expected("a name or number of " + type.name(), place);
  return Got::failed;
}

Reader::Got Reader::enum_name(const EnumType& type, std::string_view name, const char* place, std::uint64_t& out) {
  const std::int32_t* const number = type.number_of(name);
  if (number != nullptr) {
    out = static_cast<std::uint64_t>(std::int64_t{*number});
    return Got::value;
  }
  if (options_.ignore_unknown_fields) return Got::nothing;
  in_.wrong(type.name() + " has no value \"" + shown(name) + "\"", place);
  return Got::failed;
}

Reader::Got Reader::bits_of_text(const Field& field, std::string_view text, const char* place, std::uint64_t& out) {
  if (field.kind == Kind::enumeration && !is_number(text)) return enum_name(*field.enumeration, text, place, out);
  if (field.kind == Kind::boolean) {
    out = text == "true" ? 1 : 0;
    if (text == "true" || text == "false") return Got::value;
  } else if (field.kind == Kind::float64 || field.kind == Kind::float32) {
    if (float_text(field.kind, text, place, out)) return Got::value;
  } else if (is_number(text)) {
    const Kind kind = field.kind == Kind::enumeration ? Kind::int32 : field.kind;
    return whole(kind, text, place, out) ? Got::value : Got::failed;
  }
  in_.expected(words(field.kind), place);
  return Got::failed;
}

bool Reader::bytes(std::string_view text, const char* place) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t size = (text.size() - padding) * 3 / 4;
  out_.varint(size);
  std::uint8_t* const to = out_.room(text.size() / 4 * 3 + 2);
  const char* const end = rpc::any_base64_decode(text, reinterpret_cast<char*>(to));
  if (end == nullptr) return in_.expected("base64", place);
  out_.advance_to(to + size);
  return true;
}

std::optional<std::string> Reader::read_text(const Field& field, std::string_view text) {
  in_.go_to(text.data() + text.size());
  const auto value = [&] {
    // Unlike a string of JSON, it was not looked at yet.
    if (!rpc::is_utf8(text)) return in_.wrong("the text is not UTF-8", text.data());
    if (is_bits(field.kind)) {
      std::uint64_t bits = 0;
      const Got got = bits_of_text(field, text, text.data(), bits);
      if (got != Got::value) return got == Got::nothing;
      put_tag(field);
      put_bits(field.kind, bits);
      return true;
    }
    put_tag(field);
    if (field.kind == Kind::string) {
      out_.sized(text);
      return true;
    }
    if (field.kind == Kind::bytes) return bytes(text, text.data());
    if (field.kind == Kind::group) return in_.wrong("a group cannot be said by a text", text.data());
    const ByteOutput::Region region = out_.open();
    if (!known_text(*field.message, text, text.data())) return false;
    out_.close(region);
    return true;
  };
  // Whoever gave the text knows whose it is, and it has no lines.
  if (value() && out_.size() <= options_.max_size) {
    out_.finish();
    return std::nullopt;
  }
  out_.cancel();
  return in_.problem().empty() ? "the message is larger than " + std::to_string(options_.max_size) + " bytes"
                               : in_.problem();
}

}  // namespace wasm_grpc::json
