#include "facade/facades.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

namespace wasm_grpc::facade {
namespace {

namespace pb = google::protobuf;

/// A package with a service S of methods A and B, the second of which is GET of `path`.
class Module {
 public:
  Module(const std::string& package, const std::string& path) {
    pb::FileDescriptorProto file;
    file.set_name(package + ".proto");
    file.set_package(package);
    file.add_message_type()->set_name("M");
    pb::ServiceDescriptorProto& service = *file.add_service();
    service.set_name("S");
    for (const char* name : {"A", "B"}) {
      pb::MethodDescriptorProto& method = *service.add_method();
      method.set_name(name);
      method.set_input_type("." + package + ".M");
      method.set_output_type("." + package + ".M");
      paths_.push_back("/" + package + ".S/" + name);
      const std::string route = *name == 'A' ? "/v1/" + package : path;
      const std::string rule = "\x12" + std::string(1, static_cast<char>(route.size())) + route;  // get = 2
      method.mutable_options()->mutable_unknown_fields()->AddLengthDelimited(72295728, rule);
    }
    file_ = pool_.BuildFile(file);
  }
  Result<> add_to(Facades& facades, std::string_view name) const { return facades.add(name, {&file_, 1}, paths_); }

 private:
  pb::DescriptorPool pool_;
  const pb::FileDescriptor* file_ = nullptr;
  std::vector<std::string> paths_;
};

TEST(Facades, KnowTheMethodsOfAllModules) {
  Facades facades;
  const Module one("one", "/v1/x");
  const Module two("two", "/v1/y");
  ASSERT_TRUE(one.add_to(facades, "first").ok());
  ASSERT_TRUE(two.add_to(facades, "second").ok());
  EXPECT_NE(facades.schemas.find("/one.S/A"), nullptr);
  EXPECT_NE(facades.schemas.find("/two.S/B"), nullptr);
  EXPECT_EQ(facades.schemas.find("/two.S/C"), nullptr);
  EXPECT_EQ(facades.routes.find("GET", "/v1/y").rule->method, "/two.S/B");
}

TEST(Facades, ARuleOfAnotherModuleIsAnErrorWithBothNamesAndNothingIsNoted) {
  Facades facades;
  const Module one("one", "/v1/x");
  const Module two("two", "/v1/x");
  ASSERT_TRUE(one.add_to(facades, "first").ok());
  const auto added = two.add_to(facades, "second");
  ASSERT_FALSE(added.ok());
  for (const char* name : {"one.S/B", "first", "two.S/B", "second"}) {
    EXPECT_NE(added.error().message.find(name), std::string::npos) << added.error().message;
  }
  EXPECT_EQ(facades.schemas.find("/two.S/A"), nullptr);
  EXPECT_EQ(facades.routes.find("GET", "/v1/two").rule, nullptr);
  EXPECT_EQ(facades.routes.find("GET", "/v1/x").rule->method, "/one.S/B");
}

}  // namespace
}  // namespace wasm_grpc::facade
