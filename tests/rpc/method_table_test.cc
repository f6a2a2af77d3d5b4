#include "rpc/method_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace wasm_grpc::rpc {
namespace {

class NoHandler final : public Handler {
 public:
  void start(Call&) noexcept override {}
};

TEST(MethodTable, FindsWhatWasAdded) {
  NoHandler handler;
  MethodTable table;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(table.add({"/pkg.S" + std::to_string(i) + "/M", MethodKind::unary, &handler}).ok());
  }
  ASSERT_TRUE(table.add({"/pkg.S7/Other", MethodKind::bidi_stream, &handler}).ok());
  EXPECT_EQ(table.size(), 101u);
  ASSERT_NE(table.find("/pkg.S42/M"), nullptr);
  EXPECT_EQ(table.find("/pkg.S42/M")->path, "/pkg.S42/M");
  EXPECT_EQ(table.find("/pkg.S7/Other")->kind, MethodKind::bidi_stream);
  EXPECT_EQ(table.find("/pkg.S42/N"), nullptr);
  EXPECT_EQ(table.find(""), nullptr);
}

TEST(MethodTable, KnowsItsServices) {
  NoHandler handler;
  MethodTable table;
  ASSERT_TRUE(table.add({"/pkg.Service/M", MethodKind::unary, &handler}).ok());
  EXPECT_TRUE(table.has_service("pkg.Service"));
  EXPECT_FALSE(table.has_service("pkg"));
  EXPECT_FALSE(table.has_service("pkg.Service/M"));
}

TEST(MethodTable, RefusesASecondHandlerForAPathAndSaysWhich) {
  NoHandler handler;
  MethodTable table;
  ASSERT_TRUE(table.add({"/a.B/C", MethodKind::unary, &handler}).ok());
  const auto result = table.add({"/a.B/C", MethodKind::unary, &handler});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("/a.B/C is already served"), std::string::npos) << result.error().message;
  EXPECT_EQ(table.size(), 1u);
}

TEST(MethodTable, RefusesMalformedPathsAndMissingHandlers) {
  NoHandler handler;
  MethodTable table;
  for (const char* path : {"", "/", "a.B/C", "/a.B", "/a.B/", "//C", "/a.B/C/D", "/a B/C", "/a.B/C?x", "/a.B/Ü"}) {
    const auto result = table.add({path, MethodKind::unary, &handler});
    ASSERT_FALSE(result.ok()) << path;
    EXPECT_NE(result.error().message.find("/package.Service/Method"), std::string::npos) << result.error().message;
  }
  EXPECT_FALSE(table.add({"/a.B/C", MethodKind::unary, nullptr}).ok());
  EXPECT_EQ(table.size(), 0u);
}

TEST(MethodTable, FindsTheLongestHttpPathThatEndsAtASegment) {
  NoHandler handler;
  MethodTable table;
  for (const char* path : {"/a", "/", "/a/b"}) ASSERT_TRUE(table.add({path, MethodKind::http, &handler}).ok()) << path;
  const std::pair<const char*, const char*> found[] = {
      {"/", "/"},   {"/x", "/"},      {"/a", "/a"},         {"/a/", "/a"},   {"/a?b/c", "/a"},
      {"/ab", "/"}, {"/a/b", "/a/b"}, {"/a/b/c?d", "/a/b"}, {"/a/bc", "/a"}, {"/?/a/b", "/"},
  };
  for (const auto& [target, path] : found) {
    ASSERT_NE(table.find_http(target), nullptr) << target;
    EXPECT_EQ(table.find_http(target)->path, path) << target;
  }
  for (const char* target : {"", "*", "a/b", "?"}) EXPECT_EQ(table.find_http(target), nullptr) << target;
  EXPECT_EQ(table.find("/a/b"), nullptr) << "that is no method of gRPC";
}

TEST(MethodTable, RefusesHttpPathsThatAreNoneOrThereAlready) {
  NoHandler handler;
  MethodTable table;
  for (const char* path : {"", "a", "/a/", "/a b", "/a?b", "/a#b", "/\x80"}) {
    EXPECT_FALSE(table.add({path, MethodKind::http, &handler}).ok()) << path;
  }
  EXPECT_FALSE(table.add({"/a", MethodKind::http, nullptr}).ok());
  EXPECT_TRUE(table.add({"/a", MethodKind::http, &handler}).ok());
  EXPECT_FALSE(table.add({"/a", MethodKind::http, &handler}).ok());
}

TEST(MethodTable, AMethodThatIsRemovedIsFoundNoMoreAndStaysWhereItIs) {
  NoHandler handler;
  MethodTable table;
  for (const char* path : {"/a.B/C", "/a.B/D"}) ASSERT_TRUE(table.add({path, MethodKind::unary, &handler}).ok());
  ASSERT_TRUE(table.add({"/a", MethodKind::http, &handler}).ok());
  const Method* const found = table.find("/a.B/C");
  std::unique_ptr<Method> removed = table.remove(*found);
  EXPECT_EQ(removed.get(), found);
  EXPECT_EQ(table.find("/a.B/C"), nullptr);
  EXPECT_TRUE(table.has_service("a.B"));
  const auto other = table.remove(*table.find("/a.B/D"));
  EXPECT_FALSE(table.has_service("a.B"));
  const auto http = table.remove(*table.find_http("/a"));
  EXPECT_EQ(table.find_http("/a"), nullptr);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(table.add(std::move(removed)).ok());
  EXPECT_EQ(table.find("/a.B/C"), found);
}

TEST(MethodPath, HasTwoHalves) {
  const auto path = parse_method_path("/pkg.Service/Method");
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(path->service, "pkg.Service");
  EXPECT_EQ(path->method, "Method");
}

}  // namespace
}  // namespace wasm_grpc::rpc
