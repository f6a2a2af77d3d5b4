// One writing of a message as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/table.h"
#include "json/text/output.h"
#include "json/text/times.h"
#include "json/wire/input.h"
#include "json/write.h"

namespace wasm_grpc::json {

/// Goes through the bytes and writes the text as it goes, as long as the fields are in the order of their numbers and
/// none comes again, which is looked at first, for each message on its own. Else the places of the fields are collected
/// and put in order: encoders may repeat a field, and then the last value counts, and parts of a message are one (as in
/// protobuf.dev/programming-guides/encoding#last-one-wins). Such a message is several pieces of the bytes; nothing is
/// copied to join them.
///
/// What returns false has found an error.
class Writer {
 public:
  Writer(std::span<const std::byte> message, std::string& out, const WriteOptions& options)
      : begin_(reinterpret_cast<const std::uint8_t*>(message.data())),
        size_(message.size()),
        out_(out),
        options_(options) {}

  [[nodiscard]] std::optional<std::string> write(const MessageType& type);
  /// The value of one field; its default where the message does not have it.
  [[nodiscard]] std::optional<std::string> write(const MessageType& type, const Field& field);

 private:
  using Pieces = std::span<const Piece>;

  /// A Record, in less memory: there may be one for every two bytes.
  struct Stored {
    std::uint32_t field_and_wire;
    std::uint32_t begin;
    std::uint32_t end;
  };
  /// An entry of a map.
  struct Entry {
    Piece key;
    bool has_key = false;
    Piece value;  // the last
    std::size_t values = 0;
  };

  [[nodiscard]] std::optional<std::string> end(bool ok);

  // writer.cc: messages and their fields
  [[nodiscard]] bool message(const MessageType& type, Pieces pieces, int depth);
  [[nodiscard]] bool members(const MessageType& type, Pieces pieces, int depth, bool is_first);
  [[nodiscard]] bool check_order(const MessageType& type, Piece piece, bool& is_ordered);
  [[nodiscard]] bool ordered_members(const MessageType& type, Piece piece, int depth, bool is_first);
  [[nodiscard]] bool collected_members(const MessageType& type, Pieces pieces, int depth, bool is_first);
  [[nodiscard]] bool collect(const MessageType& type, Pieces pieces);
  void drop_unset(const MessageType& type, std::size_t first);
  [[nodiscard]] bool collected_field(const Field& field, std::size_t first, std::size_t last, int depth,
                                     bool& is_first);
  [[nodiscard]] bool single(const Field& field, Pieces contents, int depth, bool& is_first);
  /// The elements of one record of a repeated field; `is_open` is whether its bracket is written.
  [[nodiscard]] bool elements(const Field& field, const Record& record, int depth, bool& is_open, bool& is_first);
  [[nodiscard]] bool map(const Field& field, std::size_t first, std::size_t last, int depth);
  [[nodiscard]] bool entry_of(const Field& field, Piece bytes, Entry& entry);
  void drop_same_keys(const Field& field, std::size_t first, std::size_t last);
  [[nodiscard]] bool map_entry(const Field& field, Piece bytes, int depth);
  /// Those from `first` up to `last`, by index, that are not set and have no presence.
  [[nodiscard]] bool defaults(const MessageType& type, std::size_t first, std::size_t last, int depth, bool& is_first);
  void begin_member(const Field& field, bool& is_first);
  [[nodiscard]] Stored stored(const Record& record) const;
  [[nodiscard]] Piece piece(const Stored& stored) const { return {begin_ + stored.begin, begin_ + stored.end}; }
  [[nodiscard]] bool fits() { return out_.size() <= options_.max_size || too_large(); }
  bool too_large();
  bool wrong(std::string what);
  bool malformed() { return wrong("the bytes are cut short, or are no such message"); }
  /// Puts a name before the path of the field that is wrong; returns false.
  bool within(std::string_view name);

  // writer_values.cc: values of one field
  [[nodiscard]] bool value(const Field& field, Pieces contents, int depth);
  void bits(const Field& field, std::uint64_t value);
  [[nodiscard]] bool text(std::string_view text);
  void base64(std::string_view bytes);
  [[nodiscard]] bool map_key(const Field& key, const Entry& entry);

  // writer_known.cc: types that JSON says in their own way
  [[nodiscard]] bool known(const MessageType& type, Pieces pieces, int depth);
  [[nodiscard]] bool time(const MessageType& type, Pieces pieces);
  [[nodiscard]] bool field_mask(const MessageType& type, Pieces pieces);
  [[nodiscard]] bool wrapper(const MessageType& type, Pieces pieces);
  [[nodiscard]] bool any(const MessageType& type, Pieces pieces, int depth);
  [[nodiscard]] bool struct_object(const MessageType& type, Pieces pieces, int depth);
  [[nodiscard]] bool struct_value(const MessageType& type, Pieces pieces, int depth);
  [[nodiscard]] bool struct_list(const MessageType& type, Pieces pieces, int depth);

  const std::uint8_t* begin_;
  std::size_t size_;
  TextOutput out_;
  const WriteOptions& options_;
  std::string problem_;
  std::string path_;              // of the field that is wrong, once one is
  std::vector<Stored> stored_;    // of all messages that are open, one after the other
  int groups_ = 0;                // that are open
  const Field* alone_ = nullptr;  // of which the name is not to be written
};

}  // namespace wasm_grpc::json
