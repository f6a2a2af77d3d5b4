// The header's side of messages and enums.
#include <google/protobuf/descriptor.pb.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "literal.h"
#include "message_writer.h"
#include "names.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

void write_member(Printer& out, const Field& field) {
  out.PrintRaw(comment_of(*field.descriptor, 2));
  if (field.descriptor->options().deprecated()) out.Print("  /// Deprecated.\n");
  // The initializer spares those who name only some members a warning; it needs the type.
  out.Print("  $type$ $name$$zero$;\n", "type", field.type(), "name", field.name, "zero", field.incomplete ? "" : "{}");
}

void write_oneof(Printer& out, const Oneof& oneof) {
  out.Print("  enum class $type$ : std::size_t { $not_set$", "type", oneof.case_type, "not_set", oneof.not_set);
  for (const Field* field : oneof.fields) out.Print(", $name$", "name", field->case_name);
  out.Print(" };\n");
  out.PrintRaw(comment_of(*oneof.descriptor, 2));
  out.Print("  /// oneof:");
  for (const Field* field : oneof.fields) out.Print(" $name$", "name", field->descriptor->name());
  if (oneof.large) {
    out.Print("\n  ::wasm_grpc::guest::LargeOneof $name${};\n", "name", oneof.name);
    return;
  }
  out.Print("\n  std::variant<std::monostate");
  for (const Field* field : oneof.fields) out.Print(", $type$", "type", field->type());
  out.Print("> $name${};\n", "name", oneof.name);
}

void write_accessors(Printer& out, const Oneof& oneof) {
  out.Print(
      "\n  /// Which alternative of `$name$` is set.\n"
      "  [[nodiscard]] $type$ $getter$() const noexcept { return static_cast<$type$>($name$.index()); }\n",
      "name", oneof.name, "type", oneof.case_type, "getter", oneof.case_getter);
  for (const Field* field : oneof.fields) {
    out.PrintRaw(comment_of(*field->descriptor, 2));
    std::map<std::string, std::string> names = {{"value", field->value},
                                                {"name", field->name},
                                                {"setter", field->setter},
                                                {"oneof", oneof.name},
                                                {"index", std::to_string(field->index)}};
    out.Print(names, "  /// Null unless `$oneof$` is this.\n");
    if (field->large) {
      out.Print(names,
                "  [[nodiscard]] const $value$* $name$() const noexcept { return $oneof$.get<$value$>($index$); }\n"
                "  [[nodiscard]] $value$* $name$() noexcept { return $oneof$.get<$value$>($index$); }\n");
    } else if (field->indirect) {
      out.Print(names,
                "  [[nodiscard]] const $value$* $name$() const noexcept {\n"
                "    const auto* const found_wg = std::get_if<$index$>(&$oneof$);\n"
                "    return found_wg != nullptr ? found_wg->get() : nullptr;\n"
                "  }\n"
                "  [[nodiscard]] $value$* $name$() noexcept {\n"
                "    auto* const found_wg = std::get_if<$index$>(&$oneof$);\n"
                "    return found_wg != nullptr ? found_wg->get() : nullptr;\n"
                "  }\n");
    } else {
      out.Print(names,
                "  [[nodiscard]] const $value$* $name$() const noexcept { return std::get_if<$index$>(&$oneof$); }\n"
                "  [[nodiscard]] $value$* $name$() noexcept { return std::get_if<$index$>(&$oneof$); }\n");
    }
    if (field->indirect) {
      out.Print(names, "  $value$& $setter$($value$ value_wg);\n");
    } else {
      names["emplace"] =
          field->large ? "emplace<" + field->value + ">(" + names["index"] + ", " : "emplace<" + names["index"] + ">(";
      out.Print(names, "  $value$& $setter$($value$ value_wg) { return $oneof$.$emplace$std::move(value_wg)); }\n");
    }
  }
}

void write_default(Printer& out, const Field& field) {
  std::map<std::string, std::string> names = {
      {"name", field.name}, {"getter", field.or_default}, {"type", field.value}};
  if (field.closed || field.descriptor->cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
    names["value"] =
        "static_cast<" + field.value + ">(" + std::to_string(field.descriptor->default_value_enum()->number()) + ")";
  } else {
    names["value"] = default_literal(*field.descriptor);
  }
  out.Print(names, "\n  /// `$name$`, or the default of the .proto.\n");
  if (field.value == "std::string") {
    out.Print(names,
              "  [[nodiscard]] std::string_view $getter$() const noexcept {\n"
              "    return $name$ ? std::string_view(*$name$) : $value$;\n"
              "  }\n");
  } else {
    out.Print(names, "  [[nodiscard]] $type$ $getter$() const noexcept { return $name$.value_or($value$); }\n");
  }
}

}  // namespace

void write_enum(Printer& out, const pb::EnumDescriptor& enumeration) {
  const std::string name = Names::type(enumeration);
  out.PrintRaw(comment_of(enumeration, 0));
  out.Print("enum class $name$ : std::int32_t {\n", "name", name);
  std::set<int> numbers;
  std::string known;
  std::string names;
  Scope scope({});
  for (int i = 0; i < enumeration.value_count(); ++i) {
    const pb::EnumValueDescriptor& value = *enumeration.value(i);
    const std::string enumerator = scope.take(identifier(value.name()));
    out.PrintRaw(comment_of(value, 2));
    // The lowest number has no literal.
    out.Print("  $name$ = $number$,\n", "name", enumerator, "number",
              value.number() == INT32_MIN ? "-2147483647 - 1" : std::to_string(value.number()));
    if (!numbers.insert(value.number()).second) continue;  // an alias
    known += "    case " + name + "::" + enumerator + ":\n";
    names += "    case " + name + "::" + enumerator + ":\n      return \"" + value.name() + "\";\n";
  }
  out.Print(
      "};\n"
      "/// Whether the .proto has a name for the value: there may be others, from those who have a newer one.\n"
      "[[nodiscard]] constexpr bool is_known($name$ value_wg) noexcept {\n"
      "  switch (value_wg) {\n"
      "$known$"
      "      return true;\n"
      "  }\n"
      "  return false;\n"
      "}\n"
      "/// The value's name in the .proto; empty where it has none.\n"
      "[[nodiscard]] constexpr std::string_view to_string($name$ value_wg) noexcept {\n"
      "  switch (value_wg) {\n"
      "$names$"
      "  }\n"
      "  return {};\n"
      "}\n\n",
      "name", name, "known", known, "names", names);
}

void write_struct(Printer& out, const Message& message) {
  out.PrintRaw(comment_of(message.descriptor, 0));
  out.Print("struct $name$ {\n", "name", message.name);
  for (const auto& [alias, type] : message.aliases) {
    out.Print("  using $alias$ = $type$;\n", "alias", alias, "type", type);
  }
  out.Print("  static constexpr std::string_view full_name = \"$name$\";\n\n", "name", message.descriptor.full_name());

  // In the order of the .proto; a oneof where its first field is.
  for (int i = 0; i < message.descriptor.field_count(); ++i) {
    const pb::FieldDescriptor* const proto = message.descriptor.field(i);
    for (const Field& field : message.fields) {
      if (field.descriptor == proto && field.shape != Shape::alternative) write_member(out, field);
    }
    for (const Oneof& oneof : message.oneofs) {
      if (oneof.descriptor->field(0) == proto) write_oneof(out, oneof);
    }
  }
  out.Print(
      "  /// Fields this .proto does not know, as they came; they are written again, after the others.\n"
      "  std::string unknown_fields{};\n");
  for (const Oneof& oneof : message.oneofs) write_accessors(out, oneof);
  for (const Field& field : message.fields) {
    if (!field.or_default.empty()) write_default(out, field);
  }
  out.Print("};\n\n");
}

void write_declarations(Printer& out, const Message& message) {
  out.Print(
      "const char* merge_fields(const char*, const char*, int, std::uint32_t, $name$&);\n"
      "[[nodiscard]] char* write_fields(char*, ::wasm_grpc::guest::wire::Encoder&, const $name$&);\n"
      "[[nodiscard]] bool operator==(const $name$&, const $name$&);\n",
      "name", message.name);
  if (may_lack_fields(message.descriptor)) {
    out.Print(
        "/// Whether all required fields are there.\n"
        "[[nodiscard]] bool is_initialized(const $name$&);\n",
        "name", message.name);
  }
}

}  // namespace wasm_grpc::protoc
