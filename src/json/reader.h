// One reading of JSON into a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/read.h"
#include "json/table.h"
#include "json/text/input.h"
#include "json/wire/output.h"

namespace wasm_grpc::json {

/// Goes through the text once, and writes the message as it goes. What returns false has found an error.
class Reader {
 public:
  Reader(std::string_view text, std::vector<std::byte>& out, const ReadOptions& options)
      : in_(text), out_(out), options_(options) {}

  /// The whole text is one message.
  [[nodiscard]] std::optional<std::string> read(const MessageType& type);
  /// The whole text is one value of a field, which may be repeated or a map.
  [[nodiscard]] std::optional<std::string> read(const Field& field);
  /// `text` is what stands in the quotes of a string (without escapes), or would if it were quoted, for one value of
  /// the field; true, false and numbers too.
  [[nodiscard]] std::optional<std::string> read_text(const Field& field, std::string_view text);

 private:
  /// What came of a value that was read.
  enum class Got : std::uint8_t { failed, nothing, value };

  /// Which fields and oneofs of one object were there.
  class Seen;

  [[nodiscard]] std::optional<std::string> end(bool ok);

  // reader.cc: messages and their fields
  [[nodiscard]] bool contents(const MessageType& type, int depth);
  [[nodiscard]] bool plain_object(const MessageType& type, int depth);
  /// The rest of an object, from a key on. Of an Any the key "@type" is passed by, once at most.
  [[nodiscard]] bool members(const MessageType& type, int depth, bool is_any, bool had_type);
  /// Takes a key and its colon, and sets `place` to where the key is, or to nullptr when there is none or it is
  /// refused. nullptr for one that is passed by: an unknown one, and "@type" where `is_type` was set, which then stays
  /// set.
  [[nodiscard]] const Field* key(const MessageType& type, const char*& place, bool& is_type);
  [[nodiscard]] bool member(const Field& field, Seen& seen, int depth);
  [[nodiscard]] bool field_value(const Field& field, int depth);
  [[nodiscard]] bool array(const Field& field, int depth);
  [[nodiscard]] bool map(const Field& field, int depth);
  [[nodiscard]] Got map_entry(const Field& field, const TextInput::String& key, const char* place, int depth);
  [[nodiscard]] bool map_key(const Field& key, std::string_view text);
  [[nodiscard]] bool single(const Field& field, int depth);
  /// A value with its tag. `is_kept` is whether a default value is written, too.
  [[nodiscard]] Got tagged(const Field& field, bool is_kept, int depth);
  [[nodiscard]] bool message(const MessageType& type, int depth);
  void put_tag(const Field& field) { out_.raw(field.tag_bytes.data(), field.tag_size); }
  /// Refuses the same key twice: the keys are those since `first`.
  [[nodiscard]] bool keys_differ(std::size_t first, const char* place);
  [[nodiscard]] bool fits() { return out_.size() <= options_.max_size || too_large(); }
  bool too_large();
  /// Puts a name before the path of the field that is wrong; returns false.
  bool within(std::string_view name);

  // reader_values.cc: values of one field
  [[nodiscard]] Got bits(const Field& field, std::uint64_t& out);
  [[nodiscard]] bool integer(Kind kind, std::uint64_t& out);
  [[nodiscard]] bool whole(Kind kind, std::string_view number, const char* place, std::uint64_t& out);
  [[nodiscard]] bool floating(Kind kind, std::uint64_t& out);
  [[nodiscard]] bool float_text(Kind kind, std::string_view text, const char* place, std::uint64_t& out);
  [[nodiscard]] bool float_number(Kind kind, std::string_view number, const char* place, std::uint64_t& out);
  [[nodiscard]] Got enum_value(const EnumType& type, std::uint64_t& out);
  [[nodiscard]] Got enum_name(const EnumType& type, std::string_view name, const char* place, std::uint64_t& out);
  [[nodiscard]] Got bits_of_text(const Field& field, std::string_view text, const char* place, std::uint64_t& out);
  [[nodiscard]] bool bytes(std::string_view text, const char* place);
  void put_bits(Kind kind, std::uint64_t value);
  /// A string, without its escapes; valid until the next one.
  [[nodiscard]] bool plain_string(std::string_view& out);

  // reader_known.cc: types that JSON says in their own way
  [[nodiscard]] bool known(const MessageType& type, int depth);
  [[nodiscard]] bool known_text(const MessageType& type, std::string_view text, const char* place);
  [[nodiscard]] bool wrapper(const MessageType& type);
  [[nodiscard]] bool time(Shape shape, std::string_view text, const char* place);
  [[nodiscard]] bool field_mask(std::string_view text, const char* place);
  [[nodiscard]] bool any(const MessageType& type, int depth);
  [[nodiscard]] bool any_type(const MessageType& any, const MessageType*& type);
  [[nodiscard]] bool any_value(const MessageType& type, bool more, int depth, bool had_type);
  [[nodiscard]] bool struct_object(int depth);
  [[nodiscard]] bool struct_value(int depth);
  [[nodiscard]] bool struct_list(int depth);

  /// A map's key as it was written.
  struct Key {
    std::size_t place;
    std::size_t size;
  };

  TextInput in_;
  ByteOutput out_;
  const ReadOptions& options_;
  std::string path_;     // of the field that is wrong, once one is
  std::string scratch_;  // a string without its escapes
  std::vector<std::uint64_t> seen_;
  std::vector<Key> keys_;
};

}  // namespace wasm_grpc::json
