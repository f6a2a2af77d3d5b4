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

std::string padded(std::string_view bytes) {
  std::string out(padded_base64_size(bytes.size()), '?');
  EXPECT_EQ(padded_base64_encode(bytes, out.data()), out.data() + out.size());
  return out;
}

/// What a text stands for, in either alphabet, or "none".
std::string decoded(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 2, '?');
  const char* const end = any_base64_decode(text, out.data());
  return end == nullptr ? "none" : out.substr(0, static_cast<std::size_t>(end - out.data()));
}

TEST(Base64, IsPaddedWhereItIsToBe) {
  EXPECT_EQ(padded(""), "");
  EXPECT_EQ(padded("f"), "Zg==");
  EXPECT_EQ(padded("fo"), "Zm8=");
  EXPECT_EQ(padded("foo"), "Zm9v");
  EXPECT_EQ(padded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(padded("\xFB\xFF"), "+/8=");
}

TEST(Base64, IsReadInEitherAlphabet) {
  for (const char* text : {"+/8=", "+/8", "-_8=", "-_8"}) EXPECT_EQ(decoded(text), "\xFB\xFF") << text;
  EXPECT_EQ(decoded("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decoded("Zg"), "f");
  EXPECT_EQ(decoded(""), "");
  for (const char* wrong : {"Z", "Zg=", "Z===", "Zm9vY", "Zm 9v", "Zm9v=", "Zg==Zg==", "Zm9\n", "Z\x80==", "===="}) {
    EXPECT_EQ(decoded(wrong), "none") << wrong;
  }
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decoded(padded(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

}  // namespace
}  // namespace wasm_grpc::rpc
