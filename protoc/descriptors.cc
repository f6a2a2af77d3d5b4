#include "descriptors.h"

#include <google/protobuf/descriptor.pb.h>

#include <cstddef>
#include <set>
#include <string_view>

#include "literal.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

void add_file(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>& seen, pb::FileDescriptorSet& set) {
  if (!seen.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) add_file(*file.dependency(i), seen, set);
  file.CopyTo(set.add_file());
}

/// json_name is always there once protoc has read a file; only one that somebody chose says something.
void drop_usual_json_names(pb::DescriptorProto& message, const pb::Descriptor& descriptor) {
  for (int i = 0; i < message.field_size(); ++i) {
    if (!descriptor.field(i)->has_json_name() ||
        descriptor.field(i)->json_name() == descriptor.field(i)->camelcase_name()) {
      message.mutable_field(i)->clear_json_name();
    }
  }
  for (int i = 0; i < message.nested_type_size(); ++i) {
    drop_usual_json_names(*message.mutable_nested_type(i), *descriptor.nested_type(i));
  }
}

}  // namespace

std::string descriptor_set(const pb::FileDescriptor& file) {
  pb::FileDescriptorSet set;
  std::set<const pb::FileDescriptor*> seen;
  add_file(file, seen, set);
  for (pb::FileDescriptorProto& proto : *set.mutable_file()) {
    const pb::FileDescriptor& descriptor = *file.pool()->FindFileByName(proto.name());
    for (int i = 0; i < proto.message_type_size(); ++i) {
      drop_usual_json_names(*proto.mutable_message_type(i), *descriptor.message_type(i));
    }
  }
  return set.SerializeAsString();
}

void write_descriptor_section(pb::io::Printer& out, const std::string& descriptors) {
  constexpr std::size_t line_bytes = 24;  // on one line even if each takes four letters
  out.Print(
      "#if defined(__wasm__)\n"
      "// The same as a custom section, for those who look into the module without running it.\n"
      "asm(R\"(\n"
      "  .section .custom_section.wasm_grpc.descriptors,\"\",@\n");
  for (std::size_t at = 0; at < descriptors.size(); at += line_bytes) {
    out.Print("  .ascii $bytes$\n", "bytes", string_literal(std::string_view(descriptors).substr(at, line_bytes), 0));
  }
  out.Print(
      "  .text\n"
      ")\");\n"
      "#endif\n\n");
}

}  // namespace wasm_grpc::protoc
