#include "config/value.h"

#include <gtest/gtest.h>

namespace wasm_grpc::config::test {
namespace {

std::int64_t number(Kind kind, std::string_view text) {
  const auto parsed = parse_number(kind, text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? parsed.value() : -1;
}

TEST(Number, OfBytesMayHaveAUnit) {
  EXPECT_EQ(number(Kind::bytes, "4096"), 4096);
  EXPECT_EQ(number(Kind::bytes, "64KiB"), 65536);
  EXPECT_EQ(number(Kind::bytes, "64 MiB"), 67108864);
  EXPECT_EQ(number(Kind::bytes, "1 TiB"), std::int64_t{1} << 40);
}

TEST(Number, OfATimeMayHaveAUnit) {
  EXPECT_EQ(number(Kind::time, "250"), 250);
  EXPECT_EQ(number(Kind::time, "250 ms"), 250);
  EXPECT_EQ(number(Kind::time, "10s"), 10'000);
  EXPECT_EQ(number(Kind::time, "5 min"), 300'000);
  EXPECT_EQ(number(Kind::time, "2 h"), 7'200'000);
  EXPECT_EQ(number(Kind::time, "30 d"), std::int64_t{30} * 24 * 3'600'000);
}

TEST(Number, IsNothingElse) {
  for (const std::string_view text :
       {"", " 1", "1 ", "1  s", "1e3", "1.5s", "0x10", "s", "1 S", "1 m", "- 1", "1 s s"}) {
    EXPECT_FALSE(parse_number(Kind::time, text).ok()) << text;
  }
  EXPECT_FALSE(parse_number(Kind::count, "1 KiB").ok());
  EXPECT_FALSE(parse_number(Kind::bytes, "1 MB").ok());
  EXPECT_FALSE(parse_number(Kind::bytes, "-1 KiB").ok());
}

TEST(Number, ThatIsTooLargeIsToldSo) {
  for (const std::string_view text : {"9223372036854775808", "8388608 TiB"}) {
    const auto parsed = parse_number(Kind::bytes, text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message, "no number here may be so large");
  }
}

TEST(Number, IsWrittenAsItIsRead) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{1000}, std::int64_t{1024}, std::int64_t{60'000},
        std::int64_t{65'536}, std::int64_t{1} << 40, std::int64_t{86'400'000}}) {
    for (const Kind kind : {Kind::count, Kind::bytes, Kind::time})
      EXPECT_EQ(number(kind, number_text(kind, value)), value);
  }
  EXPECT_EQ(number_text(Kind::bytes, 67108864), "64 MiB");
  EXPECT_EQ(number_text(Kind::time, 10'000), "10 s");
  EXPECT_EQ(number_text(Kind::count, 4096), "4096");
}

TEST(Directory, IsReadOnlyAndOfTheSamePathIfNotSaidOtherwise) {
  const DirectoryGrant grant = parse_directory("/srv/data").value();
  EXPECT_EQ(grant.host_path, "/srv/data");
  EXPECT_EQ(grant.guest_path, "/srv/data");
  EXPECT_TRUE(grant.read_only);
  const DirectoryGrant other = parse_directory("/srv/data:/data:rw").value();
  EXPECT_EQ(other.guest_path, "/data");
  EXPECT_FALSE(other.read_only);
  for (const std::string_view text : {"", ":", ":/data", "/srv:", ":ro"})
    EXPECT_FALSE(parse_directory(text).ok()) << text;
}

TEST(Variable, IsNotRepeatedInItsError) {
  EXPECT_EQ(parse_variable("A=b=c").value(), std::pair(std::string("A"), std::string("b=c")));
  EXPECT_EQ(parse_variable("A=").value().second, "");
  for (const std::string_view text : {"hunter2", "=hunter2"}) {
    const auto variable = parse_variable(text);
    ASSERT_FALSE(variable.ok());
    EXPECT_EQ(variable.error().message, "expected NAME=VALUE");
  }
}

TEST(Quoted, IsPrintableAndShort) {
  EXPECT_EQ(in_quotes("a\nb\x1b"), "\"a?b?\"");
  EXPECT_EQ(in_quotes(std::string(100, 'a')), "\"" + std::string(80, 'a') + "...\"");
}

}  // namespace
}  // namespace wasm_grpc::config::test
