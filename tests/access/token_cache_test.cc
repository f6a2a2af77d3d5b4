#include "access/token_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::access {
namespace {

std::shared_ptr<const VerifiedToken> token(std::string text) {
  auto made = std::make_shared<VerifiedToken>();
  made->text = std::move(text);
  return made;
}

TEST(TokenCache, FindsWhatWasAddedByItsWholeText) {
  TokenCache cache;
  cache.add(token("abc"));
  ASSERT_NE(cache.find("abc"), nullptr);
  EXPECT_EQ((*cache.find("abc"))->text, "abc");
  EXPECT_EQ(cache.find("ab"), nullptr);
  EXPECT_EQ(cache.find("abcd"), nullptr);
  cache.clear();
  EXPECT_EQ(cache.find("abc"), nullptr);
}

TEST(TokenCache, HoldsNoMoreThanItMayAndKeepsWhatIsAskedFor) {
  TokenCache cache(64 << 10);
  cache.add(token("kept"));
  for (int i = 0; i < 10'000; ++i) {
    cache.add(token("t" + std::to_string(i)));
    if (i % 10 != 0) continue;
    ASSERT_NE(cache.find("kept"), nullptr) << i;
  }
  EXPECT_LE(cache.size(), std::size_t{64 << 10} / 512);
  EXPECT_EQ(cache.find("t0"), nullptr);
  EXPECT_NE(cache.find("t9999"), nullptr);
}

}  // namespace
}  // namespace wasm_grpc::access
