#include "field.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "editions/features.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

using Type = pb::FieldDescriptor;

/// The type of one value, and its codec.
struct Value {
  std::string type;
  std::string codec;
};

Value plain(std::string type, const std::string& codec) {
  const std::string applied = "wire_wg::" + codec + "<" + type + ">";
  return {std::move(type), applied};
}

Value value_of(const pb::FieldDescriptor& field, const Names& names) {
  switch (field.type()) {
    case Type::TYPE_INT32:
      return plain("std::int32_t", "Varint");
    case Type::TYPE_INT64:
      return plain("std::int64_t", "Varint");
    case Type::TYPE_UINT32:
      return plain("std::uint32_t", "Varint");
    case Type::TYPE_UINT64:
      return plain("std::uint64_t", "Varint");
    case Type::TYPE_SINT32:
      return plain("std::int32_t", "Zigzag");
    case Type::TYPE_SINT64:
      return plain("std::int64_t", "Zigzag");
    case Type::TYPE_FIXED32:
      return plain("std::uint32_t", "Fixed");
    case Type::TYPE_FIXED64:
      return plain("std::uint64_t", "Fixed");
    case Type::TYPE_SFIXED32:
      return plain("std::int32_t", "Fixed");
    case Type::TYPE_SFIXED64:
      return plain("std::int64_t", "Fixed");
    case Type::TYPE_FLOAT:
      return plain("float", "Fixed");
    case Type::TYPE_DOUBLE:
      return plain("double", "Fixed");
    case Type::TYPE_BOOL:
      return plain("bool", "Varint");
    case Type::TYPE_ENUM:
      return plain(names.qualified(*field.enum_type()), "Varint");
    case Type::TYPE_STRING:
      return {"std::string", editions::verifies_utf8(field) ? "wire_wg::Text" : "wire_wg::Blob"};
    case Type::TYPE_BYTES:
      return {"std::string", "wire_wg::Blob"};
    case Type::TYPE_MESSAGE:
      return plain(names.qualified(*field.message_type()), "Nested");
    case Type::TYPE_GROUP: {
      const std::string type = names.qualified(*field.message_type());
      return {type, "wire_wg::Group<" + type + ", " + std::to_string(field.number()) + ">"};
    }
  }
  return {};
}

/// "my_choice" as "MyChoice".
std::string camel_case(std::string_view name) {
  std::string result;
  bool upper = true;
  for (const char letter : name) {
    if (letter != '_') {
      result += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
    }
    upper = letter == '_';
  }
  return result;
}

Shape shape_of(const pb::FieldDescriptor& field) {
  if (field.is_map()) return Shape::map;
  if (field.is_repeated()) return Shape::repeated;
  if (field.real_containing_oneof() != nullptr) return Shape::alternative;
  return editions::has_presence(field) ? Shape::optional : Shape::implicit;
}

Field make_field(const pb::FieldDescriptor& descriptor, const Names& names, const OrderedMessage& ordered) {
  Field field;
  field.descriptor = &descriptor;
  field.shape = shape_of(descriptor);
  const pb::FieldDescriptor* value_field = &descriptor;
  if (field.shape == Shape::map) {
    const Value key = value_of(*descriptor.message_type()->map_key(), names);
    field.key = key.type;
    field.key_codec = key.codec;
    value_field = descriptor.message_type()->map_value();
  }
  const Value value = value_of(*value_field, names);
  field.value = value.type;
  field.codec = value.codec;
  field.closed = editions::is_closed_enum(*value_field);
  if (const pb::Descriptor* const held = value_field->message_type(); held != nullptr) {
    field.indirect = !descriptor.is_repeated() && ordered.cycle.contains(held);
    field.incomplete = descriptor.is_repeated() && ordered.wide_cycle.contains(held);
  }
  return field;
}

}  // namespace

std::string Field::type() const {
  switch (shape) {
    case Shape::implicit:
      return value;
    case Shape::optional:
      return (indirect ? "::wasm_grpc::guest::Indirect<" : "std::optional<") + value + ">";
    case Shape::repeated:
      return "std::vector<" + value + ">";
    case Shape::map:
      return "std::map<" + key + ", " + value + ">";
    case Shape::alternative:
      return indirect && !large ? "::wasm_grpc::guest::Indirect<" + value + ">" : value;
  }
  return {};
}

Message::Message(const OrderedMessage& ordered, const Names& all_names)
    : descriptor(*ordered.message), name(Names::type(*ordered.message)) {
  const pb::Descriptor& message = descriptor;
  Scope scope({name, "unknown_fields", "full_name"});
  for (int i = 0; i < message.nested_type_count(); ++i) {
    const pb::Descriptor& nested = *message.nested_type(i);
    if (!nested.options().map_entry()) {
      aliases.emplace_back(scope.take(identifier(nested.name())), all_names.qualified(nested));
    }
  }
  for (int i = 0; i < message.enum_type_count(); ++i) {
    const pb::EnumDescriptor& nested = *message.enum_type(i);
    aliases.emplace_back(scope.take(identifier(nested.name())), all_names.qualified(nested));
  }
  for (int i = 0; i < message.field_count(); ++i) fields.push_back(make_field(*message.field(i), all_names, ordered));
  std::sort(fields.begin(), fields.end(),
            [](const Field& left, const Field& right) { return left.number() < right.number(); });
  // First what has its name from the .proto, then what we add.
  for (Field& field : fields) {
    const pb::FieldDescriptor& proto = *field.descriptor;
    field.name = scope.take(identifier(proto.type() == Type::TYPE_GROUP ? proto.lowercase_name() : proto.name()));
  }
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    Oneof& oneof = oneofs.emplace_back();
    oneof.descriptor = message.oneof_decl(i);
    oneof.name = scope.take(identifier(oneof.descriptor->name()));
    oneof.large = oneof.descriptor->field_count() > most_of_a_variant;
  }
  for (Oneof& oneof : oneofs) {
    oneof.case_type = scope.take(camel_case(oneof.descriptor->name()) + "Case");
    oneof.case_getter = scope.take(oneof.descriptor->name() + "_case");
    Scope cases({});
    for (int i = 0; i < oneof.descriptor->field_count(); ++i) {
      const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& candidate) {
        return candidate.descriptor == oneof.descriptor->field(i);
      });
      field->oneof = oneof.name;
      field->large = oneof.large;
      field->index = static_cast<std::size_t>(i) + 1;
      field->setter = scope.take("set_" + field->descriptor->name());
      field->case_name = cases.take(identifier(field->descriptor->name()));
      oneof.fields.push_back(&*field);
    }
    oneof.not_set = cases.take("not_set");
  }
  for (Field& field : fields) {
    if (field.shape == Shape::optional && field.descriptor->has_default_value()) {
      field.or_default = scope.take(field.descriptor->name() + "_or_default");
    }
  }
}

bool may_lack_fields(const pb::Descriptor& message) {
  std::set<const pb::Descriptor*> seen = {&message};
  std::vector<const pb::Descriptor*> open = {&message};
  while (!open.empty()) {
    const pb::Descriptor& next = *open.back();
    open.pop_back();
    for (int i = 0; i < next.field_count(); ++i) {
      const pb::FieldDescriptor& field = *next.field(i);
      if (field.is_required()) return true;
      if (field.message_type() != nullptr && seen.insert(field.message_type()).second) {
        open.push_back(field.message_type());
      }
    }
  }
  return false;
}

}  // namespace wasm_grpc::protoc
