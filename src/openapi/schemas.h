// Schemas of messages, by protobuf's JSON mapping.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace wasm_grpc::openapi {

using Json = nlohmann::ordered_json;

/// The schemas of a document: those of messages and enums are made once, under the names of their types, and referred
/// to.
class Schemas {
 public:
  /// Of a message: a reference, or what it is where JSON says it in a way of its own.
  [[nodiscard]] Json of(const google::protobuf::Descriptor& type);
  /// Of a field, which may be repeated or a map.
  [[nodiscard]] Json of(const google::protobuf::FieldDescriptor& field);
  /// Of one value of a field.
  [[nodiscard]] Json of_value(const google::protobuf::FieldDescriptor& field);
  /// A reference to a schema that is no type's.
  [[nodiscard]] Json other(const std::string& name, const Json& schema);

  /// All that was referred to, by name.
  [[nodiscard]] std::map<std::string, Json> take();

 private:
  [[nodiscard]] Json of_enum(const google::protobuf::EnumDescriptor& type);
  [[nodiscard]] Json message_schema(const google::protobuf::Descriptor& type);
  /// The name of a type's schema: its own, unless another pool's type that is not the same has it.
  template <typename Type>
  [[nodiscard]] std::string name_of(const Type& type, std::map<std::string, const Type*>& known, bool& is_new);

  std::map<std::string, const google::protobuf::Descriptor*> messages_;
  std::map<std::string, const google::protobuf::EnumDescriptor*> enums_;
  std::map<std::string, Json> made_;
  std::vector<std::pair<std::string, const google::protobuf::Descriptor*>> open_;  // to be made yet
};

}  // namespace wasm_grpc::openapi
