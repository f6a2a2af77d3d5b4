#include "facade/connect/query.h"

#include <gtest/gtest.h>

namespace wasm_grpc::facade::connect {
namespace {

TEST(Query, AParameterIsFoundAndDecoded) {
  EXPECT_EQ(parameter("a=1&b=x%20y+z&c", "b"), "x y z");
  EXPECT_EQ(parameter("a=1&b=2&b=3", "b"), "2");
  EXPECT_EQ(parameter("a=1&c", "c"), "");
  EXPECT_EQ(parameter("mess%61ge=1", "message"), "1");
  EXPECT_EQ(parameter("a=%zz%", "a"), "%zz%");
  EXPECT_FALSE(parameter("ab=1&&=2", "a"));
  EXPECT_FALSE(parameter("", "a"));
}

TEST(Query, Base64IsTakenInBothAlphabetsPaddedOrNot) {
  for (const char* text : {"_-8", "/+8", "_-8=", "/+8="}) {
    std::string bytes;
    EXPECT_TRUE(decode_base64(text, bytes)) << text;
    EXPECT_EQ(bytes, "\xff\xef") << text;
  }
  std::string bytes;
  EXPECT_FALSE(decode_base64("a b", bytes));
}

}  // namespace
}  // namespace wasm_grpc::facade::connect
