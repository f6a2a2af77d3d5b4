#include "text/similar_name.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::text::test {
namespace {

constexpr std::string_view known[] = {"max-memory", "max-stack", "workers", "env"};

TEST(SimilarName, IsTheOneWithFewestChanges) {
  EXPECT_EQ(similar_name("max-memroy", known), "max-memory");
  EXPECT_EQ(similar_name("max_stack", known), "max-stack");
  EXPECT_EQ(similar_name("worker", known), "workers");
}

TEST(SimilarName, IsNoneWhereNoneIsNear) {
  EXPECT_EQ(similar_name("port", known), std::nullopt);
  EXPECT_EQ(similar_name("", known), std::nullopt);
  EXPECT_EQ(similar_name("en", known), std::nullopt);
  EXPECT_EQ(similar_name("workers", {}), std::nullopt);
}

TEST(SimilarName, IsNotLookedForWhenTheNameIsLong) {
  const std::string long_name(longest_compared_name + 1, 'a');
  const std::string_view almost[] = {std::string_view(long_name).substr(1)};
  EXPECT_EQ(similar_name(long_name, almost), std::nullopt);
}

TEST(NameDistance, CountsASwapOnce) {
  EXPECT_EQ(name_distance("ab", "ba"), 1U);
  EXPECT_EQ(name_distance("", "abc"), 3U);
  EXPECT_EQ(name_distance("kitten", "sitting"), 3U);
}

}  // namespace
}  // namespace wasm_grpc::text::test
