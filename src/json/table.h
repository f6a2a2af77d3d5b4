// What is inside a MessageType: its fields, by name and by number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "json/types.h"

namespace wasm_grpc::json {

/// How a value is encoded, and what of it is valid.
enum class Kind : std::uint8_t {
  float64,
  float32,
  int32,
  int64,
  uint32,
  uint64,
  sint32,
  sint64,
  fixed32,
  fixed64,
  sfixed32,
  sfixed64,
  boolean,
  enumeration,
  string,
  bytes,
  message,
  group,
};

/// The wire types (protobuf.dev/programming-guides/encoding).
enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, sized = 2, start_group = 3, end_group = 4, fixed32 = 5 };

[[nodiscard]] WireType wire_type(Kind kind) noexcept;
/// Whether a value fits 64 bits: numbers, booleans and enums.
[[nodiscard]] inline bool is_bits(Kind kind) noexcept { return kind <= Kind::enumeration; }
/// Whether a value is fields of its own.
[[nodiscard]] inline bool is_fields(Kind kind) noexcept { return kind >= Kind::message; }

class EnumType {
 public:
  explicit EnumType(const google::protobuf::EnumDescriptor& type);

  /// google.protobuf.NullValue, which is `null`.
  [[nodiscard]] bool is_null() const noexcept { return is_null_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The number of a name; nullptr when there is no such name.
  [[nodiscard]] const std::int32_t* number_of(std::string_view name) const;
  /// The name of a number, the first declared, with quotes; nullptr when it has none.
  [[nodiscard]] const std::string* quoted_name_of(std::int32_t number) const;

 private:
  struct Value {
    std::string name;
    std::string quoted;
    std::int32_t number;
    int place;
  };
  std::string name_;
  std::vector<Value> by_name_;
  std::vector<Value> by_number_;
  bool is_null_;
};

/// A field or, in JSON under its name in brackets, an extension.
struct Field {
  static constexpr std::uint32_t no_oneof = 0xFFFFFFFF;

  /// As it is shown to people.
  std::string name;
  /// What begins the field in JSON: its name with quotes, and the colon.
  std::string key;
  /// Its tag, encoded; of a value that is not packed.
  std::array<std::uint8_t, 5> tag_bytes{};
  std::uint8_t tag_size = 0;
  Kind kind = Kind::message;
  bool is_repeated = false;  // maps too
  bool is_packed = false;
  bool is_map = false;
  /// Whether a default value that was set differs from one that was not.
  bool has_presence = false;
  std::uint32_t tag = 0;
  std::uint32_t number = 0;
  /// Its place among the fields of its type.
  std::uint32_t index = 0;
  /// Its place among the oneofs of its type.
  std::uint32_t oneof = no_oneof;
  /// Of kinds message and group. Of a map it is that of its entries, whose fields are the key and the value.
  const MessageType* message = nullptr;
  const EnumType* enumeration = nullptr;
};

/// The types that JSON says in their own way.
enum class Shape : std::uint8_t {
  plain,
  any,
  timestamp,
  duration,
  field_mask,
  struct_object,
  struct_value,
  struct_list,
  wrapper
};

class MessageType {
 public:
  /// Of the types that its fields have, only the addresses are taken.
  struct Neighbours {
    std::function<const MessageType*(const google::protobuf::Descriptor&)> message;
    std::function<const EnumType*(const google::protobuf::EnumDescriptor&)> enumeration;
  };
  MessageType(const Types& types, const google::protobuf::Descriptor& type, const Neighbours& neighbours);

  /// All that are made together; where the type in an Any is looked for.
  [[nodiscard]] const Types& types() const noexcept { return types_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Shape shape() const noexcept { return shape_; }
  /// In the order of their numbers.
  [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }
  [[nodiscard]] std::uint32_t oneofs() const noexcept { return oneofs_; }

  /// By its name in JSON or in the .proto file; nullptr when there is none.
  [[nodiscard]] const Field* find(std::string_view name) const;
  [[nodiscard]] const Field* find(std::uint32_t number) const;

 private:
  /// A name, to be compared by numbers first: its length and its first eight bytes. Of two that are the same, the one
  /// with the lower place counts.
  struct Name {
    std::size_t size = 0;
    std::uint64_t head = 0;
    std::string text;
    std::uint32_t field = 0;
    std::size_t place = 0;
    bool operator<(const Name& other) const;
  };
  void add_field(const google::protobuf::FieldDescriptor& field, const Neighbours& neighbours);
  void index_fields(const google::protobuf::Descriptor& type);

  const Types& types_;
  std::string name_;
  Shape shape_;
  std::uint32_t oneofs_ = 0;
  std::vector<Field> fields_;
  std::vector<Name> names_;             // in order
  std::vector<std::uint32_t> numbers_;  // the place of the field with that number, plus 1; of small numbers only
};

}  // namespace wasm_grpc::json
