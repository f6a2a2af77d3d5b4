#include "services/descriptor_limits.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <string>
#include <utility>

#include "rpc/utf8.h"

namespace wasm_grpc::services {

namespace pb = google::protobuf;

namespace {

using Wire = pb::internal::WireFormatLite;

/// Adds the elements of lists in a message to `parts`, until they are more than there may be. False when it cannot be
/// read, or `text` became false as a string is not UTF-8, of which libprotobuf would write to standard error.
bool count_parts(pb::io::CodedInputStream& in, const pb::Descriptor& type, int depth, std::size_t& parts, bool& text) {
  while (const std::uint32_t tag = in.ReadTag()) {
    const pb::FieldDescriptor* field = type.FindFieldByNumber(Wire::GetTagFieldNumber(tag));
    const bool message = field != nullptr && field->message_type() != nullptr;
    // What is unknown is kept, each by itself.
    if (field == nullptr || message || field->is_repeated()) ++parts;
    if (parts > DescriptorLimits::most_parts) return true;
    const bool bytes = Wire::GetTagWireType(tag) == Wire::WIRETYPE_LENGTH_DELIMITED;
    if (bytes && field != nullptr && field->type() == pb::FieldDescriptor::TYPE_STRING) {
      std::uint32_t length = 0;
      std::string value;
      if (!in.ReadVarint32(&length) || !in.ReadString(&value, static_cast<int>(length))) return false;
      text = rpc::is_utf8(value);
      if (!text) return false;
      continue;
    }
    if (!message || !bytes) {
      if (!Wire::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    if (depth == 0 || !in.ReadVarint32(&size)) return false;
    const auto limit = in.PushLimit(static_cast<int>(size));
    if (!count_parts(in, *field->message_type(), depth - 1, parts, text)) return false;
    if (parts > DescriptorLimits::most_parts) return true;
    if (in.BytesUntilLimit() > 0) return false;
    in.PopLimit(limit);
  }
  return true;
}

/// The names in one file: their sum, and whether a message or enum has too many ranges.
class Names {
 public:
  explicit Names(const pb::FileDescriptorProto& file) {
    const std::size_t scope = file.package().size() + 1;
    for (const auto& message : file.message_type()) add_message(message, scope);
    for (const auto& type : file.enum_type()) add_enum(type, scope);
    for (const auto& extension : file.extension()) bytes += scope + extension.name().size();
    for (const auto& service : file.service()) {
      const std::size_t name = scope + service.name().size();
      bytes += name;
      for (const auto& method : service.method()) bytes += name + 1 + method.name().size();
    }
  }

  std::size_t bytes = 0;
  bool too_many_ranges = false;

 private:
  // As deep as it could be parsed.
  void add_message(const pb::DescriptorProto& message, std::size_t scope) {
    const std::size_t name = scope + message.name().size();
    bytes += name;
    for (const auto& field : message.field()) bytes += name + 1 + field.name().size();
    for (const auto& field : message.extension()) bytes += name + 1 + field.name().size();
    for (const auto& oneof : message.oneof_decl()) bytes += name + 1 + oneof.name().size();
    for (const auto& nested : message.nested_type()) add_message(nested, name + 1);
    for (const auto& type : message.enum_type()) add_enum(type, name + 1);
    add_ranges(message.extension_range_size() + message.reserved_range_size());
  }
  void add_enum(const pb::EnumDescriptorProto& type, std::size_t scope) {
    bytes += scope + type.name().size();
    // Values are siblings of their type, not members.
    for (const auto& value : type.value()) bytes += scope + value.name().size();
    add_ranges(type.reserved_range_size());
  }
  void add_ranges(int count) { too_many_ranges = too_many_ranges || count > DescriptorLimits::most_ranges; }
};

Error too_many(const std::string& what, std::size_t most) {
  return Error{"its descriptors have more than " + std::to_string(most) + " " + what};
}

}  // namespace

Result<> DescriptorLimits::add_bytes(std::string_view set) {
  constexpr int deepest = 100;  // where parsing ends too
  pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(set.data()), static_cast<int>(set.size()));
  bool text = true;
  static_cast<void>(count_parts(in, *pb::FileDescriptorSet::descriptor(), deepest, parts_, text));
  if (!text) return Error{"its descriptors have text that is not UTF-8"};
  if (parts_ > most_parts) return too_many("parts (files, messages, fields, comments, ...)", most_parts);
  return success();
}

Result<> DescriptorLimits::add(const pb::FileDescriptorProto& file) {
  if (++files_ > most_files) return too_many("files", most_files);
  const Names names(file);
  if (names.too_many_ranges) return too_many("reserved or extension ranges in one message", most_ranges);
  name_bytes_ += names.bytes;
  if (name_bytes_ > most_name_bytes) return too_many("bytes of full names", most_name_bytes);
  return success();
}

}  // namespace wasm_grpc::services
