// Path templates.
#include "facade/rest/path_template.h"

#include <gtest/gtest.h>

namespace wasm_grpc::facade::rest {
namespace {

std::string shape(std::string_view text) {
  const auto parsed = parse_path_template(text);
  return parsed.ok() ? parsed.value().shape() : "error: " + parsed.error().message;
}

TEST(PathTemplate, MatchesTheSameAsOthersOfItsShape) {
  EXPECT_EQ(shape("/v1/shelves"), "/v1/shelves");
  EXPECT_EQ(shape("/v1/{name}"), "/v1/*");
  EXPECT_EQ(shape("/v1/{name=*}"), "/v1/*");
  EXPECT_EQ(shape("/v1/{name=shelves/*/books/*}"), "/v1/shelves/*/books/*");
  EXPECT_EQ(shape("/v1/{a.b_c.d=**}"), "/v1/**");
  EXPECT_EQ(shape("/v1/{a}/x/{b=y/**}:go"), "/v1/*/x/y/**:go");
  EXPECT_EQ(shape("/v1/*/**"), "/v1/*/**");
  EXPECT_EQ(shape("/"), "/");
  EXPECT_EQ(shape("/a%20b"), shape("/a b"));
}

TEST(PathTemplate, KnowsTheSegmentsOfItsVariables) {
  const auto parsed = parse_path_template("/v1/{a}/x/{b=y/**}");
  ASSERT_TRUE(parsed.ok());
  const auto& variables = parsed.value().variables;
  ASSERT_EQ(variables.size(), 2U);
  EXPECT_EQ(variables[0].first, 1U);
  EXPECT_EQ(variables[0].count, 1U);
  EXPECT_TRUE(variables[0].is_one);
  EXPECT_EQ(variables[1].first, 3U);
  EXPECT_EQ(variables[1].count, 2U);
  EXPECT_FALSE(variables[1].is_one);
}

TEST(PathTemplate, IsRefusedWhereItIsNone) {
  for (const char* wrong :
       {"",         "v1",         "//",          "/v1/",        "/v1//a",       "/v1/{}",       "/v1/{a",   "/v1/a}",
        "/v1/{a=}", "/v1/{a=/b}", "/v1/{a={b}}", "/v1/**/a",    "/v1/{a=**}/b", "/v1/{a=**/b}", "/v1/*a",   "/v1/a*",
        "/v1/{a}b", "/v1:",       "/v1:a/b",     "/v1:a:b",     "/v1:*",        "/v1/%4",       "/v1/%zz",  "/v1/{.a}",
        "/v1/{a.}", "/v1/{a..b}", "/v1/{a-b}",   "/v1/{a}/{a}", "/v1/***",      "/v1/=",        "/v1/{a:b}"}) {
    EXPECT_TRUE(shape(wrong).starts_with("error: the path template \"" + std::string(wrong) + "\" is wrong: "))
        << shape(wrong);
  }
  std::string longest;
  for (int i = 0; i < 100; ++i) longest += "/a";
  EXPECT_FALSE(shape(longest).starts_with("error"));
  EXPECT_TRUE(shape(longest + "/a").starts_with("error"));
}

}  // namespace
}  // namespace wasm_grpc::facade::rest
