#include "services/compatibility.h"

#include <google/protobuf/descriptor.h>

#include <set>
#include <utility>

namespace wasm_grpc::services {

namespace pb = google::protobuf;

namespace {

std::string text(const pb::FieldDescriptor& field) {
  return field.full_name() + " (" + std::to_string(field.number()) + ")";
}

/// "repeated string"
std::string type_text(const pb::FieldDescriptor& field) {
  std::string type = field.is_map()        ? "map"
                     : field.is_repeated() ? "repeated "
                     : field.is_required() ? "required "
                                           : "";
  if (!field.is_map()) type += field.type_name();
  return type;
}

const pb::MethodDescriptor* find(const KnownMethod& method) {
  if (method.files == nullptr) return nullptr;
  const auto parts = rpc::parse_method_path(method.path);
  if (!parts) return nullptr;
  const auto* const service = method.files->pool().FindServiceByName(std::string(parts->service));
  return service == nullptr ? nullptr : service->FindMethodByName(std::string(parts->method));
}

/// Compares types, and those of their fields, each pair once.
class Comparison {
 public:
  void compare(const pb::Descriptor& before, const pb::Descriptor& after) {
    waiting_.emplace_back(&before, &after);
    while (!waiting_.empty()) {  // not by recursion: a guest decides how deep it goes
      const auto [old_type, new_type] = waiting_.back();
      waiting_.pop_back();
      if (compared_.emplace(old_type, new_type).second) compare_fields(*old_type, *new_type);
    }
  }
  [[nodiscard]] std::vector<std::string> take() && { return std::move(changes_); }

 private:
  void compare_fields(const pb::Descriptor& before, const pb::Descriptor& after) {
    for (int i = 0; i < before.field_count(); ++i) {
      const pb::FieldDescriptor& old_field = *before.field(i);
      const pb::FieldDescriptor* const new_field = after.FindFieldByNumber(old_field.number());
      if (new_field != nullptr) {
        compare(old_field, *new_field);
        continue;
      }
      const pb::FieldDescriptor* const same_name = after.FindFieldByName(old_field.name());
      if (same_name != nullptr) {
        changes_.push_back("the field " + text(old_field) + " has the number " + std::to_string(same_name->number()));
      } else if (!after.IsReservedNumber(old_field.number())) {
        changes_.push_back("the field " + text(old_field) + " is gone, and its number is not reserved");
      }
    }
    for (int i = 0; i < after.field_count(); ++i) {
      const pb::FieldDescriptor& field = *after.field(i);
      if (field.is_required() && before.FindFieldByNumber(field.number()) == nullptr) {
        changes_.push_back("the field " + text(field) + " is new and required");
      }
    }
  }

  void compare(const pb::FieldDescriptor& before, const pb::FieldDescriptor& after) {
    const std::string old_type = type_text(before);
    const std::string new_type = type_text(after);
    if (old_type != new_type) {
      changes_.push_back("the field " + text(before) + " is " + new_type + ", and was " + old_type);
      return;
    }
    if (before.json_name() != after.json_name()) {
      changes_.push_back("the field " + text(before) + " is \"" + after.json_name() + "\" in JSON, and was \"" +
                         before.json_name() + "\"");
    }
    if (before.message_type() != nullptr) waiting_.emplace_back(before.message_type(), after.message_type());
    if (before.enum_type() != nullptr) compare(*before.enum_type(), *after.enum_type());
  }

  void compare(const pb::EnumDescriptor& before, const pb::EnumDescriptor& after) {
    if (!compared_enums_.emplace(&before, &after).second) return;
    for (int i = 0; i < before.value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *before.value(i);
      const std::string its =
          "the value " + value.name() + " (" + std::to_string(value.number()) + ") of " + before.full_name();
      if (const auto* const same_name = after.FindValueByName(value.name()); same_name != nullptr) {
        if (same_name->number() != value.number()) {
          changes_.push_back(its + " has the number " + std::to_string(same_name->number()));
        }
      } else if (after.FindValueByNumber(value.number()) != nullptr) {
        changes_.push_back(its + " has another name, which is what it is in JSON");
      } else if (!after.IsReservedNumber(value.number())) {
        changes_.push_back(its + " is gone, and its number is not reserved");
      }
    }
  }

  std::vector<std::pair<const pb::Descriptor*, const pb::Descriptor*>> waiting_;
  std::set<std::pair<const pb::Descriptor*, const pb::Descriptor*>> compared_;
  std::set<std::pair<const pb::EnumDescriptor*, const pb::EnumDescriptor*>> compared_enums_;
  std::vector<std::string> changes_;
};

}  // namespace

std::vector<std::string> breaking_changes(const KnownMethod& before, const KnownMethod* after) {
  if (after == nullptr) return {"the method " + before.path + " is gone"};
  if (before.kind != after->kind) {
    return {"the method " + before.path + " is " + std::string(rpc::name(after->kind)) + ", and was " +
            std::string(rpc::name(before.kind))};
  }
  const pb::MethodDescriptor* const old_method = find(before);
  if (old_method == nullptr) return {};
  const pb::MethodDescriptor* const new_method = find(*after);
  if (new_method == nullptr) return {"the method " + before.path + " is not described any more"};
  Comparison comparison;
  comparison.compare(*old_method->input_type(), *new_method->input_type());
  comparison.compare(*old_method->output_type(), *new_method->output_type());
  return std::move(comparison).take();
}

}  // namespace wasm_grpc::services
