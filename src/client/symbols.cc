#include "client/symbols.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "client/json.h"

namespace wasm_grpc::client {

namespace pb = google::protobuf;

namespace {

/// JSON of a message with all of its fields.
class Template {
 public:
  /// False when it became too large.
  [[nodiscard]] bool add(const pb::Descriptor& type) {
    if (json_.size() > largest) return false;
    // In the forms that JSON has for them.
    static const std::map<std::string_view, std::string_view> known = {
        {"google.protobuf.Timestamp", "\"1970-01-01T00:00:00Z\""},
        {"google.protobuf.Duration", "\"0s\""},
        {"google.protobuf.FieldMask", "\"\""},
        {"google.protobuf.Struct", "{}"},
        {"google.protobuf.Value", "null"},
        {"google.protobuf.ListValue", "[]"},
        {"google.protobuf.Any", "{}"},
        {"google.protobuf.DoubleValue", "0"},
        {"google.protobuf.FloatValue", "0"},
        {"google.protobuf.Int64Value", "\"0\""},
        {"google.protobuf.UInt64Value", "\"0\""},
        {"google.protobuf.Int32Value", "0"},
        {"google.protobuf.UInt32Value", "0"},
        {"google.protobuf.BoolValue", "false"},
        {"google.protobuf.StringValue", "\"\""},
        {"google.protobuf.BytesValue", "\"\""}};
    if (const auto form = known.find(type.full_name()); form != known.end()) {
      json_ += form->second;
      return true;
    }
    json_ += '{';
    const bool is_within_itself = std::find(open_.begin(), open_.end(), &type) != open_.end();
    if (!is_within_itself && open_.size() < deepest) {
      open_.push_back(&type);
      bool is_first = true;
      for (int i = 0; i < type.field_count(); ++i) {
        const pb::FieldDescriptor& field = *type.field(i);
        const pb::OneofDescriptor* const oneof = field.real_containing_oneof();
        if (oneof != nullptr && oneof->field(0) != &field) continue;
        json_.append(is_first ? "\"" : ",\"").append(field.json_name()).append("\":");
        is_first = false;
        if (!add_field(field)) return false;
      }
      open_.pop_back();
    }
    json_ += '}';
    return true;
  }
  [[nodiscard]] const std::string& json() const { return json_; }

 private:
  static constexpr std::size_t deepest = 8;
  static constexpr std::size_t largest = std::size_t{1} << 20;

  bool add_field(const pb::FieldDescriptor& field) {
    if (field.is_map()) {
      const bool is_text = field.message_type()->map_key()->type() == pb::FieldDescriptor::TYPE_STRING;
      const bool is_bool = field.message_type()->map_key()->type() == pb::FieldDescriptor::TYPE_BOOL;
      json_.append("{\"").append(is_text ? "" : is_bool ? "false" : "0").append("\":");
      if (!add_value(*field.message_type()->map_value())) return false;
      json_ += '}';
      return true;
    }
    if (!field.is_repeated()) return add_value(field);
    json_ += '[';
    if (!add_value(field)) return false;
    json_ += ']';
    return true;
  }

  bool add_value(const pb::FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return add(*field.message_type());
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        // The one value of NullValue is no name in JSON.
        if (field.enum_type()->full_name() == "google.protobuf.NullValue") {
          json_ += "null";
        } else {
          json_.append("\"").append(field.default_value_enum()->name()).append("\"");
        }
        return true;
      case pb::FieldDescriptor::CPPTYPE_STRING:
        json_ += "\"\"";
        return true;
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        json_ += "false";
        return true;
      case pb::FieldDescriptor::CPPTYPE_INT64:
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        json_ += "\"0\"";
        return true;
      default:
        json_ += "0";
        return true;
    }
  }

  std::string json_;
  std::vector<const pb::Descriptor*> open_;
};

}  // namespace

std::optional<std::string> find_symbol(const services::DescribedFiles& files, std::string name) {
  std::replace(name.begin(), name.end(), '/', '.');
  if (name.starts_with('.')) name.erase(0, 1);
  pb::DebugStringOptions options;
  options.include_comments = true;
  const pb::DescriptorPool& pool = files.pool();
  if (const auto* found = pool.FindServiceByName(name)) return found->DebugStringWithOptions(options);
  if (const auto* found = pool.FindMessageTypeByName(name)) return found->DebugStringWithOptions(options);
  if (const auto* found = pool.FindMethodByName(name)) return found->DebugStringWithOptions(options);
  if (const auto* found = pool.FindEnumTypeByName(name)) return found->DebugStringWithOptions(options);
  if (const auto* found = pool.FindFieldByName(name)) return found->DebugStringWithOptions(options);
  if (const auto* found = pool.FindOneofByName(name)) return found->DebugStringWithOptions(options);
  if (const auto* found = pool.FindExtensionByName(name)) return found->DebugStringWithOptions(options);
  if (const auto* found = pool.FindEnumValueByName(name)) return found->DebugStringWithOptions(options);
  return std::nullopt;
}

std::optional<std::string> request_template(const services::DescribedFiles& files, const std::string& message) {
  const pb::Descriptor* const type = files.pool().FindMessageTypeByName(message);
  if (type == nullptr) return std::nullopt;
  Template made;
  if (!made.add(*type)) return "{}";
  return indented(made.json());
}

}  // namespace wasm_grpc::client
