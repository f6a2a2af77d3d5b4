// What a module may say of itself, and what it is told when that makes no sense.

#include "services/described_files.h"

#include <google/protobuf/timestamp.pb.h>

#include "services/builtin.h"
#include "services/descriptor_limits.h"
#include "services/files.h"

namespace wasm_grpc::services {
namespace {

using rpc::MethodKind;

testing::AssertionResult fails_with(const Result<std::shared_ptr<const DescribedFiles>>& result,
                                    const std::string& part) {
  if (result.ok()) return testing::AssertionFailure() << "it did not fail";
  if (result.error().message.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().message;
}

std::string chain_of_files(std::size_t length) {
  std::string text;
  for (std::size_t i = 1; i < length; ++i) {
    text += "file { name: 'f" + std::to_string(i - 1) + "' dependency: 'f" + std::to_string(i) +
            "' public_dependency: 0 }\n";
  }
  return text + "file { name: 'f" + std::to_string(length - 1) + "' }";
}

TEST(DescribedFiles, MayComeInAnyOrder) {
  const auto files = files_of(service_of_four_kinds);
  ASSERT_EQ(files->files().size(), 2U);
  EXPECT_EQ(files->files()[0]->name(), "types.proto");
  EXPECT_EQ(files->files()[1]->name(), "a.proto");
}

TEST(DescribedFiles, AreGivenOutWithAllTheyImport) {
  const auto files = files_of(R"(
    file { name: "a.proto" dependency: "b.proto" dependency: "c.proto" }
    file { name: "b.proto" dependency: "d.proto" } file { name: "c.proto" dependency: "d.proto" }
    file { name: "d.proto" } file { name: "e.proto" })");
  const auto all = files->with_imports(files->pool().FindFileByName("a.proto"));
  std::vector<std::string> names;
  for (const std::string_view bytes : all) {
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    names.push_back(file.name());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a.proto", "b.proto", "c.proto", "d.proto"}));
}

TEST(DescribedFiles, AreGivenOutAsTheyCame) {
  const auto files = files_of(R"(file { name: "a.proto" source_code_info {
      location { path: 4 span: [1, 2, 3] leading_comments: "said here" } } })");
  EXPECT_NE(files->bytes(files->files()[0]).find("said here"), std::string::npos) << "comments are for people";
}

TEST(DescribedFiles, MayBeThereTwiceWhenTheySayTheSame) {
  const std::string sets[] = {set_of(service_of_four_kinds), set_of(service_of_four_kinds)};
  const auto files = DescribedFiles::parse(sets);
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(files.value()->files().size(), 2U);
  EXPECT_TRUE(fails_with(parse(R"(file { name: "a.proto" } file { name: "a.proto" package: "b" })"),
                         R"(the file "a.proto" twice, with different content)"));
}

TEST(DescribedFiles, MayLackTheOnesOfProtobufItself) {
  google::protobuf::Timestamp::descriptor();  // this program has its file
  const auto files = files_of(R"(file { name: "a.proto" dependency: "google/protobuf/timestamp.proto"
    message_type { name: "A" field { name: "at" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE
                                     type_name: ".google.protobuf.Timestamp" } } })");
  EXPECT_EQ(files->with_imports(files->pool().FindFileByName("a.proto")).size(), 2U);
}

TEST(DescribedFiles, MayLackNoOthers) {
  EXPECT_TRUE(
      fails_with(parse(R"(file { name: "a.proto" dependency: "b.proto" })"),
                 R"(lack the file "b.proto", which "a.proto" imports; make them with protoc --include_imports)"));
  EXPECT_TRUE(fails_with(parse(R"(file { name: "a.proto" dependency: "google/protobuf/made_up.proto" })"),
                         R"(lack the file "google/protobuf/made_up.proto")"));
}

TEST(DescribedFiles, MayNotImportEachOtherInACircle) {
  EXPECT_TRUE(fails_with(parse(R"(file { name: "a.proto" dependency: "b.proto" }
                                  file { name: "b.proto" dependency: "a.proto" } file { name: "c.proto" })"),
                         "import each other in a circle"));
  EXPECT_TRUE(fails_with(parse(R"(file { name: "a.proto" dependency: "a.proto" })"), "in a circle"));
}

TEST(DescribedFiles, MustMakeSense) {
  EXPECT_TRUE(fails_with(parse(R"(file { name: "a.proto" message_type { name: "A" field { name: "b" number: 1
      label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".no.Such" } } })"),
                         R"(the file "a.proto" of its descriptors makes no sense: "A.b: ".no.Such" is not defined)"));
  const std::string sets[] = {"\xff\xff\xff"};
  EXPECT_TRUE(fails_with(DescribedFiles::parse(sets), "are not a google.protobuf.FileDescriptorSet"));
}

TEST(DescribedFiles, MayImportEachOtherInALongChain) {
  const std::size_t most = DescriptorLimits::most_files;
  const auto files = files_of(chain_of_files(most));
  EXPECT_EQ(files->with_imports(files->pool().FindFileByName("f0")).size(), most);
}

TEST(DescriptorLimits, RefuseMoreFiles) {
  EXPECT_TRUE(fails_with(parse(chain_of_files(DescriptorLimits::most_files + 1)), "have more than 2000 files"));
}

TEST(DescriptorLimits, RefuseMoreParts) {
  // Two bytes each, and 200 of memory.
  google::protobuf::FileDescriptorSet set;
  auto* file = set.add_file();
  file->set_name("a.proto");
  for (std::size_t i = 0; i < DescriptorLimits::most_parts - 1; ++i) file->add_message_type();
  EXPECT_TRUE(fails_with(parse(set), "Missing name"));
  file->add_message_type();
  EXPECT_TRUE(fails_with(parse(set), "have more than 100000 parts"));
}

TEST(DescriptorLimits, CountTheirPartsInAllSetsAndHoweverDeepOrUnknown) {
  google::protobuf::FileDescriptorSet set;
  auto* deep = set.add_file()->add_message_type();
  for (int i = 0; i < 50; ++i) deep = deep->add_nested_type();
  auto* options = deep->mutable_options();
  for (int i = 0; i < 60'000; ++i) options->GetReflection()->MutableUnknownFields(options)->AddVarint(1234, 5);
  EXPECT_TRUE(fails_with(parse(set), "Missing field")) << "60,000 are not too many";
  const std::string twice[] = {set.SerializeAsString(), set.SerializeAsString()};
  EXPECT_TRUE(fails_with(DescribedFiles::parse(twice), "have more than 100000 parts"));
}

TEST(DescriptorLimits, RefuseMoreRanges) {
  google::protobuf::FileDescriptorSet set;
  auto* file = set.add_file();
  file->set_name("a.proto");
  auto* message = file->add_message_type();
  message->set_name("A");
  const auto add = [&](int start) {
    auto* range = message->add_extension_range();
    range->set_start(start);
    range->set_end(start + 1);
  };
  for (int i = 0; i < DescriptorLimits::most_ranges; ++i) add(1 + 2 * i);
  EXPECT_TRUE(parse(set).ok());
  add(1'000'000);
  EXPECT_TRUE(fails_with(parse(set), "have more than 1000 reserved or extension ranges"));
}

TEST(DescriptorLimits, RefuseLongNamesOfMany) {
  google::protobuf::FileDescriptorSet set;
  auto* file = set.add_file();
  file->set_name("a.proto");
  auto* message = file->add_message_type();
  message->set_name(std::string(20'000, 'a'));
  for (int i = 0; i < 1'000; ++i) message->add_nested_type()->set_name("b" + std::to_string(i));
  EXPECT_TRUE(fails_with(parse(set), "have more than 16777216 bytes of full names"));
}

TEST(DescribedFiles, TellTheNamesOfHostileFilesInPrintableText) {
  const auto result = parse(R"(file { name: "\n\033[2J" dependency: "x" })");
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find(R"(which "??[2J" imports)"), std::string::npos) << result.error().message;
}

TEST(DescribedFiles, MustBeOfUtf8AndLibprotobufDoesNotWriteToTheLogOfIt) {
  testing::internal::CaptureStderr();
  const std::string sets[] = {"\n\3\n\1\xff"};  // a file of that name
  const auto result = DescribedFiles::parse(sets);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(fails_with(result, "its descriptors have text that is not UTF-8"));
}

TEST(DescribedMethods, AreCheckedForTheirKind) {
  const auto files = files_of(service_of_four_kinds);
  const std::pair<const char*, MethodKind> right[] = {{"/a.Service/Unary", MethodKind::unary},
                                                      {"/a.Service/Client", MethodKind::client_stream},
                                                      {"/a.Service/Server", MethodKind::server_stream},
                                                      {"/a.Service/Bidi", MethodKind::bidi_stream}};
  for (const auto& [path, kind] : right) {
    for (const auto& [other_path, other] : right) {
      EXPECT_EQ(files->check(path, other).ok(), other == kind) << path;
    }
  }
  const auto wrong = files->check("/a.Service/Server", MethodKind::unary);
  EXPECT_EQ(
      wrong.error().message,
      "it declares the method /a.Service/Server as unary, but by its descriptors it is server streaming; are they "
      "of the same version?");
}

TEST(DescribedMethods, MustBeThereWhenTheirServiceIs) {
  const auto files = files_of(service_of_four_kinds);
  const auto unknown = files->check("/a.Service/Other", MethodKind::unary);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(
      unknown.error().message,
      "it declares the method /a.Service/Other, but by its descriptors the service has only Unary, Client, Server, "
      "Bidi; are they of the same version?");
  EXPECT_TRUE(files->check("/b.Service/Other", MethodKind::unary).ok()) << "a service that is not described";
}

TEST(DescribedMethods, HaveTheTypesOfTheirMessages) {
  const auto files = files_of(service_of_four_kinds);
  EXPECT_EQ(files->types("/a.Service/Client").request, "a.Message");
  EXPECT_EQ(files->types("/a.Service/Client").response, "a.Message");
  EXPECT_EQ(files->types("/a.Service/Other").request, "");
  ASSERT_EQ(files->methods().size(), 4U);
  EXPECT_EQ(files->methods()[3].path, "/a.Service/Bidi");
  EXPECT_EQ(files->methods()[3].kind, MethodKind::bidi_stream);
}

TEST(BuiltinFiles, DescribeReflectionAndHealth) {
  const auto files = builtin_files();
  EXPECT_TRUE(files->check("/grpc.health.v1.Health/Watch", MethodKind::server_stream).ok());
  EXPECT_FALSE(files->check("/grpc.health.v1.Health/Check", MethodKind::server_stream).ok());
  for (const char* version : {"v1", "v1alpha"}) {
    const std::string path = std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo";
    EXPECT_TRUE(files->check(path, MethodKind::bidi_stream).ok());
    EXPECT_FALSE(files->types(path).request.empty());
  }
}

}  // namespace
}  // namespace wasm_grpc::services
