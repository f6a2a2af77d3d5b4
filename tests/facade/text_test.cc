#include "facade/grpc_web/text.h"

#include <gtest/gtest.h>

namespace wasm_grpc::facade::grpc_web {
namespace {

TEST(Text, APieceMayEndWithPaddingAnywhereInTheStream) {
  const std::string text = "YQ==YWI=YWJjYQ==";
  for (std::size_t one = 0; one <= text.size(); ++one) {
    for (std::size_t two = one; two <= text.size(); ++two) {
      TextReader reader;
      std::string bytes;
      EXPECT_TRUE(reader.read(text.substr(0, one), bytes));
      EXPECT_TRUE(reader.read(text.substr(one, two - one), bytes));
      EXPECT_TRUE(reader.read(text.substr(two), bytes));
      EXPECT_TRUE(reader.at_end());
      EXPECT_EQ(bytes, "aababca") << one << " " << two;
    }
  }
}

TEST(Text, WhatIsNotBase64IsRefused) {
  for (const char* wrong : {"a===", "====", "=aaa", "a=aa", "aa=a", "YQ\n=", "YQ-_"}) {
    TextReader reader;
    std::string bytes;
    EXPECT_FALSE(reader.read(wrong, bytes)) << wrong;
  }
}

TEST(Text, AStreamDoesNotEndInsideOfFourCharacters) {
  TextReader reader;
  std::string bytes;
  EXPECT_TRUE(reader.read("YWJjY", bytes));
  EXPECT_FALSE(reader.at_end());
}

TEST(Text, IsPadded) {
  std::string text;
  append_text("a", text);
  append_text("", text);
  append_text("abc", text);
  EXPECT_EQ(text, "YQ==YWJj");
}

}  // namespace
}  // namespace wasm_grpc::facade::grpc_web
