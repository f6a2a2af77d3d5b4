#include "facade/gathered_body.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::facade {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(GatheredBody, WantsWhatIsMissingOfTheLengthThatIsSaid) {
  rpc::Metadata fields;
  fields.add("content-length", "10");
  GatheredBody body(fields, 100);
  EXPECT_EQ(body.missing(), 10U);
  ASSERT_TRUE(body.add(bytes_of("1234")).ok());
  EXPECT_EQ(body.missing(), 6U);
  EXPECT_EQ(body.text(), "1234");
}

TEST(GatheredBody, WantsNoMoreThanALimitOfWhatIsTooLarge) {
  rpc::Metadata fields;
  fields.add("content-length", "999999999999");
  GatheredBody body(fields, 100);
  EXPECT_LE(body.missing(), 101U);
  EXPECT_EQ(body.add(bytes_of("1")).code, rpc::StatusCode::resource_exhausted);
  EXPECT_EQ(body.size(), 0U);
}

TEST(GatheredBody, RefusesWhatGrowsPastTheLimitWithoutALength) {
  GatheredBody body({}, 5);
  ASSERT_TRUE(body.add(bytes_of("12345")).ok());
  EXPECT_EQ(body.add(bytes_of("6")).code, rpc::StatusCode::resource_exhausted);
}

}  // namespace
}  // namespace wasm_grpc::facade
