#include "descriptors.h"

#include <google/protobuf/descriptor.pb.h>

#include <cstddef>
#include <set>
#include <string_view>

#include "literal.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

void add_file(const pb::FileDescriptor& file, const OriginalFiles& originals, std::set<const pb::FileDescriptor*>& seen,
              pb::FileDescriptorSet& set) {
  if (!seen.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) add_file(*file.dependency(i), originals, seen, set);
  *set.add_file() = originals.at(file.name());
}

/// Keeps the places that have comments, which /openapi.json shows, and of those what is shown.
void keep_comments(pb::FileDescriptorProto& file) {
  pb::SourceCodeInfo kept;
  for (pb::SourceCodeInfo::Location& place : *file.mutable_source_code_info()->mutable_location()) {
    if (!place.has_leading_comments() && !place.has_trailing_comments()) continue;
    place.clear_leading_detached_comments();
    kept.add_location()->Swap(&place);
  }
  if (kept.location_size() > 0) {
    file.mutable_source_code_info()->Swap(&kept);
  } else {
    file.clear_source_code_info();
  }
}

/// Modules do not grow by more than this for the sake of comments.
constexpr std::size_t most_comment_bytes = 32 * 1024;

void bound_comments(pb::FileDescriptorSet& set) {
  std::size_t bytes = 0;
  for (pb::FileDescriptorProto& file : *set.mutable_file()) {
    if (file.name().starts_with("google/")) file.clear_source_code_info();
    if (!file.has_source_code_info()) continue;
    keep_comments(file);
    bytes += file.source_code_info().ByteSizeLong();
  }
  if (bytes <= most_comment_bytes) return;
  for (pb::FileDescriptorProto& file : *set.mutable_file()) file.clear_source_code_info();
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

std::string descriptor_set(const pb::FileDescriptor& file, const OriginalFiles& originals) {
  pb::FileDescriptorSet set;
  std::set<const pb::FileDescriptor*> seen;
  add_file(file, originals, seen, set);
  bound_comments(set);
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
