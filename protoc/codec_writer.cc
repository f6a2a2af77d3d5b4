// The source's side of messages: how they are read, written and compared.
#include <map>
#include <string>

#include "literal.h"
#include "message_writer.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

using Variables = std::map<std::string, std::string>;

Variables variables_of(const Field& field) {
  return {{"name", field.name},
          {"number", std::to_string(field.number())},
          {"codec", field.codec},
          {"key", field.key_codec},
          {"value", field.value},
          {"oneof", field.oneof},
          {"index", std::to_string(field.index)}};
}

/// Reads one value of a closed enum; `store` is a statement with `value`.
std::string read_closed(const std::string& store) {
  return "at_wg = wire_wg::read_closed<$value$>(field_wg, at_wg, end_wg, message_wg.unknown_fields, [&]($value$ "
         "value_wg) { " +
         store + " });\n";
}

/// The statement that reads one value of the field, in the terms of variables_of().
std::string read_statement(const Field& field) {
  switch (field.shape) {
    case Shape::implicit:
      return "at_wg = $codec$::read(at_wg, end_wg, depth_wg, message_wg.$name$);\n";
    case Shape::optional:
      if (field.closed) return read_closed("message_wg.$name$ = value_wg;");
      return "at_wg = $codec$::read(at_wg, end_wg, depth_wg, wire_wg::present(message_wg.$name$));\n";
    case Shape::repeated:
      if (field.closed) return read_closed("message_wg.$name$.push_back(value_wg);");
      return "at_wg = wire_wg::read_element<$codec$>(at_wg, end_wg, depth_wg, message_wg.$name$);\n";
    case Shape::map:
      if (field.closed) {
        return "at_wg = wire_wg::read_closed_entry<$key$, $codec$>(field_wg, at_wg, end_wg, depth_wg, "
               "message_wg.$name$, "
               "message_wg.unknown_fields);\n";
      }
      return "at_wg = wire_wg::read_entry<$key$, $codec$>(at_wg, end_wg, depth_wg, message_wg.$name$);\n";
    case Shape::alternative:
      if (field.large) {
        if (field.closed) return read_closed("message_wg.$oneof$.emplace<$value$>($index$, value_wg);");
        return "at_wg = $codec$::read(at_wg, end_wg, depth_wg, "
               "wire_wg::alternative<$value$>(message_wg.$oneof$, $index$));\n";
      }
      if (field.closed) return read_closed("message_wg.$oneof$.emplace<$index$>(value_wg);");
      return "at_wg = $codec$::read(at_wg, end_wg, depth_wg, wire_wg::alternative<$index$>(message_wg.$oneof$));\n";
  }
  return {};
}

std::string write_statement(const Field& field) {
  switch (field.shape) {
    case Shape::implicit:
      return "at_wg = wire_wg::write_unless_zero<$codec$>(at_wg, out_wg, $number$, message_wg.$name$);\n";
    case Shape::optional:
      return "at_wg = wire_wg::write_optional<$codec$>(at_wg, out_wg, $number$, message_wg.$name$);\n";
    case Shape::repeated:
      return field.descriptor->is_packed()
                 ? "at_wg = wire_wg::write_packed<$codec$>(at_wg, out_wg, $number$, message_wg.$name$);\n"
                 : "at_wg = wire_wg::write_repeated<$codec$>(at_wg, out_wg, $number$, message_wg.$name$);\n";
    case Shape::map:
      return "at_wg = wire_wg::write_map<$key$, $codec$>(at_wg, out_wg, $number$, message_wg.$name$);\n";
    case Shape::alternative:
      if (field.large) {
        return "at_wg = wire_wg::write_alternative<$codec$>(at_wg, out_wg, $number$, message_wg.$oneof$, $index$);\n";
      }
      return "at_wg = wire_wg::write_alternative<$index$, $codec$>(at_wg, out_wg, $number$, message_wg.$oneof$);\n";
  }
  return {};
}

void write_case(Printer& out, const Field& field, const std::string& type, const std::string& statement) {
  Variables variables = variables_of(field);
  out.Print(variables, ("      case wire_wg::tag($number$, " + type + "):  // $name$\n        ").c_str());
  out.Print(variables, statement.c_str());
  out.Print("        break;\n");
}

void write_merge(Printer& out, const Message& message) {
  out.Print(
      "const char* merge_fields(const char* at_wg, const char* end_wg, [[maybe_unused]] int depth_wg, std::uint32_t "
      "group_wg,\n"
      "                         $name$& message_wg) {\n"
      "  while (at_wg != end_wg) {\n"
      "    const char* const field_wg = at_wg;\n"
      "    std::uint32_t tag_wg = 0;\n"
      "    at_wg = wire_wg::read_tag(at_wg, end_wg, tag_wg);\n"
      "    if (at_wg == nullptr) return nullptr;\n"
      "    switch (tag_wg) {\n",
      "name", message.name);
  for (const Field& field : message.fields) {
    if (field.shape == Shape::map) {
      write_case(out, field, "wire_wg::Type::bytes", read_statement(field));
      continue;
    }
    write_case(out, field, field.codec + "::type", read_statement(field));
    if (!field.descriptor->is_packable()) continue;
    write_case(out, field, "wire_wg::Type::bytes",
               field.closed
                   ? "at_wg = wire_wg::read_packed_closed<$value$>(at_wg, end_wg, $number$, message_wg.$name$, "
                     "message_wg.unknown_fields);\n"
                   : "at_wg = wire_wg::read_packed<$codec$>(at_wg, end_wg, message_wg.$name$);\n");
  }
  out.Print(
      "      default:\n"
      "        if (wire_wg::ends_group(tag_wg)) return tag_wg == group_wg ? at_wg : nullptr;\n"
      "        at_wg = wire_wg::keep_unknown(field_wg, at_wg, end_wg, tag_wg, depth_wg, message_wg.unknown_fields);\n"
      "    }\n"
      "    if (at_wg == nullptr) return nullptr;\n"
      "  }\n"
      "  return group_wg == 0 ? at_wg : nullptr;\n"
      "}\n\n");
}

void write_write(Printer& out, const Message& message) {
  out.Print(
      "char* write_fields(char* at_wg, wire_wg::Encoder& out_wg, const $name$& message_wg) {\n"
      "  if (!message_wg.unknown_fields.empty()) at_wg = out_wg.bytes(at_wg, message_wg.unknown_fields);\n",
      "name", message.name);
  // The last field first: the encoder goes from the end to the beginning.
  for (auto field = message.fields.rbegin(); field != message.fields.rend(); ++field) {
    out.Print("  ");
    out.Print(variables_of(*field), write_statement(*field).c_str());
  }
  out.Print("  return at_wg;\n}\n\n");
}

void write_equality(Printer& out, const Message& message) {
  out.Print("bool operator==(const $name$& left_wg, const $name$& right_wg) {\n  return ", "name", message.name);
  for (const Field& field : message.fields) {
    if (field.shape != Shape::alternative) out.Print("left_wg.$name$ == right_wg.$name$ && ", "name", field.name);
  }
  for (const Oneof& oneof : message.oneofs) out.Print("left_wg.$name$ == right_wg.$name$ && ", "name", oneof.name);
  out.Print("left_wg.unknown_fields == right_wg.unknown_fields;\n}\n\n");
}

void write_initialized(Printer& out, const Message& message) {
  if (!may_lack_fields(message.descriptor)) return;
  out.Print("bool is_initialized(const $name$& message_wg) {\n", "name", message.name);
  for (const Field& field : message.fields) {
    const Variables variables = variables_of(field);
    if (field.descriptor->is_required()) out.Print(variables, "  if (!message_wg.$name$) return false;\n");
    if (!field.is_message()) continue;
    const pb::Descriptor& type = *field.descriptor->message_type();
    if (field.shape == Shape::map) {
      const pb::Descriptor* const mapped = type.map_value()->message_type();
      if (mapped == nullptr || !may_lack_fields(*mapped)) continue;
      out.Print(variables,
                "  for (const auto& entry_wg : message_wg.$name$) {\n"
                "    if (!is_initialized(entry_wg.second)) return false;\n"
                "  }\n");
      continue;
    }
    if (!may_lack_fields(type)) continue;
    if (field.shape == Shape::repeated) {
      out.Print(variables,
                "  for (const auto& value_wg : message_wg.$name$) {\n"
                "    if (!is_initialized(value_wg)) return false;\n"
                "  }\n");
    } else {
      out.Print(
          variables,
          field.shape == Shape::alternative
              ? "  if (const auto* value_wg = message_wg.$name$(); value_wg && !is_initialized(*value_wg)) return "
                "false;\n"
              : "  if (message_wg.$name$ && !is_initialized(*message_wg.$name$)) return false;\n");
    }
  }
  out.Print("  return true;\n}\n\n");
}

void write_indirect_setters(Printer& out, const Message& message) {
  for (const Field& field : message.fields) {
    if (field.shape != Shape::alternative || !field.indirect) continue;
    Variables variables = variables_of(field);
    variables["message"] = message.name;
    variables["setter"] = field.setter;
    out.Print(variables, "$value$& $message$::$setter$($value$ value_wg) {\n");
    out.Print(variables, field.large ? "  return $oneof$.emplace<$value$>($index$, std::move(value_wg));\n"
                                     : "  return *$oneof$.emplace<$index$>(std::move(value_wg));\n");
    out.Print("}\n\n");
  }
}

}  // namespace

void write_definitions(Printer& out, const Message& message) {
  write_merge(out, message);
  write_write(out, message);
  write_equality(out, message);
  write_initialized(out, message);
  write_indirect_setters(out, message);
}

}  // namespace wasm_grpc::protoc
