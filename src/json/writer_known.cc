#include <bit>
#include <cmath>

#include "json/text/input.h"
#include "json/writer.h"

namespace wasm_grpc::json {

bool Writer::known(const MessageType& type, Pieces pieces, int depth) {
  switch (type.shape()) {
    case Shape::any:
      return any(type, pieces, depth);
    case Shape::struct_object:
      return struct_object(type, pieces, depth);
    case Shape::struct_value:
      return struct_value(type, pieces, depth);
    case Shape::struct_list:
      return struct_list(type, pieces, depth);
    case Shape::wrapper:
      return wrapper(type, pieces);
    case Shape::field_mask:
      return field_mask(type, pieces);
    default:
      return time(type, pieces);
  }
}

bool Writer::time(const MessageType& type, Pieces pieces) {
  Time time;
  for (const Piece& piece : pieces) {
    WireInput in(type, piece);
    Record record;
    while (in.next(record)) {
      const std::uint64_t value = bits_of(record.field->kind, record.contents);
      if (record.field->index == 0) {
        time.seconds = static_cast<std::int64_t>(value);
      } else {
        time.nanos = static_cast<std::int32_t>(value);
      }
    }
    if (in.is_malformed()) return malformed();
  }
  char* const to = out_.room(40);
  char* const end = type.shape() == Shape::timestamp ? write_timestamp(time, to) : write_duration(time, to);
  if (end == nullptr) {
    return wrong("the " + std::string(type.shape() == Shape::timestamp ? "time" : "duration") + " of " +
                 std::to_string(time.seconds) + " seconds and " + std::to_string(time.nanos) +
                 " nanoseconds is out of range");
  }
  out_.advance_to(end);
  return true;
}

bool Writer::field_mask(const MessageType& type, Pieces pieces) {
  std::string paths;
  bool is_first = true;
  for (const Piece& piece : pieces) {
    WireInput in(type, piece);
    Record record;
    while (in.next(record)) {
      if (!is_first) paths += ',';
      is_first = false;
      if (!camel_path(record.contents.text(), paths)) {
        return wrong("the path \"" + shown(record.contents.text()) + "\" has no form in JSON");
      }
    }
    if (in.is_malformed()) return malformed();
  }
  return text(paths);
}

bool Writer::wrapper(const MessageType& type, Pieces pieces) {
  Piece last;
  bool is_there = false;
  for (const Piece& piece : pieces) {
    WireInput in(type, piece);
    Record record;
    while (in.next(record)) {
      last = record.contents;
      is_there = true;
    }
    if (in.is_malformed()) return malformed();
  }
  return value(type.fields()[0], is_there ? Pieces(&last, 1) : Pieces(), 0);
}

bool Writer::any(const MessageType& type, Pieces pieces, int depth) {
  Piece url;
  Piece contents;
  for (const Piece& piece : pieces) {
    WireInput in(type, piece);
    Record record;
    while (in.next(record)) (record.field->index == 0 ? url : contents) = record.contents;
    if (in.is_malformed()) return malformed();
  }
  if (url.size() == 0 && contents.size() == 0) {
    out_.put(std::string_view("{}"));
    return true;
  }
  const std::size_t slash = url.text().rfind('/');
  const std::string_view name = slash == std::string_view::npos ? std::string_view() : url.text().substr(slash + 1);
  const MessageType* const inner = type.types().find(name);
  if (inner == nullptr && options_.unknown_any_as_bytes) {
    out_.put(std::string_view("{\"@type\":"));
    if (!text(url.text())) return false;
    out_.put(std::string_view(",\"value\":"));
    base64(contents.text());
    out_.put('}');
    return true;
  }
  if (inner == nullptr) return wrong("the type \"" + shown(url.text()) + "\" in an Any is not known here");
  out_.put(std::string_view("{\"@type\":"));
  if (!text(url.text())) return false;
  if (inner->shape() == Shape::plain) {
    if (!members(*inner, {&contents, 1}, depth - 1, false)) return false;
  } else {
    out_.put(std::string_view(",\"value\":"));
    if (!message(*inner, {&contents, 1}, depth - 1)) return false;
  }
  out_.put('}');
  return true;
}

bool Writer::struct_object(const MessageType& type, Pieces pieces, int depth) {
  const std::size_t first = stored_.size();
  if (!collect(type, pieces)) return false;
  const bool ok = map(type.fields()[0], first, stored_.size(), depth);
  stored_.resize(first);
  return ok;
}

/// A oneof: of the last member that was set, and of one that is a message all parts since another was.
bool Writer::struct_value(const MessageType& type, Pieces pieces, int depth) {
  const Field* field = nullptr;
  Piece only;
  std::vector<Piece> parts;  // where there are several
  for (const Piece& piece : pieces) {
    WireInput in(type, piece);
    Record record;
    while (in.next(record)) {
      if (record.field != field || !is_fields(field->kind)) {
        parts.clear();
      } else if (parts.empty()) {
        parts = {only, record.contents};
      } else {
        parts.push_back(record.contents);
      }
      field = record.field;
      only = record.contents;
    }
    if (in.is_malformed()) return malformed();
  }
  if (field == nullptr) {
    out_.put(std::string_view("null"));
    return true;
  }
  if (field->kind == Kind::float64 && !std::isfinite(std::bit_cast<double>(bits_of(field->kind, only)))) {
    return wrong("a google.protobuf.Value cannot be NaN or infinite");
  }
  const Pieces contents = parts.empty() ? Pieces(&only, 1) : Pieces(parts);
  // An object or a list is as deep as its value.
  return is_fields(field->kind) ? message(*field->message, contents, depth) : value(*field, contents, depth);
}

bool Writer::struct_list(const MessageType& type, Pieces pieces, int depth) {
  out_.put('[');
  bool is_first = true;
  for (const Piece& piece : pieces) {
    WireInput in(type, piece);
    Record record;
    while (in.next(record)) {
      if (!is_first) out_.put(',');
      is_first = false;
      if (!value(*record.field, {&record.contents, 1}, depth) || !fits()) return false;
    }
    if (in.is_malformed()) return malformed();
  }
  out_.put(']');
  return true;
}

}  // namespace wasm_grpc::json
