#include "access/base64url.h"

#include <gtest/gtest.h>

namespace wasm_grpc::access {
namespace {

TEST(Base64url, DecodesWhatTokensHave) {
  EXPECT_EQ(base64url_decode(""), "");
  EXPECT_EQ(base64url_decode("Zg"), "f");
  EXPECT_EQ(base64url_decode("Zm8"), "fo");
  EXPECT_EQ(base64url_decode("Zm9v"), "foo");
  EXPECT_EQ(base64url_decode("-_-_"), "\xfb\xff\xbf");
}

TEST(Base64url, OneValueHasOneText) {
  for (const char* wrong :
       {"Zg==", "Zh", "Zm9", "Zm9v=", "+/+/", "Z", "Zm9vZ", "Zm 9", "Zm9v\n", "Zm9.", "Zm9v=a", "="}) {
    EXPECT_FALSE(base64url_decode(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace wasm_grpc::access
