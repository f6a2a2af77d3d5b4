#include "editions/lower.h"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <vector>

#include "editions/features.h"

namespace wasm_grpc::editions {

namespace pb = google::protobuf;

namespace {

constexpr int edition_of_file = 14;  // FileDescriptorProto.edition

int edition_number(const pb::FileDescriptorProto& file) {
  const pb::UnknownFieldSet& unknown = file.GetReflection()->GetUnknownFields(file);
  for (int i = unknown.field_count() - 1; i >= 0; --i) {
    if (unknown.field(i).number() == edition_of_file && unknown.field(i).type() == pb::UnknownField::TYPE_VARINT) {
      return static_cast<int>(unknown.field(i).varint());
    }
  }
  return 0;
}

/// Puts `set` in the place of what field `number` of the unknown ones says.
void put_features(pb::Message& options, int number, const std::string& set) {
  pb::UnknownFieldSet& unknown = *options.GetReflection()->MutableUnknownFields(&options);
  unknown.DeleteByNumber(number);
  unknown.AddLengthDelimited(number, set);
}

/// One file, in which all says its features in full afterwards.
class Lowering {
 public:
  explicit Lowering(Features of_file) : of_file_(of_file) {}

  void file(pb::FileDescriptorProto& file) {
    is_proto3_ = file.syntax() == "proto3";
    if (file.has_options()) of_file_.merge(feature_set_in(file.options(), of_file_options));
    for (pb::DescriptorProto& message : *file.mutable_message_type()) this->message(message, of_file_);
    for (pb::EnumDescriptorProto& one : *file.mutable_enum_type()) enumeration(one, of_file_);
    for (pb::FieldDescriptorProto& extension : *file.mutable_extension()) field(extension, of_file_, nullptr);
    file.set_syntax("proto2");
    file.GetReflection()->MutableUnknownFields(&file)->DeleteByNumber(edition_of_file);
  }

 private:
  // Recursion is as deep as the messages are nested, which the parser of descriptors has bounded.
  void message(pb::DescriptorProto& message, Features features) {
    if (message.has_options()) features.merge(feature_set_in(message.options(), of_message_options));
    // Oneofs that only say that a field of proto3 is optional, which all are now. They are the last.
    for (pb::FieldDescriptorProto& one : *message.mutable_field()) {
      if (!one.proto3_optional()) continue;
      Features own = features;
      own.presence = Features::Presence::explicitly;
      one.clear_oneof_index();
      one.clear_proto3_optional();
      field(one, own, nullptr);
      optional_.push_back(&one);
    }
    int oneofs = 0;
    for (const pb::FieldDescriptorProto& one : message.field()) {
      if (one.has_oneof_index()) oneofs = std::max(oneofs, one.oneof_index() + 1);
    }
    if (!optional_.empty()) {
      while (message.oneof_decl_size() > oneofs) message.mutable_oneof_decl()->RemoveLast();
    }
    for (pb::FieldDescriptorProto& one : *message.mutable_field()) {
      if (std::find(optional_.begin(), optional_.end(), &one) == optional_.end()) field(one, features, &message);
    }
    optional_.clear();
    for (pb::FieldDescriptorProto& extension : *message.mutable_extension()) field(extension, features, nullptr);
    for (pb::DescriptorProto& nested : *message.mutable_nested_type()) this->message(nested, features);
    for (pb::EnumDescriptorProto& one : *message.mutable_enum_type()) enumeration(one, features);
  }

  void enumeration(pb::EnumDescriptorProto& one, Features features) {
    if (one.has_options()) features.merge(feature_set_in(one.options(), of_enum_options));
    put_features(*one.mutable_options(), of_enum_options, features.serialize());
  }

  void field(pb::FieldDescriptorProto& field, Features features, const pb::DescriptorProto* message) {
    if (message != nullptr && field.has_oneof_index() && field.oneof_index() >= 0 &&
        field.oneof_index() < message->oneof_decl_size()) {
      const pb::OneofDescriptorProto& oneof = message->oneof_decl(field.oneof_index());
      if (oneof.has_options()) features.merge(feature_set_in(oneof.options(), of_oneof_options));
    }
    if (field.has_options()) features.merge(feature_set_in(field.options(), of_field_options));
    const bool is_repeated = field.label() == pb::FieldDescriptorProto::LABEL_REPEATED;
    // Extensions and fields of oneofs always know whether they are there.
    const bool knows_presence = field.has_oneof_index() || field.has_extendee();
    if (knows_presence) features.presence = Features::Presence::explicitly;
    if (!is_repeated && features.presence == Features::Presence::required) {
      field.set_label(pb::FieldDescriptorProto::LABEL_REQUIRED);
    }
    const bool is_entry_of_map = is_repeated && is_map_entry(field, message);
    const bool is_in_entry = message != nullptr && message->options().map_entry();
    if (field.type() == pb::FieldDescriptorProto::TYPE_MESSAGE && features.delimited && !is_entry_of_map &&
        !is_in_entry) {
      field.set_type(pb::FieldDescriptorProto::TYPE_GROUP);
    }
    if (is_repeated && is_packable(field.type()) && !field.options().has_packed()) {
      field.mutable_options()->set_packed(features.packed);
    }
    put_features(*field.mutable_options(), of_field_options, features.serialize());
  }

  static bool is_map_entry(const pb::FieldDescriptorProto& field, const pb::DescriptorProto* message) {
    if (message == nullptr) return false;
    const std::string name = field.type_name().substr(field.type_name().rfind('.') + 1);
    for (const pb::DescriptorProto& nested : message->nested_type()) {
      if (nested.options().map_entry() && nested.name() == name) return true;
    }
    return false;
  }

  static bool is_packable(pb::FieldDescriptorProto::Type type) {
    return type != pb::FieldDescriptorProto::TYPE_STRING && type != pb::FieldDescriptorProto::TYPE_BYTES &&
           type != pb::FieldDescriptorProto::TYPE_MESSAGE && type != pb::FieldDescriptorProto::TYPE_GROUP;
  }

  Features of_file_;
  bool is_proto3_ = false;
  std::vector<const pb::FieldDescriptorProto*> optional_;  // of the message that is gone through
};

}  // namespace

bool is_edition(const pb::FileDescriptorProto& file) { return file.syntax() == "editions"; }

std::string lower(std::span<pb::FileDescriptorProto* const> files) {
  const bool any = std::any_of(files.begin(), files.end(), [](const auto* file) { return is_edition(*file); });
  if (!any) return {};
  for (pb::FileDescriptorProto* file : files) {
    Edition edition = file->syntax() == "proto3" ? Edition::proto3 : Edition::proto2;
    if (is_edition(*file)) {
      const int number = edition_number(*file);
      edition = static_cast<Edition>(number);
      if (edition != Edition::of_2023 && edition != Edition::of_2024) {
        return "the file \"" + file->name() + "\" is of edition number " + std::to_string(number) +
               "; known are 2023 (1000) and 2024 (1001)";
      }
    } else if (file->name().starts_with("google/protobuf/") || edition == Edition::proto2) {
      continue;  // of proto2 it is all said already
    }
    Lowering(Features::of(edition)).file(*file);
  }
  return {};
}

}  // namespace wasm_grpc::editions
