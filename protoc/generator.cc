#include "generator.h"

#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <algorithm>
#include <cctype>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "descriptors.h"
#include "field.h"
#include "literal.h"
#include "message_order.h"
#include "message_writer.h"
#include "names.h"
#include "service_writer.h"
#include "validation_writer.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

constexpr std::string_view header_ending = ".guest.h";
constexpr std::string_view source_ending = ".guest.cc";

/// One file being generated.
class FileWriter {
 public:
  FileWriter(const pb::FileDescriptor& file, const Names& names, const OriginalFiles& originals, bool validate)
      : file_(file), names_(names), originals_(originals), validate_(validate) {
    for (const OrderedMessage& ordered : order_messages(file)) messages_.emplace_back(ordered, names);
    for (int i = 0; i < file.enum_type_count(); ++i) enums_.push_back(file.enum_type(i));
    for (int i = 0; i < file.message_type_count(); ++i) add_enums(*file.message_type(i));
  }

  /// Two things of one name in C++, such as a message A_B and a message B within A; empty when there are none.
  [[nodiscard]] std::string clash() const {
    std::map<std::string, std::string> seen;
    std::string complaint;
    const auto add = [&](const std::string& name, const std::string& full_name) {
      const auto [other, is_new] = seen.emplace(name, full_name);
      if (is_new || !complaint.empty()) return;
      complaint = other->second + " and " + full_name + " would both be called " + name + " in C++; rename one of them";
    };
    for (const pb::EnumDescriptor* enumeration : enums_) add(Names::type(*enumeration), enumeration->full_name());
    for (const Message& message : messages_) add(message.name, message.descriptor.full_name());
    for (int i = 0; i < file_.service_count(); ++i) add(Names::type(*file_.service(i)), file_.service(i)->full_name());
    return complaint;
  }

  void write_header(Printer& out) const {
    write_origin(out);
    out.Print("#pragma once\n\n");
    for (const char* header :
         {"cstddef", "cstdint", "limits", "map", "optional", "string", "string_view", "utility", "variant", "vector"}) {
      out.Print("#include <$header$>\n", "header", header);
    }
    out.Print("\n");
    for (const std::string& header : included()) out.Print("#include \"$header$\"\n", "header", header);
    open_namespace(out);
    for (const Message& message : messages_) out.Print("struct $name$;\n", "name", message.name);
    out.Print("\n");
    for (const pb::EnumDescriptor* enumeration : enums_) write_enum(out, *enumeration);
    for (const Message& message : messages_) write_struct(out, message);
    if (!messages_.empty()) out.Print("// What decode() and encode() of wasm_grpc/guest/message.h stand on.\n\n");
    for (const Message& message : messages_) {
      write_declarations(out, message);
      if (is_validated(message)) write_validation_declarations(out, message);
    }
    out.Print("\n");
    for (int i = 0; i < file_.service_count(); ++i) write_service_class(out, *file_.service(i), names_);
    close_namespace(out);
  }

  void write_source(Printer& out) const {
    write_origin(out);
    out.Print("#include \"$header$\"\n\n#include \"wasm_grpc/guest/wire_field.h\"\n\n", "header",
              output_file(file_, header_ending));
    out.Print("namespace wire_wg = ::wasm_grpc::guest::wire;\n");
    const std::string descriptors = file_.service_count() > 0 ? descriptor_set(file_, originals_) : std::string();
    if (!descriptors.empty()) {
      out.Print("\n");
      write_descriptor_section(out, descriptors);
    }
    open_namespace(out);
    if (!descriptors.empty()) {
      out.Print("namespace {\n\nconstexpr char file_descriptors_wg[] =\n    $bytes$;\n\n}  // namespace\n\n", "bytes",
                string_literal(descriptors, 4));
    }
    for (const Message& message : messages_) {
      write_definitions(out, message);
      if (is_validated(message)) write_validation(out, message);
    }
    for (int i = 0; i < file_.service_count(); ++i) {
      write_service_definitions(out, *file_.service(i), names_, "file_descriptors_wg");
    }
    close_namespace(out);
  }

 private:
  void add_enums(const pb::Descriptor& message) {
    for (int i = 0; i < message.enum_type_count(); ++i) enums_.push_back(message.enum_type(i));
    for (int i = 0; i < message.nested_type_count(); ++i) add_enums(*message.nested_type(i));
  }

  [[nodiscard]] bool is_validated(const Message& message) const { return validate_ && has_rules(message.descriptor); }

  void write_origin(Printer& out) const {
    out.Print("// Made by protoc-gen-wasm-grpc of $file$. Changes will be lost.\n", "file", file_.name());
  }
  void open_namespace(Printer& out) const {
    if (const std::string space = names_.space(file_); !space.empty()) out.Print("\nnamespace $n$ {\n", "n", space);
    out.Print("\n");
  }
  void close_namespace(Printer& out) const {
    if (const std::string space = names_.space(file_); !space.empty()) out.Print("}  // namespace $n$\n", "n", space);
  }

  /// The headers of what is used here. An import that only gives options is not.
  [[nodiscard]] std::set<std::string> included() const {
    std::set<std::string> headers = {"wasm_grpc/guest/indirect.h", "wasm_grpc/guest/message.h"};
    for (const Message& message : messages_) {
      for (const Oneof& oneof : message.oneofs) {
        if (oneof.large) headers.insert("wasm_grpc/guest/large_oneof.h");
      }
      if (is_validated(message)) headers.insert("wasm_grpc/guest/validation.h");
    }
    const auto use = [&](const pb::FileDescriptor& other) {
      if (&other != &file_) headers.insert(output_file(other, header_ending));
    };
    for (const Message& message : messages_) {
      for (const Field& field : message.fields) {
        use_type(*field.descriptor, use);
        if (field.shape == Shape::map) use_type(*field.descriptor->message_type()->map_value(), use);
      }
    }
    for (int i = 0; i < file_.service_count(); ++i) {
      headers.insert("wasm_grpc/guest/client.h");
      headers.insert("wasm_grpc/guest/typed_service.h");
      for (int j = 0; j < file_.service(i)->method_count(); ++j) {
        use(*file_.service(i)->method(j)->input_type()->file());
        use(*file_.service(i)->method(j)->output_type()->file());
      }
    }
    for (int i = 0; i < file_.public_dependency_count(); ++i) use(*file_.public_dependency(i));
    return headers;
  }
  template <typename Use>
  static void use_type(const pb::FieldDescriptor& field, Use use) {
    if (field.message_type() != nullptr) use(*field.message_type()->file());
    if (field.enum_type() != nullptr) use(*field.enum_type()->file());
  }

  const pb::FileDescriptor& file_;
  const Names& names_;
  const OriginalFiles& originals_;
  const bool validate_;
  std::list<Message> messages_;  // in the order of their definition
  std::vector<const pb::EnumDescriptor*> enums_;
};

/// "a::b".
bool is_namespace(std::string_view text) {
  const auto is_letter = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
  };
  while (!text.empty()) {
    const std::size_t size = std::min(text.find("::"), text.size());
    const std::string_view part = text.substr(0, size);
    if (part.empty() || std::isdigit(static_cast<unsigned char>(part.front())) != 0 || identifier(part) != part ||
        !std::all_of(part.begin(), part.end(), is_letter)) {
      return false;
    }
    text.remove_prefix(size);
    if (text == "::") return false;
    if (!text.empty()) text.remove_prefix(2);
  }
  return true;
}

}  // namespace

bool Generator::Generate(const pb::FileDescriptor* file, const std::string& parameter,
                         pb::compiler::GeneratorContext* context, std::string* error) const {
  std::vector<std::pair<std::string, std::string>> options;
  pb::compiler::ParseGeneratorParameter(parameter, &options);
  std::string outer;
  std::string validate;
  for (const auto& [key, value] : options) {
    if (key == "namespace" && is_namespace(value)) {
      outer = value;
    } else if (key == "validate" && (value == "all" || value == "known")) {
      validate = value;
    } else {
      *error = "protoc-gen-wasm-grpc: the option '" + key + "=" + value +
               "' is not known; there are namespace=a::b, which puts the code into a namespace, and validate=all or "
               "validate=known, which enforce rules of buf.validate";
      return false;
    }
  }
  if (validate == "all") {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const std::vector<std::string> missing = rules_not_enforced(*file->message_type(i));
      if (missing.empty()) continue;
      *error = file->name() + ": " + missing[0] + " is a rule that is not enforced; leave it out, or take " +
               "validate=known, with which such rules mean nothing";
      return false;
    }
  }
  const Names names(outer);
  const FileWriter writer(*file, names, originals_, !validate.empty());
  if (const std::string clash = writer.clash(); !clash.empty()) {
    *error = file->name() + ": " + clash;
    return false;
  }
  const auto write = [&](std::string_view ending, void (FileWriter::*part)(Printer&) const) {
    const std::unique_ptr<pb::io::ZeroCopyOutputStream> stream(context->Open(output_file(*file, ending)));
    Printer printer(stream.get(), '$');
    (writer.*part)(printer);
  };
  write(header_ending, &FileWriter::write_header);
  write(source_ending, &FileWriter::write_source);
  return true;
}

}  // namespace wasm_grpc::protoc
