#include "rpc/utf8.h"

#include <gtest/gtest.h>

#include <string_view>

namespace wasm_grpc::rpc {
namespace {

std::string replaced(std::string_view text) {
  std::string out(text);
  const bool changed = replace_invalid_utf8(out);
  EXPECT_EQ(changed, out != text);
  return out;
}

constexpr std::string_view mark = "\xEF\xBF\xBD";

TEST(ReplaceInvalidUtf8, LeavesText) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "plain"sv, "a\0b"sv, "\x7f"sv, "naïve – 世界 🦀"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv,
        "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_EQ(replaced(text), text);
  }
}

TEST(ReplaceInvalidUtf8, MarksEachByteThatIsNoCharacter) {
  const std::string one(mark);
  const std::string two = one + one;
  const std::string three = two + one;
  EXPECT_EQ(replaced("\x80"), one);                      // continues nothing
  EXPECT_EQ(replaced("\xFF"), one);                      // is in no character
  EXPECT_EQ(replaced("\xC3"), one);                      // cut off
  EXPECT_EQ(replaced("\xE4\xB8"), two);                  // cut off
  EXPECT_EQ(replaced("\xF0\x9F\xA6"), three);            // cut off
  EXPECT_EQ(replaced("\xC0\xAF"), two);                  // not the shortest form
  EXPECT_EQ(replaced("\xE0\x80\xAF"), three);            // not the shortest form
  EXPECT_EQ(replaced("\xF0\x8F\xBF\xBF"), three + one);  // not the shortest form
  EXPECT_EQ(replaced("\xED\xA0\x80"), three);            // a surrogate
  EXPECT_EQ(replaced("\xF4\x90\x80\x80"), three + one);  // past U+10FFFF
}

TEST(ReplaceInvalidUtf8, KeepsWhatIsAround) {
  EXPECT_EQ(replaced("é\xFFx\xE4\xB8世"), "é" + std::string(mark) + "x" + std::string(mark) + std::string(mark) + "世");
  EXPECT_EQ(replaced("x\xC3y"), "x" + std::string(mark) + "y");
}

}  // namespace
}  // namespace wasm_grpc::rpc
