// What becomes of a field of a message.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "message_order.h"
#include "names.h"

namespace wasm_grpc::protoc {

/// Of more alternatives a std::variant takes too long to compile: its time grows with their square.
inline constexpr int most_of_a_variant = 32;

enum class Shape {
  implicit,     // a value, which is not written when it is the default
  optional,     // a std::optional, or an Indirect
  repeated,     // a std::vector
  map,          // a std::map
  alternative,  // one of a oneof
};

struct Field {
  const google::protobuf::FieldDescriptor* descriptor = nullptr;
  Shape shape = Shape::implicit;
  std::string name;   // of the member, or of the accessor of an alternative
  std::string value;  // the type of one value: std::string
  std::string codec;  // of one value: wire_wg::Text; in a map, of its values
  std::string key;    // in a map: the type of its keys
  std::string key_codec;
  bool indirect = false;    // lies elsewhere, as its type is not complete yet
  bool incomplete = false;  // a container of elements whose type is not complete yet
  bool closed = false;      // an enum of proto2, or a map to one
  std::string oneof;        // of an alternative: the member
  std::size_t index = 0;    // of an alternative: its number in the oneof
  bool large = false;       // of an alternative: of a large oneof
  std::string case_name;    // of an alternative: its name in the oneof's enum
  std::string setter;       // of an alternative
  std::string or_default;   // the function that gives the value or the .proto's default; empty where there is none

  [[nodiscard]] int number() const { return descriptor->number(); }
  [[nodiscard]] bool is_message() const {
    return descriptor->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
  }
  /// The type of the member, or of the alternative.
  [[nodiscard]] std::string type() const;
};

struct Oneof {
  const google::protobuf::OneofDescriptor* descriptor = nullptr;
  std::string name;         // the member
  std::string case_type;    // the enum that names the alternatives
  std::string case_getter;  // the function that tells which is set
  std::string not_set;      // of the enum, when none is
  std::vector<const Field*> fields;
  bool large = false;  // a LargeOneof, not a std::variant
};

/// A message as a struct.
struct Message {
  Message(const OrderedMessage& ordered, const Names& all_names);
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  const google::protobuf::Descriptor& descriptor;
  std::string name;                                          // within its namespace
  std::vector<Field> fields;                                 // by number
  std::vector<Oneof> oneofs;                                 // as in the .proto
  std::vector<std::pair<std::string, std::string>> aliases;  // of nested types: name, and type
};

/// Whether a message of this type may lack a required field, of its own or of one within it.
[[nodiscard]] bool may_lack_fields(const google::protobuf::Descriptor& message);

}  // namespace wasm_grpc::protoc
