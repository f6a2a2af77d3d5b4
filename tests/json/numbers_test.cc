// Numbers as JSON writes them.
#include "json/text/numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <random>
#include <string>

namespace wasm_grpc::json {
namespace {

TEST(Numbers, EndWhereTheNotationEnds) {
  const auto length = [](std::string_view text) {
    const char* const end = number_end(text.data(), text.data() + text.size());
    return end == nullptr ? -1 : end - text.data();
  };
  EXPECT_EQ(length("0"), 1);
  EXPECT_EQ(length("-0.0e-0,"), 7);
  EXPECT_EQ(length("123abc"), 3);
  EXPECT_EQ(length("1.5E+10"), 7);
  for (const char* wrong : {"", "-", "01", "-01", "1.", ".1", "1e", "1e+", "+1", "a"})
    EXPECT_EQ(length(wrong), -1) << wrong;
}

TEST(Numbers, AreWholeInAnyNotation) {
  const auto whole = [](std::string_view text) -> std::string {
    const auto value = whole_of(text);
    return value ? (value->is_negative ? "-" : "") + std::to_string(value->magnitude) : "none";
  };
  EXPECT_EQ(whole("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(whole("18446744073709551616"), "none");
  EXPECT_EQ(whole("1.8446744073709551615e19"), "18446744073709551615");
  EXPECT_EQ(whole("-12.30e2"), "-1230");
  EXPECT_EQ(whole("12.3"), "none");
  EXPECT_EQ(whole("1e19"), "10000000000000000000");
  EXPECT_EQ(whole("1e20"), "none");
  EXPECT_EQ(whole("0.0000"), "0");
  EXPECT_EQ(whole("0e-99999999999999999999"), "0");
  EXPECT_EQ(whole("100e-2"), "1");
  EXPECT_EQ(whole("101e-2"), "none");
  EXPECT_EQ(whole("1" + std::string(30, '0') + "e-30"), "1");
}

TEST(Numbers, AreAsNearAsStrtodHasThem) {
  std::mt19937_64 random(1);
  char text[64];
  for (int i = 0; i < 100'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (value - value != 0) continue;
    std::snprintf(text, sizeof text, "%.*e", static_cast<int>(random() % 20), value);
    const auto ours = float64_of(text);
    const double theirs = std::strtod(text, nullptr);
    if (theirs - theirs != 0) {
      EXPECT_FALSE(ours) << text;
      continue;
    }
    ASSERT_TRUE(ours) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*ours), std::bit_cast<std::uint64_t>(theirs)) << text;
    char shortest[32];
    const std::string again(shortest, write_float(theirs, shortest));
    ASSERT_EQ(float64_of(again), theirs) << again;
  }
}

TEST(Numbers, ThatAreTooSmallAreZeroAndThatAreTooLargeAreNone) {
  EXPECT_EQ(float64_of("1e-400"), 0.0);
  EXPECT_EQ(float64_of("0." + std::string(500, '0') + "1"), 0.0);
  EXPECT_EQ(float64_of("0." + std::string(500, '0') + "1e502"), 10.0);
  EXPECT_EQ(float64_of("0e999999"), 0.0);
  EXPECT_FALSE(float64_of("1e309"));
  EXPECT_FALSE(float64_of("1" + std::string(400, '0')));
  EXPECT_FALSE(float64_of("0.001e9999999999999999999999"));
  EXPECT_FALSE(float32_of("1e39"));
  EXPECT_EQ(float32_of("1e-60"), 0.0F);
}

}  // namespace
}  // namespace wasm_grpc::json
