#include "editions/features.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/wire_format_lite.h>

#include <optional>

namespace wasm_grpc::editions {

namespace pb = google::protobuf;

namespace {

// FeatureSet's fields and the values of its enums.
constexpr int field_presence = 1;
constexpr int enum_type = 2;
constexpr int repeated_field_encoding = 3;
constexpr int utf8_validation = 4;
constexpr int message_encoding = 5;
constexpr std::uint64_t open = 1, closed = 2;
constexpr std::uint64_t packed_encoding = 1, expanded = 2;
constexpr std::uint64_t verify = 2, none = 3;
constexpr std::uint64_t length_prefixed = 1, delimited_encoding = 2;

/// What lower() has left in a field's or enum's options; nothing in files that it did not change.
std::optional<Features> left_in(const pb::Message& options, int number) {
  const std::string set = feature_set_in(options, number);
  if (set.empty()) return std::nullopt;
  Features features;
  features.merge(set);
  return features;
}

bool is_proto2(const pb::FileDescriptor& file) { return file.syntax() == pb::FileDescriptor::SYNTAX_PROTO2; }

}  // namespace

Features Features::of(Edition edition) {
  Features features;
  if (edition == Edition::proto2) {
    features.open_enum = features.packed = features.verify_utf8 = false;
  } else if (edition == Edition::proto3) {
    features.presence = Presence::implicitly;
  }
  return features;
}

void Features::merge(const std::string& feature_set) {
  pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(feature_set.data()),
                              static_cast<int>(feature_set.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    std::uint64_t value = 0;
    if ((tag & 7) != 0) {
      if (!pb::internal::WireFormatLite::SkipField(&in, tag)) return;
      continue;
    }
    if (!in.ReadVarint64(&value)) return;
    switch (static_cast<int>(tag >> 3)) {
      case field_presence:
        if (value >= 1 && value <= 3) presence = static_cast<Presence>(value);
        break;
      case enum_type:
        if (value == open || value == closed) open_enum = value == open;
        break;
      case repeated_field_encoding:
        if (value == packed_encoding || value == expanded) packed = value == packed_encoding;
        break;
      case utf8_validation:
        if (value == verify || value == none) verify_utf8 = value == verify;
        break;
      case message_encoding:
        if (value == length_prefixed || value == delimited_encoding) delimited = value == delimited_encoding;
        break;
      default:
        break;
    }
  }
}

std::string Features::serialize() const {
  pb::UnknownFieldSet set;
  set.AddVarint(field_presence, static_cast<std::uint64_t>(presence));
  set.AddVarint(enum_type, open_enum ? open : closed);
  set.AddVarint(repeated_field_encoding, packed ? packed_encoding : expanded);
  set.AddVarint(utf8_validation, verify_utf8 ? verify : none);
  set.AddVarint(message_encoding, delimited ? delimited_encoding : length_prefixed);
  std::string bytes;
  set.SerializeToString(&bytes);
  return bytes;
}

std::string feature_set_in(const pb::Message& options, int number) {
  const pb::UnknownFieldSet& unknown = options.GetReflection()->GetUnknownFields(options);
  std::string bytes;  // of several the later ones count, as merging has it
  for (int i = 0; i < unknown.field_count(); ++i) {
    const pb::UnknownField& field = unknown.field(i);
    if (field.number() == number && field.type() == pb::UnknownField::TYPE_LENGTH_DELIMITED) {
      bytes += field.length_delimited();
    }
  }
  return bytes;
}

bool has_presence(const pb::FieldDescriptor& field) {
  if (!field.has_presence()) return false;
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE || field.real_containing_oneof() != nullptr) return true;
  const auto features = left_in(field.options(), of_field_options);
  return !features || features->presence != Features::Presence::implicitly;
}

bool is_closed_enum(const pb::FieldDescriptor& field) {
  if (field.type() != pb::FieldDescriptor::TYPE_ENUM) return false;
  if (const auto features = left_in(field.enum_type()->options(), of_enum_options)) {
    // An enum of a file of proto3 or an edition; but fields of proto2 close what they hold.
    if (features->open_enum && is_proto2(*field.file()) && !left_in(field.options(), of_field_options)) return true;
    return !features->open_enum;
  }
  if (left_in(field.options(), of_field_options)) return is_proto2(*field.enum_type()->file());
  return is_proto2(*field.file());
}

bool verifies_utf8(const pb::FieldDescriptor& field) {
  if (field.type() != pb::FieldDescriptor::TYPE_STRING) return false;
  if (const auto features = left_in(field.options(), of_field_options)) return features->verify_utf8;
  return !is_proto2(*field.file());
}

}  // namespace wasm_grpc::editions
