#include "validation_writer.h"

#include <buf/validate/validate.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "literal.h"
#include "wasm_grpc/guest/pattern.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;
namespace rules = buf::validate;

namespace {

using Type = pb::FieldDescriptor;

/// The rules that options have, as the extension 1159; an empty message where they have none.
template <typename Rules>
std::optional<Rules> rules_in(const pb::Message& options) {
  constexpr int extension = 1159;
  pb::UnknownFieldSet unknown;  // whether this program knows the extension or not
  if (!unknown.ParseFromString(options.SerializeAsString())) return std::nullopt;
  std::string bytes;
  bool is_there = false;
  for (int i = 0; i < unknown.field_count(); ++i) {
    const pb::UnknownField& field = unknown.field(i);
    if (field.number() != extension || field.type() != pb::UnknownField::TYPE_LENGTH_DELIMITED) continue;
    bytes += field.length_delimited();
    is_there = true;
  }
  Rules found;
  if (!is_there || !found.ParseFromString(bytes)) return std::nullopt;
  return found;
}

std::optional<rules::FieldRules> rules_of(const pb::FieldDescriptor& field) {
  return rules_in<rules::FieldRules>(field.options());
}

/// A number, bool, string or enum of a rule's message, as C++.
std::string literal(const pb::Message& message, const pb::FieldDescriptor& field, int index) {
  const pb::Reflection& reflection = *message.GetReflection();
  const auto get = [&](auto one, auto many) {
    return index < 0 ? (reflection.*one)(message, &field) : (reflection.*many)(message, &field, index);
  };
  const auto integer = [](auto value, const std::string& ending) {
    using Number = decltype(value);
    if constexpr (std::is_signed_v<Number>) {
      // There is no literal of the lowest number.
      if (value == std::numeric_limits<Number>::min()) return "(" + std::to_string(value + 1) + ending + " - 1)";
    }
    return std::to_string(value) + ending;
  };
  const auto floating = [](auto value, const std::string& type) -> std::string {
    if (std::isnan(value)) return "std::numeric_limits<" + type + ">::quiet_NaN()";
    if (std::isinf(value)) return (value < 0 ? "-" : "") + ("std::numeric_limits<" + type + ">::infinity()");
    char text[64];
    std::string digits(text, std::to_chars(text, text + sizeof text, value).ptr);
    if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
    return "static_cast<" + type + ">(" + digits + ")";
  };
  switch (field.cpp_type()) {
    case Type::CPPTYPE_INT32:
      return integer(get(&pb::Reflection::GetInt32, &pb::Reflection::GetRepeatedInt32), "");
    case Type::CPPTYPE_INT64:
      return integer(get(&pb::Reflection::GetInt64, &pb::Reflection::GetRepeatedInt64), "LL");
    case Type::CPPTYPE_UINT32:
      return integer(get(&pb::Reflection::GetUInt32, &pb::Reflection::GetRepeatedUInt32), "U");
    case Type::CPPTYPE_UINT64:
      return integer(get(&pb::Reflection::GetUInt64, &pb::Reflection::GetRepeatedUInt64), "ULL");
    case Type::CPPTYPE_FLOAT:
      return floating(get(&pb::Reflection::GetFloat, &pb::Reflection::GetRepeatedFloat), "float");
    case Type::CPPTYPE_DOUBLE:
      return floating(get(&pb::Reflection::GetDouble, &pb::Reflection::GetRepeatedDouble), "double");
    case Type::CPPTYPE_BOOL:
      return get(&pb::Reflection::GetBool, &pb::Reflection::GetRepeatedBool) ? "true" : "false";
    default: {
      const std::string text = get(&pb::Reflection::GetString, &pb::Reflection::GetRepeatedString);
      return "std::string_view(" + string_literal(text, 8) + ", " + std::to_string(text.size()) + ")";
    }
  }
}

/// Checks of one value, as statements; and what of its rules there is none for.
struct Checks {
  std::vector<std::string> statements;
  std::vector<std::string> not_enforced;
};

/// What is said of one value of a scalar type: `value` is an expression, `type` its type in C++.
class ValueChecks {
 public:
  ValueChecks(Checks& out, const rules::FieldRules& all, const pb::FieldDescriptor& field, std::string value,
              std::string type)
      : out_(out), field_(field), value_(std::move(value)), type_(std::move(type)) {
    if (all.cel_size() > 0 || all.cel_expression_size() > 0) out_.not_enforced.emplace_back("cel");
    const pb::FieldDescriptor* const which =
        all.GetReflection()->GetOneofFieldDescriptor(all, all.GetDescriptor()->FindOneofByName("type"));
    if (which == nullptr) return;
    const pb::Message& own = all.GetReflection()->GetMessage(all, which);
    name_ = which->name();
    std::vector<const pb::FieldDescriptor*> set;
    own.GetReflection()->ListFields(own, &set);
    const bool is_number =
        own.GetDescriptor()->FindFieldByName("gt") != nullptr && field.cpp_type() != Type::CPPTYPE_MESSAGE;
    if (is_number) bounds(own);
    for (const pb::FieldDescriptor* rule : set) {
      if (!one(own, *rule, is_number)) out_.not_enforced.push_back(name_ + "." + rule->name());
    }
  }

 private:
  void add(const std::string& check, const std::string& more) {
    out_.statements.push_back("violations_wg." + check + "(" + more + ");");
  }
  [[nodiscard]] std::string quoted_name() const { return "\"" + name_ + "\""; }

  void bounds(const pb::Message& own) {
    std::string list;
    for (const char* bound : {"gt", "gte", "lt", "lte"}) {
      const pb::FieldDescriptor& rule = *own.GetDescriptor()->FindFieldByName(bound);
      if (own.GetReflection()->HasField(own, &rule)) {
        list += (list.empty() ? "." : ", .") + std::string(bound) + " = " + literal(own, rule, -1);
      }
    }
    if (!list.empty()) add("range<" + type_ + ">", quoted_name() + ", " + value_ + ", {" + list + "}");
  }

  bool one(const pb::Message& own, const pb::FieldDescriptor& rule, bool is_number) {
    const std::string& name = rule.name();
    if (name == "example") return true;
    if (is_number && (name == "gt" || name == "gte" || name == "lt" || name == "lte")) return true;
    const bool is_enum = name_ == "enum";
    if (field_.cpp_type() == Type::CPPTYPE_MESSAGE) return false;
    if (name == "const" || name == "in" || name == "not_in") {
      list(own, rule, is_enum);
      return true;
    }
    if (is_enum && name == "defined_only") {
      if (own.GetReflection()->GetBool(own, &rule)) {
        out_.statements.push_back("if (!is_known(" + value_ +
                                  ")) violations_wg.add(\"enum.defined_only\", \"must be a value of the .proto\");");
      }
      return true;
    }
    if (name == "finite") {
      if (own.GetReflection()->GetBool(own, &rule)) add("finite", quoted_name() + ", " + value_);
      return true;
    }
    if (name_ == "string" || name_ == "bytes") return text(own, rule);
    return false;
  }

  void list(const pb::Message& own, const pb::FieldDescriptor& rule, bool is_enum) {
    const auto as_value = [&](const std::string& number) {
      return is_enum ? "static_cast<" + type_ + ">(" + number + ")" : number;
    };
    const bool is_text = rule.cpp_type() == Type::CPPTYPE_STRING;
    const std::string value = is_text ? "std::string_view(" + value_ + ")" : value_;
    if (rule.name() == "const")
      return add("constant", quoted_name() + ", " + value + ", " + as_value(literal(own, rule, -1)));
    std::string all;
    for (int i = 0; i < own.GetReflection()->FieldSize(own, &rule); ++i) {
      all += (i > 0 ? ", " : "") + as_value(literal(own, rule, i));
    }
    add(rule.name() == "in" ? "one_of" : "none_of", quoted_name() + ", " + value + ", {" + all + "}");
  }

  bool text(const pb::Message& own, const pb::FieldDescriptor& rule) {
    const std::string& name = rule.name();
    const auto size = [&](const char* check, bool in_bytes) {
      const std::string measured =
          in_bytes ? value_ + ".size()" : "::wasm_grpc::guest::Violations::characters(" + value_ + ")";
      add(check, "\"" + name_ + "." + name + "\", " + measured + ", " + literal(own, rule, -1) +
                     (in_bytes ? ", \"bytes\"" : ", \"characters\""));
    };
    const bool in_bytes = name_ == "bytes" || name.ends_with("_bytes");
    if (name == "len" || name == "len_bytes") return size("exactly", in_bytes), true;
    if (name == "min_len" || name == "min_bytes") return size("at_least", in_bytes), true;
    if (name == "max_len" || name == "max_bytes") return size("at_most", in_bytes), true;
    if (name == "prefix" || name == "suffix" || name == "contains") {
      add(name, quoted_name() + ", " + value_ + ", " + literal(own, rule, -1));
      return true;
    }
    if (name == "not_contains")
      return add("contains_not", quoted_name() + ", " + value_ + ", " + literal(own, rule, -1)), true;
    if (name == "pattern") {
      const std::string pattern = own.GetReflection()->GetString(own, &rule);
      if (const guest::Pattern read(pattern); !read.error().empty()) {
        out_.not_enforced.push_back(name_ + ".pattern, with " + read.error());
        return true;
      }
      const std::string text = literal(own, rule, -1);
      out_.statements.push_back("static const ::wasm_grpc::guest::Pattern pattern_wg(" + text + ");");
      add("pattern", quoted_name() + ", " + value_ + ", pattern_wg, " + text);
      return true;
    }
    if (name_ == "string" && (name == "uuid" || name == "hostname" || name == "email")) {
      if (own.GetReflection()->GetBool(own, &rule)) add(name, value_);
      return true;
    }
    return false;
  }

  Checks& out_;
  const pb::FieldDescriptor& field_;
  std::string value_;
  std::string type_;
  std::string name_;
};

/// Checks of one value of any type, and of what is within a message.
Checks value_checks(const std::optional<rules::FieldRules>& own, const pb::FieldDescriptor& field,
                    const std::string& value, const std::string& type) {
  Checks checks;
  if (own && own->ignore() == rules::IGNORE_ALWAYS) return checks;
  if (own) ValueChecks(checks, *own, field, value, type);
  if (field.message_type() != nullptr && has_rules(*field.message_type())) {
    checks.statements.push_back("validate_fields(" + value + ", violations_wg);");
  }
  if (own && own->ignore() == rules::IGNORE_IF_ZERO_VALUE && field.cpp_type() != Type::CPPTYPE_MESSAGE &&
      !checks.statements.empty()) {
    std::string all;
    for (const std::string& statement : checks.statements) all += statement + " ";
    checks.statements = {"if (!(" + value + " == " + type + "())) { " + all + "}"};
  }
  return checks;
}

struct FieldChecks {
  Checks of_field;    // of a list or map as a whole, or of the value
  Checks of_key;      // of each
  Checks of_element;  // of each
  bool required = false;
};

FieldChecks checks_of(const pb::FieldDescriptor& field, const std::string& expression, const std::string& type,
                      const std::string& key_type) {
  FieldChecks checks;
  const auto own = rules_of(field);
  if (own && own->ignore() == rules::IGNORE_ALWAYS) return checks;
  checks.required = own && own->required();
  if (!field.is_repeated()) {
    checks.of_field = value_checks(own, field, expression, type);
    return checks;
  }
  if (own && (own->cel_size() > 0 || own->cel_expression_size() > 0)) checks.of_field.not_enforced.emplace_back("cel");
  const auto bound = [&](const char* check, const char* rule, std::uint64_t number, const char* unit) {
    checks.of_field.statements.push_back("violations_wg." + std::string(check) + "(\"" + rule + "\", " + expression +
                                         ".size(), " + std::to_string(number) + ", \"" + unit + "\");");
  };
  if (field.is_map()) {
    const pb::Descriptor& entry = *field.message_type();
    const rules::MapRules of = own ? own->map() : rules::MapRules();
    if (of.has_min_pairs()) bound("at_least", "map.min_pairs", of.min_pairs(), "pairs");
    if (of.has_max_pairs()) bound("at_most", "map.max_pairs", of.max_pairs(), "pairs");
    checks.of_key =
        value_checks(of.has_keys() ? std::optional(of.keys()) : std::nullopt, *entry.map_key(), "key_wg", key_type);
    checks.of_element =
        value_checks(of.has_values() ? std::optional(of.values()) : std::nullopt, *entry.map_value(), "value_wg", type);
    return checks;
  }
  const rules::RepeatedRules of = own ? own->repeated() : rules::RepeatedRules();
  if (of.has_min_items()) bound("at_least", "repeated.min_items", of.min_items(), "items");
  if (of.has_max_items()) bound("at_most", "repeated.max_items", of.max_items(), "items");
  if (of.unique()) {
    if (field.cpp_type() == Type::CPPTYPE_MESSAGE) {
      checks.of_field.not_enforced.emplace_back("repeated.unique, of messages");
    } else {
      checks.of_field.statements.push_back("violations_wg.unique(" + expression + ");");
    }
  }
  checks.of_element = value_checks(of.has_items() ? std::optional(of.items()) : std::nullopt, field, "value_wg", type);
  return checks;
}

bool has_own_rules(const pb::Descriptor& message) {
  if (rules_in<rules::MessageRules>(message.options())) return true;
  for (int i = 0; i < message.oneof_decl_count(); ++i) {
    if (rules_in<rules::OneofRules>(message.oneof_decl(i)->options())) return true;
  }
  for (int i = 0; i < message.field_count(); ++i) {
    if (rules_of(*message.field(i))) return true;
  }
  return false;
}

void print_all(Printer& out, const std::vector<std::string>& statements, const std::string& indent) {
  for (const std::string& statement : statements) out.PrintRaw(indent + statement + "\n");
}

void write_repeated(Printer& out, const Field& field, const FieldChecks& checks, const std::string& expression) {
  if (checks.required) out.PrintRaw("    violations_wg.required(!" + expression + ".empty());\n");
  print_all(out, checks.of_field.statements, "    ");
  if (checks.of_element.statements.empty() && checks.of_key.statements.empty()) return;
  if (field.shape == Shape::map) {
    out.PrintRaw("    for (const auto& [key_wg, value_wg] : " + expression +
                 ") {\n"
                 "      if (violations_wg.is_full()) return;\n"
                 "      const auto entry_wg = violations_wg.entry(key_wg);\n"
                 "      (void)value_wg;\n");
    for (const std::vector<std::string>* statements : {&checks.of_key.statements, &checks.of_element.statements}) {
      out.PrintRaw("      {\n");  // each may have a pattern
      print_all(out, *statements, "        ");
      out.PrintRaw("      }\n");
    }
  } else {
    out.PrintRaw("    for (std::size_t i_wg = 0; i_wg < " + expression +
                 ".size(); ++i_wg) {\n"
                 "      if (violations_wg.is_full()) return;\n"
                 "      const auto element_wg = violations_wg.element(i_wg);\n"
                 "      const auto& value_wg = " +
                 expression + "[i_wg];\n");
    print_all(out, checks.of_element.statements, "      ");
  }
  out.PrintRaw("    }\n");
}

void write_field(Printer& out, const Field& field) {
  const pb::FieldDescriptor& proto = *field.descriptor;
  const std::string member = "message_wg." + field.name;
  const bool is_plain = field.shape == Shape::implicit || proto.is_repeated();
  const FieldChecks checks = checks_of(proto, is_plain ? member : "value_wg", field.value, field.key);
  const bool none = checks.of_field.statements.empty() && checks.of_key.statements.empty() &&
                    checks.of_element.statements.empty() && !checks.required;
  if (none) return;
  out.PrintRaw("  {\n    const auto field_wg = violations_wg.field(\"" + proto.name() + "\");\n");
  if (proto.is_repeated()) {
    write_repeated(out, field, checks, member);
  } else if (is_plain) {
    if (checks.required) {
      out.PrintRaw("    violations_wg.required(!(" + member + " == " + field.value + "()));\n");
    }
    print_all(out, checks.of_field.statements, "    ");
  } else {
    const std::string found = field.shape == Shape::alternative ? member + "()" : member;
    out.PrintRaw("    if (const auto& found_wg = " + found +
                 "; found_wg) {\n"
                 "      [[maybe_unused]] const auto& value_wg = *found_wg;\n");
    print_all(out, checks.of_field.statements, "      ");
    out.PrintRaw(checks.required ? "    } else {\n      violations_wg.required(false);\n    }\n" : "    }\n");
  }
  out.PrintRaw("  }\n");
}

}  // namespace

bool has_rules(const pb::Descriptor& message) {
  std::set<const pb::Descriptor*> seen = {&message};
  std::vector<const pb::Descriptor*> open = {&message};
  while (!open.empty()) {
    const pb::Descriptor& next = *open.back();
    open.pop_back();
    // Google's own have no code of checks: they are generated without.
    if (next.file()->name().starts_with("google/protobuf/")) continue;
    if (has_own_rules(next)) return true;
    for (int i = 0; i < next.field_count(); ++i) {
      const pb::Descriptor* const inner = next.field(i)->message_type();
      if (inner != nullptr && seen.insert(inner).second) open.push_back(inner);
    }
  }
  return false;
}

std::vector<std::string> rules_not_enforced(const pb::Descriptor& message) {
  std::vector<std::string> all;
  if (const auto own = rules_in<rules::MessageRules>(message.options())) {
    if (own->cel_size() > 0 || own->cel_expression_size() > 0) all.push_back(message.full_name() + ": cel");
    if (own->oneof_size() > 0) all.push_back(message.full_name() + ": oneof of fields");
  }
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    const FieldChecks checks = checks_of(field, "", "", "");
    for (const Checks* of : {&checks.of_field, &checks.of_key, &checks.of_element}) {
      for (const std::string& rule : of->not_enforced) all.push_back(field.full_name() + ": " + rule);
    }
  }
  for (int i = 0; i < message.nested_type_count(); ++i) {
    for (std::string& rule : rules_not_enforced(*message.nested_type(i))) all.push_back(std::move(rule));
  }
  return all;
}

void write_validation_declarations(Printer& out, const Message& message) {
  out.Print(
      "/// Collects what the message breaks of the rules in the .proto.\n"
      "void validate_fields(const $name$&, ::wasm_grpc::guest::Violations&);\n"
      "/// The same as a status; nothing where it keeps to them. Services ask for it before their methods are called.\n"
      "[[nodiscard]] std::optional<::wasm_grpc::guest::Status> broken_rules(const $name$&);\n",
      "name", message.name);
}

void write_validation(Printer& out, const Message& message) {
  out.Print(
      "void validate_fields([[maybe_unused]] const $name$& message_wg, ::wasm_grpc::guest::Violations& violations_wg) "
      "{\n"
      "  if (violations_wg.is_full()) return;\n",
      "name", message.name);
  for (const Field& field : message.fields) write_field(out, field);
  for (const Oneof& oneof : message.oneofs) {
    const auto own = rules_in<rules::OneofRules>(oneof.descriptor->options());
    if (!own || !own->required()) continue;
    out.PrintRaw("  {\n    const auto field_wg = violations_wg.field(\"" + oneof.descriptor->name() +
                 "\");\n    violations_wg.required(message_wg." + oneof.name + ".index() != 0);\n  }\n");
  }
  out.Print(
      "}\n\n"
      "std::optional<::wasm_grpc::guest::Status> broken_rules(const $name$& message_wg) {\n"
      "  ::wasm_grpc::guest::Violations violations_wg;\n"
      "  validate_fields(message_wg, violations_wg);\n"
      "  if (violations_wg.empty()) return std::nullopt;\n"
      "  return violations_wg.status();\n"
      "}\n\n",
      "name", message.name);
}

}  // namespace wasm_grpc::protoc
