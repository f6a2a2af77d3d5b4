#include <bit>
#include <charconv>

#include "json/text/numbers.h"
#include "json/writer.h"
#include "rpc/base64.h"

namespace wasm_grpc::json {

namespace {

/// How deep groups may be nested: unlike those of messages, their ends are looked for again at each level.
constexpr int most_groups = 8;

}  // namespace

bool Writer::value(const Field& field, Pieces contents, int depth) {
  if (is_bits(field.kind)) {
    bits(field, contents.empty() ? 0 : bits_of(field.kind, contents.back()));
    return true;
  }
  const std::string_view last = contents.empty() ? std::string_view() : contents.back().text();
  if (field.kind == Kind::string) return text(last);
  if (field.kind == Kind::bytes) {
    base64(last);
    return true;
  }
  if (field.kind == Kind::message) return message(*field.message, contents, depth - 1);
  if (groups_ == most_groups) return wrong("groups are nested too deeply");
  ++groups_;
  const bool ok = message(*field.message, contents, depth - 1);
  --groups_;
  return ok;
}

void Writer::bits(const Field& field, std::uint64_t value) {
  char* const start = out_.room(32);
  char* to = start;
  const auto quoted = [&](auto number) {
    *to++ = '"';
    to = std::to_chars(to, to + 20, number).ptr;
    *to++ = '"';
  };
  switch (field.kind) {
    case Kind::float64:
      to = write_float(std::bit_cast<double>(value), to);
      break;
    case Kind::float32:
      to = write_float(std::bit_cast<float>(static_cast<std::uint32_t>(value)), to);
      break;
    case Kind::int32:
    case Kind::sint32:
    case Kind::sfixed32:
      to = std::to_chars(to, to + 20, static_cast<std::int32_t>(value)).ptr;
      break;
    case Kind::uint32:
    case Kind::fixed32:
      to = std::to_chars(to, to + 20, static_cast<std::uint32_t>(value)).ptr;
      break;
    case Kind::int64:
    case Kind::sint64:
    case Kind::sfixed64:
      quoted(static_cast<std::int64_t>(value));
      break;
    case Kind::uint64:
    case Kind::fixed64:
      quoted(value);
      break;
    case Kind::boolean:
      return out_.put(value != 0 ? std::string_view("true") : std::string_view("false"));
    default: {
      const auto number = static_cast<std::int32_t>(value);
      if (field.enumeration->is_null()) return out_.put(std::string_view("null"));
      const std::string* const name = field.enumeration->quoted_name_of(number);
      if (name != nullptr) return out_.put(*name);
      to = std::to_chars(to, to + 20, number).ptr;
    }
  }
  out_.advance_to(to);
}

bool Writer::text(std::string_view text) { return out_.quoted(text) || wrong("the string is not UTF-8"); }

void Writer::base64(std::string_view bytes) {
  char* to = out_.room(rpc::padded_base64_size(bytes.size()) + 2);
  *to++ = '"';
  to = rpc::padded_base64_encode(bytes, to);
  *to++ = '"';
  out_.advance_to(to);
}

bool Writer::map_key(const Field& key, const Entry& entry) {
  if (key.kind == Kind::string) return text(entry.key.text());
  const std::uint64_t value = entry.has_key ? bits_of(key.kind, entry.key) : 0;
  const bool has_quotes = key.kind == Kind::int64 || key.kind == Kind::uint64 || key.kind == Kind::sint64 ||
                          key.kind == Kind::fixed64 || key.kind == Kind::sfixed64;
  if (!has_quotes) out_.put('"');
  bits(key, value);
  if (!has_quotes) out_.put('"');
  return true;
}

}  // namespace wasm_grpc::json
