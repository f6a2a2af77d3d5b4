// Tables of types.
#include "json/table.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "features3.pb.h"
#include "json_case.h"
#include "values_of_json.pb.h"

namespace wasm_grpc::json::test {
namespace {

namespace pb = google::protobuf;

TEST(JsonTypes, AreThoseOfTheFilesAndOfWhatTheyImport) {
  const std::array files{features::three::Everything::descriptor()->file()};
  const Types types(files);
  EXPECT_NE(types.find("features.three.Everything"), nullptr);
  EXPECT_NE(types.find("features.three.Leaf.Stem"), nullptr);
  EXPECT_NE(types.find("features.common.Tag"), nullptr);
  EXPECT_NE(types.find("google.protobuf.Timestamp"), nullptr);
  EXPECT_EQ(types.find("values_of_json.Greeting"), nullptr);
  EXPECT_EQ(types.find(""), nullptr);
}

TEST(JsonTypes, OutliveTheDescriptors) {
  auto pool = std::make_unique<pb::DescriptorPool>();
  pb::FileDescriptorProto file;
  values_of_json::Greeting::descriptor()->file()->CopyTo(&file);
  file.clear_dependency();
  file.clear_enum_type();
  while (file.message_type_size() > 1) file.mutable_message_type()->RemoveLast();
  const std::array files{pool->BuildFile(file)};
  ASSERT_NE(files[0], nullptr);
  const Types types(files);
  pool.reset();
  std::vector<std::byte> bytes;
  EXPECT_EQ(read(*types.find("values_of_json.Greeting"), R"({"name":"a"})", bytes), std::nullopt);
  EXPECT_EQ(bytes.size(), 3U);
}

/// A module may bring a type of its own by a name of google.protobuf.
TEST(JsonTypes, AreOnlyKnownWhenTheyAreWhatTheirNamesSay) {
  pb::FileDescriptorProto file;
  file.set_name("odd.proto");
  file.set_package("google.protobuf");
  for (const char* name : {"Timestamp", "Any", "Value", "Struct", "ListValue", "Int32Value", "FieldMask"}) {
    auto& type = *file.add_message_type();
    type.set_name(name);
    auto& field = *type.add_field();
    field.set_name("odd");
    field.set_number(1);
    field.set_type(pb::FieldDescriptorProto::TYPE_BOOL);
    field.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
  }
  pb::DescriptorPool pool;
  const std::array files{pool.BuildFile(file)};
  ASSERT_NE(files[0], nullptr);
  const Types types(files);
  for (const auto& type : file.message_type()) {
    const MessageType* const table = types.find("google.protobuf." + type.name());
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table->shape(), Shape::plain) << type.name();
    std::vector<std::byte> bytes;
    EXPECT_EQ(read(*table, R"({"odd":true})", bytes), std::nullopt) << type.name();
  }
}

TEST(JsonTypes, FindFieldsByNameAndNumber) {
  const MessageType& type = type_of<features::three::Presence>();
  for (const Field& field : type.fields()) {
    EXPECT_EQ(type.find(field.number), &field);
    EXPECT_EQ(type.find(field.name), &field);
  }
  EXPECT_EQ(type.find("f_last"), type.find(536870911U));
  EXPECT_EQ(type.find("fLas"), nullptr);
  EXPECT_EQ(type.find(""), nullptr);
  EXPECT_EQ(type.find(0U), nullptr);
  EXPECT_EQ(type.find(2046U), nullptr);
}

}  // namespace
}  // namespace wasm_grpc::json::test
