#include "openapi/schemas.h"

#include <google/protobuf/descriptor.pb.h>

#include <string_view>
#include <utility>

#include "openapi/comments.h"

namespace wasm_grpc::openapi {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

namespace {

Json reference(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

Json scalar(Field::Type type) {
  switch (type) {
    case Field::TYPE_DOUBLE:
      return {{"type", "number"}, {"format", "double"}};
    case Field::TYPE_FLOAT:
      return {{"type", "number"}, {"format", "float"}};
    case Field::TYPE_INT32:
    case Field::TYPE_SINT32:
    case Field::TYPE_SFIXED32:
      return {{"type", "integer"}, {"format", "int32"}};
    case Field::TYPE_UINT32:
    case Field::TYPE_FIXED32:
      return {{"type", "integer"}, {"format", "uint32"}, {"minimum", 0}};
    case Field::TYPE_INT64:
    case Field::TYPE_SINT64:
    case Field::TYPE_SFIXED64:
      return {{"type", "string"}, {"format", "int64"}};
    case Field::TYPE_UINT64:
    case Field::TYPE_FIXED64:
      return {{"type", "string"}, {"format", "uint64"}};
    case Field::TYPE_BOOL:
      return {{"type", "boolean"}};
    case Field::TYPE_BYTES:
      return {{"type", "string"}, {"contentEncoding", "base64"}};
    default:
      return {{"type", "string"}};
  }
}

/// Of the types that JSON says in ways of their own; null for all others.
Json known(const pb::Descriptor& type) {
  constexpr std::string_view package = "google.protobuf.";
  const std::string_view full_name = type.full_name();
  if (!full_name.starts_with(package)) return nullptr;
  const std::string_view name = full_name.substr(package.size());
  if (name == "Timestamp") return {{"type", "string"}, {"format", "date-time"}};
  if (name == "Duration") return {{"type", "string"}, {"pattern", R"(^-?[0-9]+(\.[0-9]{1,9})?s$)"}};
  if (name == "FieldMask") return {{"type", "string"}};
  if (name == "Struct") return {{"type", "object"}};
  if (name == "Value") return Json::object();  // anything
  if (name == "ListValue") return {{"type", "array"}};
  if (name == "Any") {
    return {
        {"type", "object"}, {"properties", {{"@type", {{"type", "string"}}}}}, {"required", Json::array({"@type"})}};
  }
  const bool is_wrapper = name == "DoubleValue" || name == "FloatValue" || name == "Int64Value" ||
                          name == "UInt64Value" || name == "Int32Value" || name == "UInt32Value" ||
                          name == "BoolValue" || name == "StringValue" || name == "BytesValue";
  if (!is_wrapper || type.field_count() != 1) return nullptr;
  Json schema = scalar(type.field(0)->type());
  schema["type"] = Json::array({schema["type"], "null"});
  return schema;
}

/// At most one member of a oneof is there: each of them alone, or none.
Json at_most_one(const pb::OneofDescriptor& oneof) {
  Json choices = Json::array();
  Json any = Json::array();
  for (int i = 0; i < oneof.field_count(); ++i) {
    choices.push_back({{"required", Json::array({oneof.field(i)->json_name()})}});
    any.push_back(choices.back());
  }
  choices.push_back({{"not", {{"anyOf", any}}}});
  return {{"oneOf", choices}};
}

}  // namespace

template <typename Type>
std::string Schemas::name_of(const Type& type, std::map<std::string, const Type*>& known_types, bool& is_new) {
  std::string name = type.full_name();
  for (int number = 2;; ++number) {
    const auto [place, is_first] = known_types.emplace(name, &type);
    is_new = is_first;
    // A module has types of its own, which most often say the same.
    if (is_first || place->second == &type || place->second->DebugString() == type.DebugString()) return name;
    name = type.full_name() + "_" + std::to_string(number);
  }
}

Json Schemas::of(const pb::Descriptor& type) {
  if (Json schema = known(type); !schema.is_null()) return schema;
  bool is_new = false;
  const std::string name = name_of(type, messages_, is_new);
  if (is_new) open_.emplace_back(name, &type);
  return reference(name);
}

Json Schemas::of_enum(const pb::EnumDescriptor& type) {
  if (type.full_name() == "google.protobuf.NullValue") return {{"type", "null"}};
  bool is_new = false;
  const std::string name = name_of(type, enums_, is_new);
  if (is_new) {
    Json schema = {{"type", "string"}};
    if (const std::string comment = comment_of(type); !comment.empty()) schema["description"] = comment;
    schema["enum"] = Json::array();
    for (int i = 0; i < type.value_count(); ++i) schema["enum"].push_back(type.value(i)->name());
    made_.emplace(name, std::move(schema));
  }
  return reference(name);
}

Json Schemas::of_value(const Field& field) {
  if (field.message_type() != nullptr) return of(*field.message_type());
  if (field.enum_type() != nullptr) return of_enum(*field.enum_type());
  return scalar(field.type());
}

Json Schemas::of(const Field& field) {
  if (field.is_map()) {
    return {{"type", "object"}, {"additionalProperties", of_value(*field.message_type()->map_value())}};
  }
  if (field.is_repeated()) return {{"type", "array"}, {"items", of_value(field)}};
  return of_value(field);
}

Json Schemas::message_schema(const pb::Descriptor& type) {
  Json schema = {{"type", "object"}};
  if (const std::string comment = comment_of(type); !comment.empty()) schema["description"] = comment;
  if (type.options().deprecated()) schema["deprecated"] = true;
  Json required = Json::array();
  Json properties = Json::object();
  for (int i = 0; i < type.field_count(); ++i) {
    const Field& field = *type.field(i);
    Json property = of(field);
    if (const std::string comment = comment_of(field); !comment.empty()) property["description"] = comment;
    if (field.options().deprecated()) property["deprecated"] = true;
    if (field.is_required()) required.push_back(field.json_name());
    properties[field.json_name()] = std::move(property);
  }
  if (!properties.empty()) schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  Json oneofs = Json::array();
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    if (type.oneof_decl(i)->field_count() > 1) oneofs.push_back(at_most_one(*type.oneof_decl(i)));
  }
  if (!oneofs.empty()) schema["allOf"] = std::move(oneofs);
  return schema;
}

Json Schemas::other(const std::string& name, const Json& schema) {
  made_.emplace(name, schema);
  return reference(name);
}

std::map<std::string, Json> Schemas::take() {
  // One at a time, without recursion: types may be as many, and refer to each other, as they like.
  while (!open_.empty()) {
    const auto [name, type] = open_.back();
    open_.pop_back();
    made_.emplace(name, message_schema(*type));
  }
  return std::exchange(made_, {});
}

}  // namespace wasm_grpc::openapi
