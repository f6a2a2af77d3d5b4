// Files of editions are built by a protobuf that knows none, and mean what they say.
#include "editions/lower.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "editions/features.h"

namespace wasm_grpc::editions {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptorProto;

constexpr int edition_2023 = 1000;

pb::FileDescriptorProto file_of(const std::string& name, int edition) {
  pb::FileDescriptorProto file;
  file.set_name(name);
  file.set_package("test");
  file.set_syntax("editions");
  file.GetReflection()->MutableUnknownFields(&file)->AddVarint(14, static_cast<std::uint64_t>(edition));
  return file;
}

Field& add(pb::DescriptorProto& message, const std::string& name, Field::Type type,
           Field::Label label = Field::LABEL_OPTIONAL) {
  Field& field = *message.add_field();
  field.set_name(name);
  field.set_number(message.field_size());
  field.set_type(type);
  field.set_label(label);
  return field;
}

/// A feature of a FeatureSet: its number and value.
template <typename Options>
void set(Options& options, int of_options, int feature, std::uint64_t value) {
  pb::UnknownFieldSet features;
  features.AddVarint(feature, value);
  std::string bytes;
  features.SerializeToString(&bytes);
  options.GetReflection()->MutableUnknownFields(&options)->AddLengthDelimited(of_options, bytes);
}

const pb::FileDescriptor* build(pb::DescriptorPool& pool, std::vector<pb::FileDescriptorProto*> files) {
  EXPECT_EQ(lower(files), "");
  const pb::FileDescriptor* last = nullptr;
  for (const pb::FileDescriptorProto* file : files) {
    last = pool.BuildFile(*file);
    EXPECT_NE(last, nullptr) << file->DebugString();
  }
  return last;
}

TEST(Lower, LeavesFilesAloneWhereNoneIsOfAnEdition) {
  pb::FileDescriptorProto file;
  file.set_name("a.proto");
  file.set_syntax("proto3");
  add(*file.add_message_type(), "text", Field::TYPE_STRING);
  file.mutable_message_type(0)->set_name("M");
  const std::string before = file.SerializeAsString();
  pb::FileDescriptorProto* const files[] = {&file};
  EXPECT_EQ(lower(files), "");
  EXPECT_EQ(file.SerializeAsString(), before);
}

TEST(Lower, RefusesEditionsThatAreNotKnown) {
  for (const int edition : {0, 999, 1002, 99999}) {
    pb::FileDescriptorProto file = file_of("a.proto", edition);
    pb::FileDescriptorProto* const files[] = {&file};
    EXPECT_EQ(lower(files), "the file \"a.proto\" is of edition number " + std::to_string(edition) +
                                "; known are 2023 (1000) and 2024 (1001)");
  }
}

TEST(Lower, GivesEachFieldItsFeatures) {
  pb::FileDescriptorProto file = file_of("a.proto", edition_2023);
  pb::DescriptorProto& message = *file.add_message_type();
  message.set_name("M");
  add(message, "known", Field::TYPE_INT32);
  set(*add(message, "implied", Field::TYPE_STRING).mutable_options(), of_field_options, 1, 2);
  set(*add(message, "needed", Field::TYPE_INT32).mutable_options(), of_field_options, 1, 3);
  add(message, "packed", Field::TYPE_INT32, Field::LABEL_REPEATED);
  set(*add(message, "expanded", Field::TYPE_INT32, Field::LABEL_REPEATED).mutable_options(), of_field_options, 3, 2);
  set(*add(message, "unchecked", Field::TYPE_STRING).mutable_options(), of_field_options, 4, 3);
  Field& delimited = add(message, "delimited", Field::TYPE_MESSAGE);
  delimited.set_type_name(".test.M");
  set(*delimited.mutable_options(), of_field_options, 5, 2);
  pb::DescriptorPool pool;
  const pb::FileDescriptor* const built = build(pool, {&file});
  ASSERT_NE(built, nullptr);
  const auto field = [&](const char* name) -> const pb::FieldDescriptor& {
    return *built->message_type(0)->FindFieldByName(name);
  };
  EXPECT_TRUE(has_presence(field("known")));
  EXPECT_FALSE(has_presence(field("implied")));
  EXPECT_TRUE(field("needed").is_required());
  EXPECT_TRUE(field("packed").is_packed());
  EXPECT_FALSE(field("expanded").is_packed());
  EXPECT_TRUE(verifies_utf8(field("implied")));
  EXPECT_FALSE(verifies_utf8(field("unchecked")));
  EXPECT_EQ(field("delimited").type(), pb::FieldDescriptor::TYPE_GROUP);
}

TEST(Lower, GoesByWhatIsAroundAField) {
  pb::FileDescriptorProto file = file_of("a.proto", edition_2023);
  set(*file.mutable_options(), of_file_options, 1, 2);  // implicit presence
  for (const char* name : {"M", "N"}) {
    pb::DescriptorProto& message = *file.add_message_type();
    message.set_name(name);
    add(message, "number", Field::TYPE_INT32);
    message.add_oneof_decl()->set_name("choice");
    add(message, "chosen", Field::TYPE_INT32).set_oneof_index(0);
  }
  set(*file.mutable_message_type(1)->mutable_options(), of_message_options, 1, 1);
  pb::DescriptorPool pool;
  const pb::FileDescriptor* const built = build(pool, {&file});
  ASSERT_NE(built, nullptr);
  EXPECT_FALSE(has_presence(*built->message_type(0)->field(0)));
  EXPECT_TRUE(has_presence(*built->message_type(0)->field(1)));
  EXPECT_TRUE(has_presence(*built->message_type(1)->field(0)));
}

TEST(Lower, LetsFilesOfProto3UseOpenEnumsOfEditions) {
  pb::FileDescriptorProto modern = file_of("modern.proto", edition_2023);
  for (const char* name : {"Open", "Closed"}) {
    pb::EnumDescriptorProto& one = *modern.add_enum_type();
    one.set_name(name);
    pb::EnumValueDescriptorProto& value = *one.add_value();
    value.set_name(std::string(name) + "_NONE");
    value.set_number(0);
  }
  set(*modern.mutable_enum_type(1)->mutable_options(), of_enum_options, 2, 2);
  pb::FileDescriptorProto older;
  older.set_name("older.proto");
  older.set_package("older");
  older.set_syntax("proto3");
  older.add_dependency("modern.proto");
  pb::DescriptorProto& message = *older.add_message_type();
  message.set_name("M");
  add(message, "open", Field::TYPE_ENUM).set_type_name(".test.Open");
  add(message, "closed", Field::TYPE_ENUM).set_type_name(".test.Closed");
  Field& optional = add(message, "text", Field::TYPE_STRING);
  optional.set_proto3_optional(true);
  optional.set_oneof_index(0);
  message.add_oneof_decl()->set_name("_text");
  pb::DescriptorPool pool;
  const pb::FileDescriptor* const built = build(pool, {&modern, &older});
  ASSERT_NE(built, nullptr);
  const pb::Descriptor& made = *built->message_type(0);
  EXPECT_FALSE(is_closed_enum(*made.field(0)));
  EXPECT_TRUE(is_closed_enum(*made.field(1)));
  EXPECT_FALSE(has_presence(*made.field(0)));
  EXPECT_TRUE(has_presence(*made.field(2)));
  EXPECT_EQ(made.oneof_decl_count(), 0);
}

TEST(Features, OfFilesWithoutEditionsAreThoseOfTheirSyntax) {
  for (const char* syntax : {"proto2", "proto3"}) {
    pb::FileDescriptorProto file;
    file.set_name(std::string(syntax) + ".proto");
    file.set_package(syntax);
    file.set_syntax(syntax);
    pb::DescriptorProto& message = *file.add_message_type();
    message.set_name("M");
    add(message, "text", Field::TYPE_STRING);
    pb::DescriptorPool pool;
    const pb::FieldDescriptor& field = *pool.BuildFile(file)->message_type(0)->field(0);
    const bool is_proto2 = std::string(syntax) == "proto2";
    EXPECT_EQ(has_presence(field), is_proto2);
    EXPECT_EQ(verifies_utf8(field), !is_proto2);
  }
}

TEST(Features, PassOverWhatIsMalformed) {
  Features features = Features::of(Edition::of_2023);
  features.merge("\xFF\xFF\xFF");
  features.merge(std::string("\x08\x63\x10\x00\x0A", 5));
  EXPECT_EQ(features.serialize(), Features::of(Edition::of_2023).serialize());
  Features again = Features::of(Edition::proto2);
  again.merge(features.serialize());
  EXPECT_EQ(again.serialize(), features.serialize());
}

}  // namespace
}  // namespace wasm_grpc::editions
