#include "json/writer.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "json/text/input.h"
#include "json/write.h"

namespace wasm_grpc::json {

std::optional<std::string> Writer::end(bool ok) {
  if (ok) ok = fits();
  if (ok) {
    out_.finish();
    return std::nullopt;
  }
  out_.cancel();
  return path_.empty() ? problem_ : "field " + path_ + ": " + problem_;
}

std::optional<std::string> Writer::write(const MessageType& type) {
  if (size_ > std::numeric_limits<std::uint32_t>::max()) return "the message is larger than 4 GiB";
  const Piece all{begin_, begin_ + size_};
  return end(message(type, {&all, 1}, options_.max_depth));
}

std::optional<std::string> Writer::write(const MessageType& type, const Field& field) {
  if (size_ > std::numeric_limits<std::uint32_t>::max()) return "the message is larger than 4 GiB";
  const Piece all{begin_, begin_ + size_};
  const auto write_field = [&] {
    if (!collect(type, {&all, 1})) return false;
    drop_unset(type, 0);
    std::erase_if(stored_, [&](const Stored& stored) { return stored.field_and_wire >> 3 != field.index; });
    if (!field.is_repeated) {
      std::vector<Piece> contents;
      for (const Stored& stored : stored_) contents.push_back(piece(stored));
      return value(field, contents, options_.max_depth);
    }
    alone_ = &field;
    bool is_first = true;
    if (!collected_field(field, 0, stored_.size(), options_.max_depth, is_first)) return false;
    if (out_.size() == 0) out_.put(std::string_view("[]"));
    return true;
  };
  return end(write_field() || within(field.name));
}

bool Writer::wrong(std::string what) {
  problem_ = std::move(what);
  return false;
}

bool Writer::within(std::string_view name) {
  const bool is_inner = !path_.empty() && path_.front() != '[';
  path_.insert(0, std::string(name) + (is_inner ? "." : ""));
  return false;
}

bool Writer::too_large() { return wrong("the JSON is larger than " + std::to_string(options_.max_size) + " bytes"); }

Writer::Stored Writer::stored(const Record& record) const {
  return {record.field->index << 3 | static_cast<std::uint32_t>(record.wire),
          static_cast<std::uint32_t>(record.contents.begin - begin_),
          static_cast<std::uint32_t>(record.contents.end - begin_)};
}

bool Writer::message(const MessageType& type, Pieces pieces, int depth) {
  if (depth <= 0) return wrong("nested too deeply");
  if (type.shape() != Shape::plain) return known(type, pieces, depth);
  out_.put('{');
  if (!members(type, pieces, depth, true)) return false;
  out_.put('}');
  return true;
}

bool Writer::members(const MessageType& type, Pieces pieces, int depth, bool is_first) {
  if (options_.emit_defaults) return collected_members(type, pieces, depth, is_first);
  if (pieces.empty()) return true;
  if (pieces.size() == 1) {
    bool is_ordered = false;
    if (!check_order(type, pieces[0], is_ordered)) return malformed();
    if (is_ordered) return ordered_members(type, pieces[0], depth, is_first);
  }
  return collected_members(type, pieces, depth, is_first);
}

/// Whether the fields are in the order of their numbers, none but repeated ones comes again, and of each oneof there is
/// at most one. Also that all bytes of this message, but not of those within it, are as they should be.
bool Writer::check_order(const MessageType& type, Piece piece, bool& is_ordered) {
  WireInput in(type, piece);
  Record record;
  const Field* before = nullptr;
  std::uint64_t oneofs = 0;
  is_ordered = true;
  while (in.next(record)) {
    const Field* const field = record.field;
    if (before != nullptr && (field < before || (field == before && !field->is_repeated))) is_ordered = false;
    before = field;
    if (field->oneof != Field::no_oneof) {
      const std::uint64_t bit = std::uint64_t{1} << (field->oneof % 64);
      if ((oneofs & bit) != 0 || field->oneof >= 64) is_ordered = false;
      oneofs |= bit;
    }
  }
  return !in.is_malformed();
}

bool Writer::ordered_members(const MessageType& type, Piece piece, int depth, bool is_first) {
  WireInput in(type, piece);
  Record record;
  bool has_record = in.next(record);
  while (has_record) {
    const Field& field = *record.field;
    bool ok = true;
    if (field.is_map) {
      const std::size_t first = stored_.size();
      for (; has_record && record.field == &field; has_record = in.next(record)) stored_.push_back(stored(record));
      begin_member(field, is_first);
      ok = map(field, first, stored_.size(), depth);
      stored_.resize(first);
    } else if (field.is_repeated) {
      bool is_open = false;
      for (; ok && has_record && record.field == &field; has_record = in.next(record)) {
        ok = elements(field, record, depth, is_open, is_first);
      }
      if (is_open) out_.put(']');
    } else {
      ok = single(field, {&record.contents, 1}, depth, is_first);
      has_record = in.next(record);
    }
    if (!ok || !fits()) return within(field.name);
  }
  return true;
}

bool Writer::collect(const MessageType& type, Pieces pieces) {
  for (const Piece& bytes : pieces) {
    WireInput in(type, bytes);
    Record record;
    while (in.next(record)) stored_.push_back(stored(record));
    if (in.is_malformed()) return malformed();
  }
  return true;
}

bool Writer::collected_members(const MessageType& type, Pieces pieces, int depth, bool is_first) {
  const std::size_t first = stored_.size();
  if (!collect(type, pieces)) return false;
  drop_unset(type, first);
  const auto field_of = [](const Stored& stored) { return stored.field_and_wire >> 3; };
  // Those of one field in the order of the bytes.
  std::sort(stored_.begin() + static_cast<std::ptrdiff_t>(first), stored_.end(), [&](const Stored& a, const Stored& b) {
    return field_of(a) != field_of(b) ? field_of(a) < field_of(b) : a.begin < b.begin;
  });
  const std::size_t last = stored_.size();
  std::size_t next_field = 0;  // which may have to be written though it is not set
  for (std::size_t begin = first; begin < last;) {
    const Field& field = type.fields()[field_of(stored_[begin])];
    if (options_.emit_defaults && !defaults(type, next_field, field.index, depth, is_first)) return false;
    next_field = field.index + 1;
    std::size_t end = begin + 1;
    while (end < last && field_of(stored_[end]) == field.index) ++end;
    if (!collected_field(field, begin, end, depth, is_first) || !fits()) return within(field.name);
    begin = end;
  }
  stored_.resize(first);
  return !options_.emit_defaults || defaults(type, next_field, type.fields().size(), depth, is_first);
}

bool Writer::defaults(const MessageType& type, std::size_t first, std::size_t last, int depth, bool& is_first) {
  for (std::size_t i = first; i < last; ++i) {
    const Field& field = type.fields()[i];
    const bool is_extension = field.key.starts_with("\"[");
    if (field.has_presence || is_extension) continue;
    begin_member(field, is_first);
    if (field.is_map || field.is_repeated) {
      out_.put(std::string_view(field.is_map ? "{}" : "[]"));
    } else if (!value(field, {}, depth)) {
      return within(field.name);
    }
    if (!fits()) return within(field.name);
  }
  return true;
}

/// Drops the members of oneofs that were unset again as another member came after them.
void Writer::drop_unset(const MessageType& type, std::size_t first) {
  const auto oneof_of = [&](std::size_t at) { return type.fields()[stored_[at].field_and_wire >> 3].oneof; };
  std::vector<std::size_t> members;
  for (std::size_t i = first; i < stored_.size(); ++i) {
    if (oneof_of(i) != Field::no_oneof) members.push_back(i);
  }
  if (members.size() < 2) return;
  // Those of one oneof together, the last first.
  std::sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
    return oneof_of(a) != oneof_of(b) ? oneof_of(a) < oneof_of(b) : a > b;
  });
  std::vector<bool> is_dropped(stored_.size() - first);
  bool is_unset = false;
  for (std::size_t i = 1; i < members.size(); ++i) {
    const bool is_same_oneof = oneof_of(members[i]) == oneof_of(members[i - 1]);
    const bool is_same_field = stored_[members[i]].field_and_wire >> 3 == stored_[members[i - 1]].field_and_wire >> 3;
    is_unset = is_same_oneof && (is_unset || !is_same_field);
    is_dropped[members[i] - first] = is_unset;
  }
  std::size_t kept = first;
  for (std::size_t i = first; i < stored_.size(); ++i) {
    if (!is_dropped[i - first]) stored_[kept++] = stored_[i];
  }
  stored_.resize(kept);
}

bool Writer::collected_field(const Field& field, std::size_t first, std::size_t last, int depth, bool& is_first) {
  if (field.is_map) {
    begin_member(field, is_first);
    return map(field, first, last, depth);
  }
  if (field.is_repeated) {
    bool is_open = false;
    for (std::size_t i = first; i < last; ++i) {
      const auto wire = static_cast<WireType>(stored_[i].field_and_wire & 7);
      if (!elements(field, {&field, wire, piece(stored_[i])}, depth, is_open, is_first)) return false;
    }
    if (is_open) out_.put(']');
    return true;
  }
  if (is_fields(field.kind)) {
    std::vector<Piece> parts;
    parts.reserve(last - first);
    for (std::size_t i = first; i < last; ++i) parts.push_back(piece(stored_[i]));
    return single(field, parts, depth, is_first);
  }
  const Piece contents = piece(stored_[last - 1]);
  return single(field, {&contents, 1}, depth, is_first);
}

void Writer::begin_member(const Field& field, bool& is_first) {
  if (&field == alone_) {
    alone_ = nullptr;
    return;
  }
  if (!is_first) out_.put(',');
  is_first = false;
  out_.put(field.key);
}

bool Writer::single(const Field& field, Pieces contents, int depth, bool& is_first) {
  if (!field.has_presence) {
    const bool is_default =
        is_bits(field.kind) ? bits_of(field.kind, contents.back()) == 0 : contents.back().size() == 0;
    if (is_default && !options_.emit_defaults) return true;
  }
  begin_member(field, is_first);
  return value(field, contents, depth);
}

bool Writer::elements(const Field& field, const Record& record, int depth, bool& is_open, bool& is_first) {
  const auto begin_element = [&] {
    if (is_open) {
      out_.put(',');
      return;
    }
    begin_member(field, is_first);
    out_.put('[');
    is_open = true;
  };
  if (is_bits(field.kind) && record.wire == WireType::sized) {
    Piece rest = record.contents;
    while (rest.begin != rest.end) {
      std::uint64_t value = 0;
      if (!take_bits(field.kind, rest, value)) return malformed();
      begin_element();
      bits(field, value);
      if (!fits()) return false;
    }
    return true;
  }
  begin_element();
  return value(field, {&record.contents, 1}, depth) && fits();
}

bool Writer::entry_of(const Field& field, Piece bytes, Entry& entry) {
  WireInput in(*field.message, bytes);
  const Field* const key = field.message->fields().data();
  Record record;
  entry = {};
  while (in.next(record)) {
    if (record.field == key) {
      entry.key = record.contents;
      entry.has_key = true;
    } else {
      entry.value = record.contents;
      ++entry.values;
    }
  }
  return !in.is_malformed();
}

bool Writer::map(const Field& field, std::size_t first, std::size_t last, int depth) {
  for (std::size_t i = first; i < last; ++i) {
    Entry entry;
    if (!entry_of(field, piece(stored_[i]), entry)) return malformed();
  }
  drop_same_keys(field, first, last);
  out_.put('{');
  bool is_first = true;
  for (std::size_t i = first; i < last; ++i) {
    if (stored_[i].begin > stored_[i].end) continue;  // dropped
    if (!is_first) out_.put(',');
    is_first = false;
    if (!map_entry(field, piece(stored_[i]), depth) || !fits()) return false;
  }
  out_.put('}');
  return true;
}

/// The last entry of a key counts. Those before it are marked by an end before their begin.
void Writer::drop_same_keys(const Field& field, std::size_t first, std::size_t last) {
  if (last - first < 2) return;
  const Field& key = field.message->fields()[0];
  struct Place {
    std::string_view text;
    std::uint64_t number = 0;
    std::size_t at = 0;
  };
  const auto place_of = [&](std::size_t at) {
    Entry entry;
    static_cast<void>(entry_of(field, piece(stored_[at]), entry));
    if (key.kind == Kind::string) return Place{entry.key.text(), 0, at};
    return Place{{}, bits_of(key.kind, entry.key), at};
  };
  const auto same = [](const Place& a, const Place& b) { return a.number == b.number && a.text == b.text; };
  const auto before = [](const Place& a, const Place& b) {
    return std::tie(a.number, a.text, a.at) < std::tie(b.number, b.text, b.at);
  };
  // Most encoders have the keys in some order, or there are few.
  std::vector<Place> places{place_of(first)};
  places.reserve(last - first);
  bool is_ordered = true;
  for (std::size_t at = first + 1; at < last; ++at) {
    places.push_back(place_of(at));
    const Place& previous = places[places.size() - 2];
    is_ordered = is_ordered && before(previous, places.back()) && !same(previous, places.back());
  }
  if (is_ordered) return;
  std::sort(places.begin(), places.end(), before);
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (!same(places[i - 1], places[i])) continue;
    stored_[places[i - 1].at].begin = 1;
    stored_[places[i - 1].at].end = 0;
  }
}

bool Writer::map_entry(const Field& field, Piece bytes, int depth) {
  const Field& key = field.message->fields()[0];
  const Field& value_field = field.message->fields()[1];
  Entry entry;
  static_cast<void>(entry_of(field, bytes, entry));
  if (!map_key(key, entry)) return false;
  out_.put(':');
  bool ok = false;
  if (entry.values <= 1 || !is_fields(value_field.kind)) {
    ok = value(value_field, entry.values == 0 ? Pieces() : Pieces(&entry.value, 1), depth);
  } else {
    WireInput in(*field.message, bytes);
    std::vector<Piece> parts;
    Record record;
    while (in.next(record)) {
      if (record.field == &value_field) parts.push_back(record.contents);
    }
    ok = value(value_field, parts, depth);
  }
  if (ok) return true;
  const bool is_text = key.kind == Kind::string;
  return within("[" + (is_text ? "\"" + shown(entry.key.text()) + "\"" : std::to_string(bits_of(key.kind, entry.key))) +
                "]");
}

std::optional<std::string> write(const MessageType& type, std::span<const std::byte> message, std::string& out,
                                 const WriteOptions& options) {
  return Writer(message, out, options).write(type);
}

}  // namespace wasm_grpc::json
