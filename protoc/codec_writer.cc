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
  return "at = wire_::read_closed<$value$>(field, at, end, message.unknown_fields, [&]($value$ value) { " + store +
         " });\n";
}

/// The statement that reads one value of the field, in the terms of variables_of().
std::string read_statement(const Field& field) {
  switch (field.shape) {
    case Shape::implicit:
      return "at = $codec$::read(at, end, depth, message.$name$);\n";
    case Shape::optional:
      if (field.closed) return read_closed("message.$name$ = value;");
      return "at = $codec$::read(at, end, depth, wire_::present(message.$name$));\n";
    case Shape::repeated:
      if (field.closed) return read_closed("message.$name$.push_back(value);");
      return "at = wire_::read_element<$codec$>(at, end, depth, message.$name$);\n";
    case Shape::map:
      if (field.closed) {
        return "at = wire_::read_closed_entry<$key$, $codec$>(field, at, end, depth, message.$name$, "
               "message.unknown_fields);\n";
      }
      return "at = wire_::read_entry<$key$, $codec$>(at, end, depth, message.$name$);\n";
    case Shape::alternative:
      if (field.closed) return read_closed("message.$oneof$.emplace<$index$>(value);");
      return "at = $codec$::read(at, end, depth, wire_::alternative<$index$>(message.$oneof$));\n";
  }
  return {};
}

std::string write_statement(const Field& field) {
  switch (field.shape) {
    case Shape::implicit:
      return "at = wire_::write_unless_zero<$codec$>(at, out, $number$, message.$name$);\n";
    case Shape::optional:
      return "at = wire_::write_optional<$codec$>(at, out, $number$, message.$name$);\n";
    case Shape::repeated:
      return field.descriptor->is_packed()
                 ? "at = wire_::write_packed<$codec$>(at, out, $number$, message.$name$);\n"
                 : "at = wire_::write_repeated<$codec$>(at, out, $number$, message.$name$);\n";
    case Shape::map:
      return "at = wire_::write_map<$key$, $codec$>(at, out, $number$, message.$name$);\n";
    case Shape::alternative:
      return "at = wire_::write_alternative<$index$, $codec$>(at, out, $number$, message.$oneof$);\n";
  }
  return {};
}

void write_case(Printer& out, const Field& field, const std::string& type, const std::string& statement) {
  Variables variables = variables_of(field);
  out.Print(variables, ("      case wire_::tag($number$, " + type + "):  // $name$\n        ").c_str());
  out.Print(variables, statement.c_str());
  out.Print("        break;\n");
}

void write_merge(Printer& out, const Message& message) {
  out.Print(
      "const char* merge_fields(const char* at, const char* end, [[maybe_unused]] int depth, std::uint32_t group,\n"
      "                         $name$& message) {\n"
      "  while (at != end) {\n"
      "    const char* const field = at;\n"
      "    std::uint32_t tag = 0;\n"
      "    at = wire_::read_tag(at, end, tag);\n"
      "    if (at == nullptr) return nullptr;\n"
      "    switch (tag) {\n",
      "name", message.name);
  for (const Field& field : message.fields) {
    if (field.shape == Shape::map) {
      write_case(out, field, "wire_::Type::bytes", read_statement(field));
      continue;
    }
    write_case(out, field, field.codec + "::type", read_statement(field));
    if (!field.descriptor->is_packable()) continue;
    write_case(out, field, "wire_::Type::bytes",
               field.closed ? "at = wire_::read_packed_closed<$value$>(at, end, $number$, message.$name$, "
                              "message.unknown_fields);\n"
                            : "at = wire_::read_packed<$codec$>(at, end, message.$name$);\n");
  }
  out.Print(
      "      default:\n"
      "        if (wire_::ends_group(tag)) return tag == group ? at : nullptr;\n"
      "        at = wire_::keep_unknown(field, at, end, tag, depth, message.unknown_fields);\n"
      "    }\n"
      "    if (at == nullptr) return nullptr;\n"
      "  }\n"
      "  return group == 0 ? at : nullptr;\n"
      "}\n\n");
}

void write_write(Printer& out, const Message& message) {
  out.Print(
      "char* write_fields(char* at, wire_::Encoder& out, const $name$& message) {\n"
      "  if (!message.unknown_fields.empty()) at = out.bytes(at, message.unknown_fields);\n",
      "name", message.name);
  // The last field first: the encoder goes from the end to the beginning.
  for (auto field = message.fields.rbegin(); field != message.fields.rend(); ++field) {
    out.Print("  ");
    out.Print(variables_of(*field), write_statement(*field).c_str());
  }
  out.Print("  return at;\n}\n\n");
}

void write_equality(Printer& out, const Message& message) {
  out.Print("bool operator==(const $name$& left, const $name$& right) {\n  return ", "name", message.name);
  for (const Field& field : message.fields) {
    if (field.shape != Shape::alternative) out.Print("left.$name$ == right.$name$ && ", "name", field.name);
  }
  for (const Oneof& oneof : message.oneofs) out.Print("left.$name$ == right.$name$ && ", "name", oneof.name);
  out.Print("left.unknown_fields == right.unknown_fields;\n}\n\n");
}

void write_initialized(Printer& out, const Message& message) {
  if (!may_lack_fields(message.descriptor)) return;
  out.Print("bool is_initialized(const $name$& message) {\n", "name", message.name);
  for (const Field& field : message.fields) {
    const Variables variables = variables_of(field);
    if (field.descriptor->is_required()) out.Print(variables, "  if (!message.$name$) return false;\n");
    if (!field.is_message()) continue;
    const pb::Descriptor& type = *field.descriptor->message_type();
    if (field.shape == Shape::map) {
      const pb::Descriptor* const mapped = type.map_value()->message_type();
      if (mapped == nullptr || !may_lack_fields(*mapped)) continue;
      out.Print(variables,
                "  for (const auto& entry : message.$name$) {\n"
                "    if (!is_initialized(entry.second)) return false;\n"
                "  }\n");
      continue;
    }
    if (!may_lack_fields(type)) continue;
    if (field.shape == Shape::repeated) {
      out.Print(variables,
                "  for (const auto& value : message.$name$) {\n"
                "    if (!is_initialized(value)) return false;\n"
                "  }\n");
    } else {
      out.Print(variables, field.shape == Shape::alternative
                               ? "  if (const auto* value = message.$name$(); value && !is_initialized(*value)) return "
                                 "false;\n"
                               : "  if (message.$name$ && !is_initialized(*message.$name$)) return false;\n");
    }
  }
  out.Print("  return true;\n}\n\n");
}

void write_indirect_setters(Printer& out, const Message& message) {
  for (const Field& field : message.fields) {
    if (field.shape != Shape::alternative || !field.indirect) continue;
    out.Print(
        "$value$& $message$::$setter$($value$ new_value) {\n"
        "  return *$oneof$.emplace<$index$>(std::move(new_value));\n"
        "}\n\n",
        "value", field.value, "message", message.name, "setter", field.setter, "oneof", field.oneof, "index",
        std::to_string(field.index));
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
