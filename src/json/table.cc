#include "json/table.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "editions/features.h"
#include "json/text/output.h"
#include "rpc/utf8.h"

namespace wasm_grpc::json {

namespace pb = google::protobuf;

namespace {

using Declared = pb::FieldDescriptor;

Kind kind_of(const Declared& field) {
  switch (field.type()) {
    case Declared::TYPE_DOUBLE:
      return Kind::float64;
    case Declared::TYPE_FLOAT:
      return Kind::float32;
    case Declared::TYPE_INT32:
      return Kind::int32;
    case Declared::TYPE_INT64:
      return Kind::int64;
    case Declared::TYPE_UINT32:
      return Kind::uint32;
    case Declared::TYPE_UINT64:
      return Kind::uint64;
    case Declared::TYPE_SINT32:
      return Kind::sint32;
    case Declared::TYPE_SINT64:
      return Kind::sint64;
    case Declared::TYPE_FIXED32:
      return Kind::fixed32;
    case Declared::TYPE_FIXED64:
      return Kind::fixed64;
    case Declared::TYPE_SFIXED32:
      return Kind::sfixed32;
    case Declared::TYPE_SFIXED64:
      return Kind::sfixed64;
    case Declared::TYPE_BOOL:
      return Kind::boolean;
    case Declared::TYPE_ENUM:
      return Kind::enumeration;
    case Declared::TYPE_STRING:
      return Kind::string;
    case Declared::TYPE_BYTES:
      return Kind::bytes;
    case Declared::TYPE_GROUP:
      return Kind::group;
    case Declared::TYPE_MESSAGE:
      break;
  }
  return Kind::message;
}

std::string valid_text(std::string text) {
  rpc::replace_invalid_utf8(text);
  return text;
}

std::string quoted(const std::string& text) {
  std::string out;
  append_quoted(text, out);
  return out;
}

/// Whether the type has these fields and no others: "1 int64, 2 int32" is written {Kind::int64, Kind::int32}. A module
/// may bring another type by a name of google.protobuf; it is then a plain one.
bool consists_of(const pb::Descriptor& type, std::initializer_list<Kind> kinds, bool repeated = false) {
  if (type.field_count() != static_cast<int>(kinds.size())) return false;
  int number = 0;
  for (const Kind kind : kinds) {
    const Declared* field = type.FindFieldByNumber(++number);
    if (field == nullptr || kind_of(*field) != kind || field->is_repeated() != repeated) return false;
  }
  return true;
}

bool is_message(const Declared* field, std::string_view name) { return field->message_type()->full_name() == name; }

bool is_value(const pb::Descriptor& type) {
  return consists_of(type,
                     {Kind::enumeration, Kind::float64, Kind::string, Kind::boolean, Kind::message, Kind::message}) &&
         is_message(type.FindFieldByNumber(5), "google.protobuf.Struct") &&
         is_message(type.FindFieldByNumber(6), "google.protobuf.ListValue");
}

bool is_list(const pb::Descriptor& type) {
  return consists_of(type, {Kind::message}, true) && !type.FindFieldByNumber(1)->is_map() &&
         is_message(type.FindFieldByNumber(1), "google.protobuf.Value") &&
         is_value(*type.FindFieldByNumber(1)->message_type());
}

bool is_struct(const pb::Descriptor& type) {
  const Declared* fields = type.FindFieldByNumber(1);
  if (!consists_of(type, {Kind::message}, true) || !fields->is_map()) return false;
  const pb::Descriptor& entry = *fields->message_type();
  return entry.FindFieldByNumber(1)->type() == Declared::TYPE_STRING &&
         entry.FindFieldByNumber(2)->type() == Declared::TYPE_MESSAGE &&
         is_message(entry.FindFieldByNumber(2), "google.protobuf.Value") &&
         is_value(*entry.FindFieldByNumber(2)->message_type());
}

Shape shape_of(const pb::Descriptor& type) {
  constexpr std::string_view package = "google.protobuf.";
  const std::string_view full_name = type.full_name();
  if (!full_name.starts_with(package)) return Shape::plain;
  const std::string_view name = full_name.substr(package.size());
  if (name == "Any" && consists_of(type, {Kind::string, Kind::bytes})) return Shape::any;
  if (name == "Timestamp" && consists_of(type, {Kind::int64, Kind::int32})) return Shape::timestamp;
  if (name == "Duration" && consists_of(type, {Kind::int64, Kind::int32})) return Shape::duration;
  if (name == "FieldMask" && consists_of(type, {Kind::string}, true)) return Shape::field_mask;
  if (name == "Struct" && is_struct(type)) return Shape::struct_object;
  if (name == "Value" && is_value(type)) return Shape::struct_value;
  if (name == "ListValue" && is_list(type)) return Shape::struct_list;
  for (const auto& [wrapper, kind] : {std::pair{"DoubleValue", Kind::float64},
                                      {"FloatValue", Kind::float32},
                                      {"Int64Value", Kind::int64},
                                      {"UInt64Value", Kind::uint64},
                                      {"Int32Value", Kind::int32},
                                      {"UInt32Value", Kind::uint32},
                                      {"BoolValue", Kind::boolean},
                                      {"StringValue", Kind::string},
                                      {"BytesValue", Kind::bytes}}) {
    if (name == wrapper && consists_of(type, {kind})) return Shape::wrapper;
  }
  return Shape::plain;
}

std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  if (text.size() >= sizeof head) {
    std::memcpy(&head, text.data(), sizeof head);
  } else {
    for (const char c : text) head = (head << 8) | static_cast<unsigned char>(c);
  }
  return head;
}

}  // namespace

WireType wire_type(Kind kind) noexcept {
  switch (kind) {
    case Kind::float64:
    case Kind::fixed64:
    case Kind::sfixed64:
      return WireType::fixed64;
    case Kind::float32:
    case Kind::fixed32:
    case Kind::sfixed32:
      return WireType::fixed32;
    case Kind::string:
    case Kind::bytes:
    case Kind::message:
      return WireType::sized;
    case Kind::group:
      return WireType::start_group;
    default:
      return WireType::varint;
  }
}

EnumType::EnumType(const pb::EnumDescriptor& type)
    : name_(valid_text(type.full_name())), is_null_(type.full_name() == "google.protobuf.NullValue") {
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string name = valid_text(type.value(i)->name());
    by_name_.push_back({name, quoted(name), type.value(i)->number(), i});
  }
  by_number_ = by_name_;
  std::sort(by_number_.begin(), by_number_.end(),
            [](const Value& a, const Value& b) { return std::tie(a.number, a.place) < std::tie(b.number, b.place); });
  std::sort(by_name_.begin(), by_name_.end(),
            [](const Value& a, const Value& b) { return std::tie(a.name, a.place) < std::tie(b.name, b.place); });
}

const std::int32_t* EnumType::number_of(std::string_view name) const {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [](const Value& value, std::string_view sought) { return value.name < sought; });
  return found != by_name_.end() && found->name == name ? &found->number : nullptr;
}

const std::string* EnumType::quoted_name_of(std::int32_t number) const {
  const auto found = std::lower_bound(by_number_.begin(), by_number_.end(), number,
                                      [](const Value& value, std::int32_t sought) { return value.number < sought; });
  return found != by_number_.end() && found->number == number ? &found->quoted : nullptr;
}

bool MessageType::Name::operator<(const Name& other) const {
  return std::tie(size, head, text, place) < std::tie(other.size, other.head, other.text, other.place);
}

MessageType::MessageType(const Types& types, const pb::Descriptor& type, const Neighbours& neighbours)
    : types_(types),
      name_(valid_text(type.full_name())),
      shape_(shape_of(type)),
      oneofs_(static_cast<std::uint32_t>(type.real_oneof_decl_count())) {
  std::vector<const Declared*> declared;
  for (int i = 0; i < type.field_count(); ++i) declared.push_back(type.field(i));
  if (type.extension_range_count() > 0) {
    std::vector<const Declared*> extensions;
    type.file()->pool()->FindAllExtensions(&type, &extensions);
    declared.insert(declared.end(), extensions.begin(), extensions.end());
  }
  std::sort(declared.begin(), declared.end(),
            [](const Declared* a, const Declared* b) { return a->number() < b->number(); });
  fields_.reserve(declared.size());
  for (const Declared* field : declared) add_field(*field, neighbours);
  index_fields(type);
}

void MessageType::add_field(const Declared& declared, const Neighbours& neighbours) {
  Field field;
  field.name = valid_text(declared.is_extension() ? "[" + declared.full_name() + "]" : declared.json_name());
  append_quoted(field.name, field.key);
  field.key += ':';
  field.kind = kind_of(declared);
  field.is_repeated = declared.is_repeated();
  field.is_packed = declared.is_packed();
  field.is_map = declared.is_map();
  field.has_presence = editions::has_presence(declared);
  field.number = static_cast<std::uint32_t>(declared.number());
  field.tag = field.number << 3 | static_cast<std::uint32_t>(wire_type(field.kind));
  for (std::uint32_t rest = field.tag; rest != 0; rest >>= 7) {
    field.tag_bytes[field.tag_size++] = static_cast<std::uint8_t>(rest | (rest > 0x7F ? 0x80 : 0));
  }
  field.index = static_cast<std::uint32_t>(fields_.size());
  if (const pb::OneofDescriptor* oneof = declared.real_containing_oneof(); oneof != nullptr) {
    field.oneof = static_cast<std::uint32_t>(oneof->index());
  }
  if (declared.message_type() != nullptr) field.message = neighbours.message(*declared.message_type());
  if (is_fields(field.kind) && field.message == nullptr) return;
  if (declared.enum_type() != nullptr) field.enumeration = neighbours.enumeration(*declared.enum_type());
  fields_.push_back(std::move(field));
}

void MessageType::index_fields(const pb::Descriptor& type) {
  const auto add = [this](std::string text, std::uint32_t field) {
    names_.push_back({text.size(), head_of(text), std::move(text), field, names_.size()});
  };
  // A name in JSON goes before the same name in the .proto file.
  for (const Field& field : fields_) add(field.name, field.index);
  for (const Field& field : fields_) {
    const Declared* declared = type.FindFieldByNumber(static_cast<int>(field.number));
    if (declared != nullptr && declared->name() != field.name) add(valid_text(declared->name()), field.index);
  }
  std::sort(names_.begin(), names_.end());

  // As many as there are fields, and a few for gaps: a hostile number takes no memory.
  const std::size_t dense = 2 * fields_.size() + 16;
  for (const Field& field : fields_) {
    if (field.number >= dense) break;
    numbers_.resize(field.number + 1);
    numbers_[field.number] = field.index + 1;
  }
}

const Field* MessageType::find(std::string_view name) const {
  const std::uint64_t head = head_of(name);
  const auto compare = [&](const Name& entry, std::string_view sought) {
    if (entry.size != sought.size()) return entry.size < sought.size();
    if (entry.head != head) return entry.head < head;
    return entry.text < sought;
  };
  const auto found = std::lower_bound(names_.begin(), names_.end(), name, compare);
  return found != names_.end() && found->text == name ? &fields_[found->field] : nullptr;
}

const Field* MessageType::find(std::uint32_t number) const {
  if (number < numbers_.size()) return numbers_[number] == 0 ? nullptr : &fields_[numbers_[number] - 1];
  const auto found = std::lower_bound(fields_.begin(), fields_.end(), number,
                                      [](const Field& field, std::uint32_t sought) { return field.number < sought; });
  return found != fields_.end() && found->number == number ? &*found : nullptr;
}

}  // namespace wasm_grpc::json
