#include "literal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

void append_escaped(std::string& out, unsigned char byte) {
  // A ')' before the closing quote would end the raw literal of an asm statement that the bytes are in.
  if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\' && byte != '?' && byte != ')') {
    out += static_cast<char>(byte);
    return;
  }
  out += '\\';
  for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + (byte >> shift & 7));
}

template <typename Number>
std::string integer(Number value, std::string_view ending) {
  // There is no literal of the lowest number: its minus is an operator.
  if (value == std::numeric_limits<Number>::min() && value != 0) {
    return "(" + std::to_string(value + 1).append(ending) + " - 1)";
  }
  return std::to_string(value).append(ending);
}

template <typename Number>
std::string floating(Number value, const std::string& type) {
  if (std::isnan(value)) return "std::numeric_limits<" + type + ">::quiet_NaN()";
  if (std::isinf(value)) return (value < 0 ? "-" : "") + ("std::numeric_limits<" + type + ">::infinity()");
  std::array<char, 64> text;  // the shortest that is exact
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  std::string literal(text.data(), end);
  if (literal.find_first_of(".e") == std::string::npos) literal += ".0";
  return literal.append(type == "float" ? "F" : "");
}

}  // namespace

std::string string_literal(std::string_view bytes, int indent) {
  constexpr std::size_t line_length = 100;
  std::string out = "\"";
  std::size_t line_begin = 0;
  for (const char byte : bytes) {
    if (out.size() - line_begin > line_length) {
      out += "\"\n";
      line_begin = out.size();
      out.append(static_cast<std::size_t>(indent), ' ').append("\"");
    }
    append_escaped(out, static_cast<unsigned char>(byte));
  }
  return out += '"';
}

std::string default_literal(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return integer(field.default_value_int32(), "");
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return integer(field.default_value_int64(), "LL");
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return integer(field.default_value_uint32(), "U");
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return integer(field.default_value_uint64(), "ULL");
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return floating(field.default_value_float(), "float");
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return floating(field.default_value_double(), "double");
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return field.default_value_bool() ? "true" : "false";
    default:
      const std::string& text = field.default_value_string();
      return "std::string_view(" + string_literal(text, 8) + ", " + std::to_string(text.size()) + ")";
  }
}

std::string documentation(std::string_view text, int indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, size);
    text.remove_prefix(std::min(size + 1, text.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty() && text.empty()) break;
    out.append(static_cast<std::size_t>(indent), ' ').append("///");
    if (!line.empty() && line.front() != ' ') out += ' ';
    out += line;
    // A backslash at the end would make the next line part of the comment.
    if (line.ends_with('\\')) out += '.';
    out += '\n';
  }
  return out;
}

}  // namespace wasm_grpc::protoc
