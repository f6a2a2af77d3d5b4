#include "json/reader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wasm_grpc::json {

class Reader::Seen {
 public:
  Seen(Reader& reader, const MessageType& type)
      : all_(reader.seen_), fields_(static_cast<std::uint32_t>(type.fields().size())), before_(all_.size()) {
    const std::size_t bits = fields_ + std::size_t{type.oneofs()};
    if (bits > few_.size() * 64) all_.resize(before_ + (bits + 63) / 64);
    is_many_ = all_.size() != before_;
  }
  ~Seen() { all_.resize(before_); }
  Seen(const Seen&) = delete;
  Seen& operator=(const Seen&) = delete;

  /// Whether it was there before.
  [[nodiscard]] bool field(const Field& field) { return mark(field.index); }
  [[nodiscard]] bool oneof(const Field& field) { return mark(fields_ + field.oneof); }

 private:
  bool mark(std::uint32_t bit) {
    std::uint64_t& word = is_many_ ? all_[before_ + bit / 64] : few_[bit / 64];
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    const bool was = (word & mask) != 0;
    word |= mask;
    return was;
  }

  std::array<std::uint64_t, 2> few_{};
  std::vector<std::uint64_t>& all_;  // of all objects that are open, one after the other
  std::uint32_t fields_;
  std::size_t before_;
  bool is_many_ = false;
};

std::optional<std::string> Reader::end(bool ok) {
  if (ok) {
    in_.skip_space();
    ok = in_.at_end() || in_.expected("the end of the text");
  }
  if (ok && out_.size() <= options_.max_size) {
    out_.finish();
    return std::nullopt;
  }
  out_.cancel();
  if (ok) return "the message is larger than " + std::to_string(options_.max_size) + " bytes";
  std::string error = path_.empty() ? "" : "field " + path_ + ": ";
  return error + in_.problem() + " (" + in_.place() + ")";
}

std::optional<std::string> Reader::read(const MessageType& type) {
  in_.skip_space();
  return end(contents(type, options_.max_depth));
}

std::optional<std::string> Reader::read(const Field& field) {
  in_.skip_space();
  return end(field_value(field, options_.max_depth) || within(field.name));
}

bool Reader::within(std::string_view name) {
  const bool is_inner = !path_.empty() && path_.front() != '[';
  path_.insert(0, std::string(name) + (is_inner ? "." : ""));
  return false;
}

bool Reader::too_large() {
  return in_.wrong("the message is larger than " + std::to_string(options_.max_size) + " bytes");
}

bool Reader::contents(const MessageType& type, int depth) {
  return type.shape() == Shape::plain ? plain_object(type, depth) : known(type, depth);
}

bool Reader::plain_object(const MessageType& type, int depth) {
  if (!in_.takes('{')) return in_.expected("an object");
  if (depth <= 0) return in_.wrong("nested too deeply");
  in_.skip_space();
  return in_.takes('}') || members(type, depth, false, false);
}

bool Reader::members(const MessageType& type, int depth, bool is_any, bool had_type) {
  Seen seen(*this, type);
  const Field* likely = type.fields().data();
  const Field* const last = likely + type.fields().size();
  for (bool more = true; more;) {
    const Field* field = likely;
    const char* place = in_.at();
    // Most texts have the fields in the order of the .proto file.
    if (likely != last && in_.takes(std::string_view(likely->key))) {
      in_.skip_space();
    } else {
      bool is_type = is_any;
      field = key(type, place, is_type);
      if (place == nullptr) return false;
      if (field == nullptr) {
        if (is_type && std::exchange(had_type, true)) return in_.wrong("\"@type\" is there twice", place);
        if (!in_.skip(2 * depth) || !in_.comma_or('}', more)) return false;
        continue;
      }
    }
    if (seen.field(*field)) {
      in_.wrong("it is there twice", place);
      return within(field->name);
    }
    if (!member(*field, seen, depth)) return within(field->name);
    likely = field + 1;
    if (!fits() || !in_.comma_or('}', more)) return false;
  }
  return true;
}

const Field* Reader::key(const MessageType& type, const char*& place, bool& is_type) {
  const char* const start = in_.at();
  place = nullptr;
  std::string_view name;
  if (!plain_string(name)) return nullptr;
  is_type = is_type && name == "@type";
  const Field* const field = is_type ? nullptr : type.find(name);
  if (field == nullptr && !is_type && !options_.ignore_unknown_fields) {
    in_.wrong(type.name() + " has no field \"" + shown(name) + "\"", start);
    return nullptr;
  }
  if (!in_.colon()) return nullptr;
  place = start;
  return field;
}

bool Reader::member(const Field& field, Seen& seen, int depth) {
  if (in_.next() == 'n' && in_.takes_word("null")) {
    const bool is_value =
        !field.is_repeated && ((field.message != nullptr && field.message->shape() == Shape::struct_value) ||
                               (field.enumeration != nullptr && field.enumeration->is_null()));
    if (!is_value) return true;
    in_.go_to(in_.at() - 4);
  }
  if (field.oneof != Field::no_oneof && seen.oneof(field)) {
    return in_.wrong("another field of the same oneof is there");
  }
  return field_value(field, depth);
}

bool Reader::field_value(const Field& field, int depth) {
  if (field.is_map) return map(field, depth);
  if (field.is_repeated) return array(field, depth);
  return tagged(field, field.has_presence, depth) != Got::failed;
}

Reader::Got Reader::tagged(const Field& field, bool is_kept, int depth) {
  if (is_bits(field.kind)) {
    std::uint64_t value = 0;
    const Got got = bits(field, value);
    if (got != Got::value || (value == 0 && !is_kept)) return got;
    put_tag(field);
    put_bits(field.kind, value);
    return Got::value;
  }
  if (field.kind == Kind::string) {
    std::string_view text;
    if (!plain_string(text)) return Got::failed;
    if (text.empty() && !is_kept) return Got::value;
    put_tag(field);
    out_.sized(text);
    return Got::value;
  }
  const std::size_t before = out_.place();
  put_tag(field);
  if (field.kind == Kind::bytes) {
    const char* const place = in_.at();
    std::string_view text;
    const std::size_t start = out_.place();
    if (!plain_string(text) || !bytes(text, place)) return Got::failed;
    if (!is_kept && out_.place() == start + 1) out_.cut(before);
    return Got::value;
  }
  if (field.kind == Kind::group) {
    if (!contents(*field.message, depth - 1)) return Got::failed;
    out_.varint(field.tag + 1);  // the end of the group
    return Got::value;
  }
  return message(*field.message, depth - 1) ? Got::value : Got::failed;
}

bool Reader::message(const MessageType& type, int depth) {
  const ByteOutput::Region region = out_.open();
  if (!contents(type, depth)) return false;
  out_.close(region);
  return true;
}

bool Reader::array(const Field& field, int depth) {
  if (!in_.takes('[')) return in_.expected("an array");
  in_.skip_space();
  if (in_.takes(']')) return true;
  ByteOutput::Region region{};
  if (field.is_packed) {
    // The tag of what is packed differs in the wire type.
    out_.varint(field.number << 3 | static_cast<std::uint32_t>(WireType::sized));
    region = out_.open();
  }
  std::size_t index = 0;
  for (bool more = true; more; ++index) {
    bool ok = true;
    if (field.is_packed) {
      std::uint64_t value = 0;
      const Got got = bits(field, value);
      ok = got != Got::failed;
      if (got == Got::value) put_bits(field.kind, value);
    } else {
      ok = tagged(field, true, depth) != Got::failed;
    }
    if (!ok) return within("[" + std::to_string(index) + "]");
    if (!fits() || !in_.comma_or(']', more)) return false;
  }
  if (field.is_packed) out_.close(region);
  return true;
}

bool Reader::map(const Field& field, int depth) {
  if (!in_.takes('{')) return in_.expected("an object");
  const char* const object = in_.at() - 1;
  in_.skip_space();
  if (in_.takes('}')) return true;
  const std::size_t first_key = keys_.size();
  for (bool more = true; more;) {
    const char* const place = in_.at();
    TextInput::String key;
    if (!in_.string(key)) return false;
    if (map_entry(field, key, place, depth) == Got::failed) {
      return within("[\"" + shown(key.raw) + "\"]");
    }
    if (!fits() || !in_.comma_or('}', more)) return false;
  }
  return keys_differ(first_key, object);
}

Reader::Got Reader::map_entry(const Field& field, const TextInput::String& key, const char* place, int depth) {
  const Field& key_field = field.message->fields()[0];
  const Field& value_field = field.message->fields()[1];
  const std::size_t before = out_.place();
  put_tag(field);
  const ByteOutput::Region region = out_.open();
  put_tag(key_field);
  std::string_view text = key.raw;
  if (key.has_escapes) {
    scratch_.clear();
    TextInput::unescape(key.raw, scratch_);
    text = scratch_;
  }
  if (key_field.kind == Kind::string) {
    out_.sized(text);
  } else {
    std::uint64_t value = 0;
    if (bits_of_text(key_field, text, place, value) != Got::value) return Got::failed;
    put_bits(key_field.kind, value);
  }
  const Key written{region.start + 1, out_.place() - region.start - 1};
  if (!in_.colon()) return Got::failed;
  const Got got = tagged(value_field, true, depth);
  if (got == Got::failed) return got;
  if (got == Got::nothing) {  // an unknown name of an enum, which is ignored
    out_.cut(before);
    return got;
  }
  const std::size_t moved = out_.close(region);
  keys_.push_back({written.place + moved, written.size});
  return got;
}

bool Reader::keys_differ(std::size_t first, const char* place) {
  const auto text = [this](const Key& key) { return out_.between(key.place, key.place + key.size); };
  const std::size_t count = keys_.size() - first;
  bool differ = true;
  if (count <= 8) {
    for (std::size_t i = first; i < keys_.size(); ++i) {
      for (std::size_t j = first; j < i; ++j) differ = differ && text(keys_[i]) != text(keys_[j]);
    }
  } else {
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, keys_.end(), [&](const Key& a, const Key& b) { return text(a) < text(b); });
    differ = std::adjacent_find(begin, keys_.end(), [&](const Key& a, const Key& b) { return text(a) == text(b); }) ==
             keys_.end();
  }
  keys_.resize(first);
  return differ || in_.wrong("a key of this object is there twice", place);
}

std::optional<std::string> read(const MessageType& type, std::string_view text, std::vector<std::byte>& out,
                                const ReadOptions& options) {
  return Reader(text, out, options).read(type);
}

}  // namespace wasm_grpc::json
