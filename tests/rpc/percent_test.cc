#include "rpc/percent.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::rpc {
namespace {

std::string encode(std::string_view text) {
  std::string out;
  percent_encode(text, out);
  return out;
}

TEST(Percent, LeavesPrintableAsciiAsItIs) { EXPECT_EQ(encode("no such feature: \"x\" ~"), "no such feature: \"x\" ~"); }

TEST(Percent, EncodesPercentControlCharactersAndUtf8) {
  EXPECT_EQ(encode("100%"), "100%25");
  EXPECT_EQ(encode("a\nb\x7f"), "a%0Ab%7F");
  EXPECT_EQ(encode("ü€"), "%C3%BC%E2%82%AC");
}

TEST(Percent, EncodesSpacesAtTheEnds) {
  EXPECT_EQ(encode(" a b  "), "%20a b%20%20");
  EXPECT_EQ(encode("  "), "%20%20");
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(percent_decode(encode("  a ")), "  a ");
}

TEST(Percent, GivesBackEveryByteItEncoded) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(percent_decode(encode(all)), all);
}

TEST(Percent, LeavesInvalidEscapesAsTheyAre) {
  EXPECT_EQ(percent_decode("50% or %zz or %4"), "50% or %zz or %4");
  EXPECT_EQ(percent_decode("%41%4a%4A"), "AJJ");
}

}  // namespace
}  // namespace wasm_grpc::rpc
