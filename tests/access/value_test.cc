#include "access/value.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::access {
namespace {

std::string why_not(std::string_view text) {
  const auto read = read_value(text);
  return read.ok() ? "" : read.error().message;
}

TEST(Value, IsATreeOfWhatIsWritten) {
  const auto read = read_value(R"( {"a": "x\u00e9\n", "b": [1, -2.5e3, true, false, null], "c": {}} )");
  ASSERT_TRUE(read.ok()) << read.error().message;
  const Value& value = read.value();
  ASSERT_NE(value.find("a"), nullptr);
  EXPECT_EQ(value.find("a")->text, "xé\n");
  ASSERT_EQ(value.find("b")->items.size(), 5U);
  EXPECT_EQ(value.find("b")->items[1].text, "-2.5e3");
  EXPECT_EQ(value.find("b")->items[2].text, "true");
  EXPECT_TRUE(value.find("b")->items[4].is(Value::Kind::null));
  EXPECT_TRUE(value.find("c")->is(Value::Kind::object));
  EXPECT_EQ(value.find("d"), nullptr);
}

TEST(Value, AKeyMayComeOnce) {
  EXPECT_NE(why_not(R"({"a": 1, "a": 2})").find("line 1, column 10: the key \"a\" comes twice"), std::string::npos);
  EXPECT_NE(why_not(R"({"a": 1, "\u0061": 2})").find("comes twice"), std::string::npos);
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\": 0, ";
  EXPECT_EQ(why_not(many + "\"other\": 0}"), "");
  EXPECT_NE(why_not(many + "\"k7\": 0}").find("comes twice"), std::string::npos);
  EXPECT_NE(why_not(many + "\"k99\": 0}").find("comes twice"), std::string::npos);
}

TEST(Value, WhatIsNoJsonIsRefusedWithItsPlace) {
  for (const char* wrong : {"", "{", "[1,]", "{\"a\" 1}", "tru", "nulls", "01", "+1", "NaN", "\"\x80\"", "\"\n\"",
                            "{} x", "'a'", "{\"a\":1,}", "\"\\ud800\"", "[1 2]"}) {
    EXPECT_NE(why_not(wrong).find("line "), std::string::npos) << wrong << ": " << why_not(wrong);
  }
}

TEST(Value, IsNestedSoDeepAndNoDeeper) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(why_not(nested(max_value_depth)), "");
  EXPECT_NE(why_not(nested(max_value_depth + 1)).find("nested too deeply"), std::string::npos);
  EXPECT_NE(why_not(std::string(1'000'000, '[')).find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::access
