// Which method a request means.
#include "facade/rest/routes.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <array>
#include <ctime>

#include "library.h"

namespace wasm_grpc::facade::rest::test {
namespace {

class RestRoutes : public testing::Test {
 protected:
  RestRoutes() { EXPECT_EQ(library_.add(routes_, "Library"), ""); }

  /// "Method|capture|..." of what is found, or "none", or "allow: ...".
  std::string find(std::string_view http_method, std::string_view target) const {
    const Match match = routes_.find(http_method, target);
    if (match.rule == nullptr) return match.allow.empty() ? "none" : "allow: " + match.allow;
    std::string text = match.rule->method.substr(match.rule->method.rfind('/') + 1);
    for (const std::string_view capture : match.captures) text += "|" + std::string(capture);
    return text;
  }

  Library library_;
  Routes routes_;
};

TEST_F(RestRoutes, FindMethodsByTheirTemplates) {
  EXPECT_EQ(find("GET", "/v1/shelves/1"), "GetShelf|shelves/1");
  EXPECT_EQ(find("GET", "/v1/shelves/1/books/2"), "GetBook|shelves/1/books/2");
  EXPECT_EQ(find("GET", "/v1/books/2"), "GetBook|2");
  EXPECT_EQ(find("DELETE", "/v1/shelves/1/books/2"), "DeleteBook|shelves/1/books/2");
  EXPECT_EQ(find("PATCH", "/v1/shelves/1/books/2"), "UpdateBook|shelves/1/books/2");
  EXPECT_EQ(find("PUT", "/v1/shelves/1/books/2"), "UpdateBook|shelves/1/books/2");
  EXPECT_EQ(find("POST", "/v1/shelves/1/books"), "CreateBook|shelves/1");
  EXPECT_EQ(find("GET", "/v1/archive/a/b/c"), "GetBook|archive/a/b/c");
  EXPECT_EQ(find("GET", "/v1/archive"), "GetBook|archive");
  EXPECT_EQ(find("GET", "/v1/archive/"), "GetBook|archive/");
  EXPECT_EQ(find("REPORT", "/v1/books"), "Search");
  EXPECT_EQ(find("GET", "/"), "Root");
  for (const char* method : {"GET", "BREW"}) EXPECT_EQ(find(method, "/anything/at/all"), "Search");
}

TEST_F(RestRoutes, FindVerbs) {
  EXPECT_EQ(find("POST", "/v1/shelves/1/books/2:burn"), "BurnBook|shelves/1/books/2");
  EXPECT_EQ(find("GET", "/v1/books:search"), "Search");
  EXPECT_EQ(find("GET", "/v1/books:search?text=x"), "Search");
  EXPECT_EQ(find("GET", "/v1/books/a:b"), "GetBook|a:b") << "what is no rule's verb is text";
  EXPECT_EQ(find("GET", "/v1/books/a:burn"), "GetBook|a:burn");
  EXPECT_EQ(find("GET", "/v1/books%3Asearch"), "none");
}

TEST_F(RestRoutes, TellWhichMethodsAPathAllows) {
  EXPECT_EQ(find("POST", "/v1/shelves/1/books/2"), "allow: DELETE, GET, PATCH, PUT");
  EXPECT_EQ(find("GET", "/v1/shelves/1/books/2:burn"), "GetBook|shelves/1/books/2:burn");
  EXPECT_EQ(find("POST", "/v1/books:search"), "allow: GET");
  EXPECT_EQ(find("get", "/v1/shelves/1"), "allow: GET") << "methods are written as they are";
}

TEST_F(RestRoutes, FindNothingWhereThereIsNothing) {
  for (const char* path :
       {"/v1", "/v1/", "/v2/shelves/1", "/v1/shelves", "/v1/shelves/", "/v1/shelves//books/2",
        "/v1/shelves/1/books/2/pages", "", "*", "v1/shelves/1", "/v1/shelves/1/", "//v1/shelves/1", "/?x"}) {
    if (std::string_view(path) == "/?x") {
      EXPECT_EQ(find("GET", path), "Root");
    } else {
      EXPECT_EQ(find("GET", path), "none") << path;
    }
  }
}

TEST_F(RestRoutes, CompareTextsWithoutTheirEscapes) {
  EXPECT_EQ(find("GET", "/v1/%73helves/1"), "GetShelf|%73helves/1");
  EXPECT_EQ(find("GET", "/v1/shelves%2F1"), "none") << "an escaped slash ends no segment";
  EXPECT_EQ(find("GET", "/v1/shelves/a%2Fb"), "GetShelf|shelves/a%2Fb");
  EXPECT_EQ(find("GET", "/v1/%zz/1"), "none");
}

TEST_F(RestRoutes, PreferTextsToWildcardsButAMethodThatFits) {
  EXPECT_NE(library_.add(routes_, "Other", "other.wasm"), "");
  Routes routes;
  const auto& other = library_.service("Other");
  ASSERT_TRUE(routes_.add(*other.FindMethodByName("Literal"), "other.wasm", library_.types()).ok());
  ASSERT_TRUE(routes_.add(*other.FindMethodByName("Clear"), "other.wasm", library_.types()).ok());
  EXPECT_EQ(find("GET", "/v1/shelves/first"), "Literal");
  EXPECT_EQ(find("GET", "/v1/shelves/second"), "GetShelf|shelves/second");
  EXPECT_EQ(find("DELETE", "/v1/shelves/first"), "Clear|first");
  EXPECT_EQ(find("PUT", "/v1/shelves/first"), "allow: DELETE, GET");
}

TEST_F(RestRoutes, RefuseTwoRulesForTheSameRequests) {
  EXPECT_EQ(library_.add(routes_, "Other", "other.wasm"),
            "the google.api.http rules \"GET /v1/{name=shelves/*/books/*}\" of library.Library/GetBook of module "
            "library.wasm and "
            "\"GET /v1/shelves/{name}/books/*\" of library.Other/Fetch of module other.wasm mean the same requests: "
            "change one "
            "of them");
  EXPECT_EQ(find("GET", "/v1/shelves/1/books/2"), "GetBook|shelves/1/books/2");
}

TEST_F(RestRoutes, RefuseRulesThatMakeNoSense) {
  const auto& wrong = library_.service("Wrong");
  for (int i = 0; i < wrong.method_count(); ++i) {
    Routes routes;
    const auto added = routes.add(*wrong.method(i), "wrong.wasm", library_.types());
    ASSERT_FALSE(added.ok()) << wrong.method(i)->name();
    EXPECT_TRUE(routes.empty());
    EXPECT_NE(added.error().message.find("library.Wrong/" + wrong.method(i)->name()), std::string::npos)
        << added.error().message;
  }
}

TEST_F(RestRoutes, KnowAllTheirRules) {
  EXPECT_EQ(routes_.rules().size(), 14U);
  Routes empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.find("GET", "/v1/shelves/1").rule, nullptr);
}

/// Templates of texts and wildcards in all combinations: a search visits each place once.
TEST(RestRoutesUnderAttack, TakeTimeInProportion) {
  google::protobuf::DescriptorPool pool;
  google::protobuf::FileDescriptorProto file;
  file.set_name("attack.proto");
  file.add_message_type()->set_name("Empty");
  auto& service = *file.add_service();
  service.set_name("Attack");
  for (unsigned i = 0; i < 1024; ++i) {
    auto& method = *service.add_method();
    method.set_name("Method" + std::to_string(i));
    method.set_input_type("Empty");
    method.set_output_type("Empty");
    std::string path;
    for (unsigned bit = 0; bit < 10; ++bit) path += (i >> bit & 1) != 0 ? "/a" : "/*";
    path += "/end";
    // HttpRule{get: path}
    const std::string rule = "\x12" + std::string(1, static_cast<char>(path.size())) + path;
    method.mutable_options()->mutable_unknown_fields()->AddLengthDelimited(72295728, rule);
  }
  const auto* built = pool.BuildFile(file);
  ASSERT_NE(built, nullptr);
  const std::array files{built};
  const json::Types types(files);
  Routes routes;
  for (int i = 0; i < 1024; ++i) ASSERT_TRUE(routes.add(*built->service(0)->method(i), "attack.wasm", types).ok());
  const std::clock_t before = std::clock();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(routes.find("GET", "/a/a/a/a/a/a/a/a/a/a/no").rule, nullptr);
    EXPECT_EQ(routes.find("GET", std::string(60'000, '/')).rule, nullptr);
  }
  EXPECT_LT(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC, 1.0);
  EXPECT_EQ(routes.find("GET", "/a/x/a/a/a/a/a/a/a/a/end").rule->http.path, "/a/*/a/a/a/a/a/a/a/a/end");
}

}  // namespace
}  // namespace wasm_grpc::facade::rest::test
