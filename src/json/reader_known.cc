#include <bit>

#include "json/reader.h"
#include "json/text/numbers.h"
#include "json/text/times.h"

namespace wasm_grpc::json {

namespace {

// The tags of the types of google.protobuf that are written here.
constexpr std::uint8_t tag(unsigned number, WireType type) {
  return static_cast<std::uint8_t>(number << 3 | static_cast<unsigned>(type));
}
constexpr std::uint8_t seconds_tag = tag(1, WireType::varint);
constexpr std::uint8_t nanos_tag = tag(2, WireType::varint);
constexpr std::uint8_t paths_tag = tag(1, WireType::sized);
constexpr std::uint8_t any_url_tag = tag(1, WireType::sized);
constexpr std::uint8_t any_value_tag = tag(2, WireType::sized);
constexpr std::uint8_t struct_fields_tag = tag(1, WireType::sized);
constexpr std::uint8_t list_values_tag = tag(1, WireType::sized);
constexpr std::uint8_t entry_key_tag = tag(1, WireType::sized);
constexpr std::uint8_t entry_value_tag = tag(2, WireType::sized);
constexpr std::uint8_t null_tag = tag(1, WireType::varint);
constexpr std::uint8_t number_tag = tag(2, WireType::fixed64);
constexpr std::uint8_t string_tag = tag(3, WireType::sized);
constexpr std::uint8_t bool_tag = tag(4, WireType::varint);
constexpr std::uint8_t struct_tag = tag(5, WireType::sized);
constexpr std::uint8_t list_tag = tag(6, WireType::sized);

std::string_view words(Shape shape) {
  switch (shape) {
    case Shape::timestamp:
      return "a time as \"1972-01-01T10:00:20.021Z\"";
    case Shape::duration:
      return "a duration as \"1.5s\"";
    default:
      return "paths as \"user.displayName,photo\"";
  }
}

}  // namespace

bool Reader::known(const MessageType& type, int depth) {
  switch (type.shape()) {
    case Shape::any:
      return any(type, depth);
    case Shape::struct_object:
      return struct_object(depth);
    case Shape::struct_value:
      return struct_value(depth);
    case Shape::struct_list:
      return struct_list(depth);
    case Shape::wrapper:
      return wrapper(type);
    default: {
      const char* const place = in_.at();
      std::string_view text;
      if (in_.next() != '"') return in_.expected(words(type.shape()));
      return plain_string(text) && known_text(type, text, place);
    }
  }
}

bool Reader::known_text(const MessageType& type, std::string_view text, const char* place) {
  switch (type.shape()) {
    case Shape::timestamp:
    case Shape::duration:
      return time(type.shape(), text, place);
    case Shape::field_mask:
      return field_mask(text, place);
    case Shape::wrapper: {
      const Field& field = type.fields()[0];
      put_tag(field);
      if (field.kind == Kind::string) {
        out_.sized(text);
        return true;
      }
      if (field.kind == Kind::bytes) return bytes(text, place);
      std::uint64_t value = 0;
      if (bits_of_text(field, text, place, value) != Got::value) return false;
      put_bits(field.kind, value);
      return true;
    }
    default:
      return in_.wrong("a " + type.name() + " cannot be said by a text", place);
  }
}

bool Reader::wrapper(const MessageType& type) { return tagged(type.fields()[0], false, 0) != Got::failed; }

bool Reader::time(Shape shape, std::string_view text, const char* place) {
  const auto time = shape == Shape::timestamp ? timestamp_of(text) : duration_of(text);
  if (!time) return in_.expected(words(shape), place);
  if (time->seconds != 0) {
    out_.byte(seconds_tag);
    out_.varint(static_cast<std::uint64_t>(time->seconds));
  }
  if (time->nanos != 0) {
    out_.byte(nanos_tag);
    out_.varint(static_cast<std::uint64_t>(std::int64_t{time->nanos}));
  }
  return true;
}

bool Reader::field_mask(std::string_view text, const char* place) {
  std::string path;
  while (!text.empty()) {
    const std::string_view camel = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), camel.size() + 1));
    path.clear();
    if (!snake_path(camel, path)) return in_.expected(words(Shape::field_mask), place);
    out_.byte(paths_tag);
    out_.sized(path);
  }
  return true;
}

/// Its type may come at the end: then the object is gone through for it first.
bool Reader::any(const MessageType& type, int depth) {
  const char* const object = in_.at();
  if (!in_.takes('{')) return in_.expected("an object");
  if (depth <= 0) return in_.wrong("nested too deeply");
  in_.skip_space();
  if (in_.takes('}')) return true;  // an Any of nothing
  const char* const first = in_.at();
  const bool is_first = in_.takes("\"@type\"");
  if (is_first) {
    if (!in_.colon()) return false;
  } else {
    in_.go_to(object);
    const char* place = nullptr;
    if (!in_.find_type(2 * depth, place)) return false;
    if (place == nullptr) return in_.wrong("a google.protobuf.Any has no \"@type\"");
    in_.go_to(place);
  }
  const MessageType* inner = nullptr;
  if (!any_type(type, inner)) return false;
  bool more = true;
  if (!is_first) {
    in_.go_to(first);
  } else if (!in_.comma_or('}', more)) {
    return false;
  }
  out_.byte(any_value_tag);
  const ByteOutput::Region region = out_.open();
  if (inner->shape() == Shape::plain) {
    if (more && !members(*inner, depth, true, is_first)) return false;
  } else if (!any_value(*inner, more, depth, is_first)) {
    return false;
  }
  out_.close(region);
  return true;
}

bool Reader::any_type(const MessageType& any, const MessageType*& type) {
  const char* const place = in_.at();
  std::string_view url;
  if (!plain_string(url)) return false;
  const std::size_t slash = url.rfind('/');
  if (slash == std::string_view::npos) {
    return in_.expected("the type of an Any as \"type.googleapis.com/package.Message\"", place);
  }
  type = any.types().find(url.substr(slash + 1));
  if (type == nullptr) {
    return in_.wrong("the type \"" + shown(url.substr(slash + 1)) + "\" in an Any is not known here", place);
  }
  out_.byte(any_url_tag);
  out_.sized(url);
  return true;
}

/// The members of an Any of a type that JSON says in its own way, under the key "value".
bool Reader::any_value(const MessageType& type, bool more, int depth, bool had_type) {
  bool had_value = false;
  while (more) {
    const char* const place = in_.at();
    std::string_view key;
    if (!plain_string(key)) return false;
    const bool is_type = key == "@type";
    const bool is_value = key == "value";
    if (!is_type && !is_value && !options_.ignore_unknown_fields) {
      return in_.wrong("an Any of " + type.name() + " has no field \"" + shown(key) + "\"", place);
    }
    if ((is_type && had_type) || (is_value && had_value)) {
      return in_.wrong("\"" + std::string(is_type ? "@type" : "value") + "\" is there twice", place);
    }
    had_type = had_type || is_type;
    had_value = had_value || is_value;
    if (!in_.colon()) return false;
    if (!(is_value ? contents(type, depth - 1) : in_.skip(2 * depth))) return false;
    if (!in_.comma_or('}', more)) return false;
  }
  return had_value || in_.wrong("an Any of " + type.name() + " has no \"value\"");
}

bool Reader::struct_object(int depth) {
  const char* const object = in_.at();
  if (!in_.takes('{')) return in_.expected("an object");
  if (depth <= 0) return in_.wrong("nested too deeply");
  in_.skip_space();
  if (in_.takes('}')) return true;
  const std::size_t first_key = keys_.size();
  for (bool more = true; more;) {
    out_.byte(struct_fields_tag);
    const ByteOutput::Region entry = out_.open();
    out_.byte(entry_key_tag);
    TextInput::String raw;
    if (!in_.string(raw)) return false;
    std::string_view key = raw.raw;
    if (raw.has_escapes) {
      scratch_.clear();
      TextInput::unescape(raw.raw, scratch_);
      key = scratch_;
    }
    out_.sized(key);
    const Key written{entry.start + 1, out_.place() - entry.start - 1};
    if (!in_.colon()) return false;
    out_.byte(entry_value_tag);
    const ByteOutput::Region value = out_.open();
    if (!struct_value(depth - 1)) return within("[\"" + shown(raw.raw) + "\"]");
    out_.close(value);
    const std::size_t moved = out_.close(entry);
    keys_.push_back({written.place + moved, written.size});
    if (!fits() || !in_.comma_or('}', more)) return false;
  }
  return keys_differ(first_key, object);
}

bool Reader::struct_value(int depth) {
  switch (in_.next()) {
    case '{': {
      out_.byte(struct_tag);
      const ByteOutput::Region region = out_.open();
      if (!struct_object(depth)) return false;
      out_.close(region);
      return true;
    }
    case '[': {
      out_.byte(list_tag);
      const ByteOutput::Region region = out_.open();
      if (!struct_list(depth)) return false;
      out_.close(region);
      return true;
    }
    case '"': {
      std::string_view text;
      if (!plain_string(text)) return false;
      out_.byte(string_tag);
      out_.sized(text);
      return true;
    }
    case 'n':
      if (!in_.takes_word("null")) break;
      out_.byte(null_tag);
      out_.byte(0);
      return true;
    case 't':
      if (!in_.takes_word("true")) break;
      out_.byte(bool_tag);
      out_.byte(1);
      return true;
    case 'f':
      if (!in_.takes_word("false")) break;
      out_.byte(bool_tag);
      out_.byte(0);
      return true;
    default: {
      const char* const place = in_.at();
      std::string_view number;
      if (!in_.number(number)) break;
      std::uint64_t bits = 0;
      if (!float_number(Kind::float64, number, place, bits)) return false;
      out_.byte(number_tag);
      out_.fixed64(bits);
      return true;
    }
  }
  return in_.expected("a value");
}

bool Reader::struct_list(int depth) {
  if (!in_.takes('[')) return in_.expected("an array");
  if (depth <= 0) return in_.wrong("nested too deeply");
  in_.skip_space();
  if (in_.takes(']')) return true;
  std::size_t index = 0;
  for (bool more = true; more; ++index) {
    out_.byte(list_values_tag);
    const ByteOutput::Region region = out_.open();
    if (!struct_value(depth - 1)) return within("[" + std::to_string(index) + "]");
    out_.close(region);
    if (!fits() || !in_.comma_or(']', more)) return false;
  }
  return true;
}

}  // namespace wasm_grpc::json
