#include "wasm_grpc/guest/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace wasm_grpc::guest {
namespace {

using namespace std::string_view_literals;

std::string encode(char32_t c) {
  std::string out;
  const auto add = [&](char32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6);
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  }
  return out;
}

TEST(Utf8, TakesEveryCodePointButSurrogates) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(is_utf8(encode(c)), !surrogate) << std::hex << static_cast<unsigned>(c);
  }
  EXPECT_FALSE(is_utf8(encode(0x110000)));
}

TEST(Utf8, RefusesWhatIsNot) {
  for (const std::string_view text :
       {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x9F\xBF"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv,
        "\xF5\x80\x80\x80"sv, "\xFF"sv, "\xC3"sv, "\xE2\x82"sv, "\xF0\x9F\x98"sv, "\xC3\x28"sv, "\xE2\x28\xA1"sv,
        "\xE2\x82\x28"sv, "\xF0\x9F\x98\x28"sv}) {
    EXPECT_FALSE(is_utf8(text));
    // Wherever it stands in a text, next to the words of eight bytes that are passed over at once.
    for (std::size_t before = 0; before < 20; ++before) {
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + std::string(text)));
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + std::string(text) + std::string(20, 'b')));
      EXPECT_TRUE(is_utf8(std::string(before, 'a') + "\u20AC" + std::string(20, 'b')));
    }
  }
  EXPECT_TRUE(is_utf8(""));
}

}  // namespace
}  // namespace wasm_grpc::guest
