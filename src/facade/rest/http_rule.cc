#include "facade/rest/http_rule.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <array>
#include <optional>
#include <string_view>

namespace wasm_grpc::facade::rest {

namespace pb = google::protobuf;

namespace {

// Numbers of google/api/annotations.proto and http.proto.
constexpr int http_extension = 72295728;
constexpr int get_field = 2;
constexpr int patch_field = 6;
constexpr std::array<std::string_view, 5> http_methods = {"GET", "PUT", "POST", "DELETE", "PATCH"};
constexpr int body_field = 7;
constexpr int custom_field = 8;
constexpr int additional_bindings_field = 11;
constexpr int response_body_field = 12;
constexpr int custom_kind_field = 1;
constexpr int custom_path_field = 2;

/// The fields of a message; nothing when the bytes are none. What is no text or message is not ours.
std::optional<std::vector<std::pair<int, std::string>>> fields_of(const std::string& bytes) {
  pb::UnknownFieldSet fields;
  if (!fields.ParseFromString(bytes)) return std::nullopt;
  std::vector<std::pair<int, std::string>> sized;
  for (int i = 0; i < fields.field_count(); ++i) {
    const pb::UnknownField& field = fields.field(i);
    if (field.type() == pb::UnknownField::TYPE_LENGTH_DELIMITED)
      sized.emplace_back(field.number(), field.length_delimited());
  }
  return sized;
}

/// Adds the rule that `bytes` are, and its additional bindings, which have none of their own.
bool add_rule(const std::string& bytes, bool is_additional, std::vector<HttpRule>& rules) {
  const auto fields = fields_of(bytes);
  if (!fields) return false;
  const std::size_t place = rules.size();
  rules.emplace_back();
  for (const auto& [number, value] : *fields) {
    if (number >= get_field && number <= patch_field) {
      rules[place].http_method = http_methods[static_cast<std::size_t>(number - get_field)];
      rules[place].path = value;
    } else if (number == body_field) {
      rules[place].body = value;
    } else if (number == response_body_field) {
      rules[place].response_body = value;
    } else if (number == custom_field) {
      const auto custom = fields_of(value);
      if (!custom) return false;
      for (const auto& [custom_number, text] : *custom) {
        if (custom_number == custom_kind_field) rules[place].http_method = text;
        if (custom_number == custom_path_field) rules[place].path = text;
      }
    } else if (number == additional_bindings_field) {
      if (is_additional || !add_rule(value, true, rules)) return false;
    }
  }
  return true;
}

}  // namespace

Result<std::vector<HttpRule>> http_rules(const pb::MethodDescriptor& method) {
  // Serialized, an extension that is known and one that is not are the same.
  const auto options = fields_of(method.options().SerializeAsString());
  std::vector<HttpRule> rules;
  std::string rule;
  for (const auto& [number, value] : *options) {
    if (number == http_extension) rule += value;  // parts of one message
  }
  if (rule.empty()) return rules;
  if (!add_rule(rule, false, rules)) return Error{"its google.api.http option is no HttpRule"};
  for (const HttpRule& each : rules) {
    if (each.path.empty() || each.http_method.empty()) {
      return Error{"its google.api.http option has a rule without a path or an HTTP method"};
    }
  }
  return rules;
}

}  // namespace wasm_grpc::facade::rest
