#include "rpc/base64.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace wasm_grpc::rpc {
namespace {

std::string encode(std::string_view bytes) {
  std::string out;
  base64_encode(bytes, out);
  return out;
}

TEST(Base64, EncodesTheVectorsOfRfc4648WithoutPadding) {
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg");
  EXPECT_EQ(encode("fo"), "Zm8");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foob"), "Zm9vYg");
  EXPECT_EQ(encode("fooba"), "Zm9vYmE");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, DecodesWithAndWithoutPadding) {
  for (const std::string text : {"Zm9vYg", "Zm9vYg=="}) {
    std::string out = "before ";
    ASSERT_TRUE(base64_decode(text, out)) << text;
    EXPECT_EQ(out, "before foob");
  }
}

TEST(Base64, RefusesWhatIsNotBase64AndLeavesTheOutputAlone) {
  for (const std::string text : {"Z", "Zm9vY", "Zm9v=", "Zg=", "Zm=v", "Zm 9v", "Zm-_", "====", "=", "Zg==Zg=="}) {
    std::string out = "kept";
    EXPECT_FALSE(base64_decode(text, out)) << text;
    EXPECT_EQ(out, "kept") << text;
  }
}

TEST(Base64, GivesBackEveryByteStringItEncoded) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    std::string back;
    ASSERT_TRUE(base64_decode(encode(bytes), back));
    EXPECT_EQ(back, bytes);
  }
}

}  // namespace
}  // namespace wasm_grpc::rpc
