// Several pairs at once, over the fake host.
#include "wasm_grpc/guest/kv_many.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "fake_host.h"

namespace wasm_grpc::guest::testing {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

class ManyPairs : public ::testing::Test {
 protected:
  FakeHost host;
};

TEST_F(ManyPairs, KeysAreListedPageByPage) {
  for (const char* const key : {"a/1", "a/2", "a/3", "b"}) EXPECT_TRUE(kv::set(key, "xx"));
  EXPECT_TRUE(kv::set("a/2", "y", {.ttl = 1min}));
  Names keys;
  for (kv::Page page = kv::list("a/", "", 2); !page.next.empty(); page = kv::list("a/", page.next, 2)) {
    for (const kv::Listed& pair : page.pairs) keys.push_back(pair.key);
  }
  EXPECT_EQ(keys, (Names{"a/1", "a/2", "a/3"}));
  const kv::Page page = kv::list("a/", "a/1", 1);
  ASSERT_EQ(page.pairs.size(), 1u);
  EXPECT_EQ(page.pairs[0].value_bytes, 1u);
  EXPECT_EQ(page.pairs[0].version, kv::get("a/2")->version);
  EXPECT_EQ(page.pairs[0].left, 1min);
  EXPECT_TRUE(kv::list("none").next.empty());
}

TEST_F(ManyPairs, APageMaySayOnlyHowFarWasLooked) {
  host.shared.pairs["a"] = {"x", 0, INT64_MAX};
  const kv::Page page = kv::list("");
  EXPECT_TRUE(page.pairs.empty());
  EXPECT_EQ(page.next, "a");
}

TEST_F(ManyPairs, SeveralAreReadHoweverLargeTheyAre) {
  host.shared.max_value = 100'000;
  EXPECT_TRUE(kv::set("large", std::string(70'000, 'x')));
  EXPECT_TRUE(kv::set("empty", ""));
  const kv::ManyFound many = kv::get_many(Names{"large", "none", "empty"});
  ASSERT_TRUE(many);
  ASSERT_EQ(many.found.size(), 3u);
  EXPECT_EQ(many.found[0].found.value.size(), 70'000u);
  EXPECT_EQ(many.found[0].found.version, kv::get("large")->version);
  EXPECT_EQ(many.found[1].outcome, kv::Outcome::absent);
  EXPECT_TRUE(many.found[2]);
}

TEST_F(ManyPairs, ChangesAreMadeEachOrAll) {
  const auto a = kv::set("a", "1");
  const kv::Changes changes =
      kv::Changes().set("a", "2", {.if_version = a.version}).set("b", "1", {.if_version = 7}).remove("none");
  const kv::ChangesResult all = kv::change_all(changes);
  EXPECT_EQ(all.outcome, kv::Outcome::conflict);
  ASSERT_EQ(all.each.size(), 3u);
  EXPECT_EQ(all.each[0].version, 0u);
  EXPECT_EQ(all.each[1].outcome, kv::Outcome::conflict);
  EXPECT_EQ(kv::get("a")->value, "1");
  const kv::ChangesResult each = kv::change_each(changes);
  ASSERT_TRUE(each);
  EXPECT_EQ(each.each[0].version, kv::get("a")->version);
  EXPECT_EQ(each.each[1].outcome, kv::Outcome::conflict);
  EXPECT_EQ(each.each[2].outcome, kv::Outcome::absent);
  EXPECT_TRUE(kv::change_all(kv::Changes().remove("a").set("c", "3")));
  EXPECT_FALSE(kv::get("a"));
}

TEST_F(ManyPairs, ASwapTellsWhatWasThere) {
  const kv::SwapResult first = kv::swap("a", "1", {.if_version = 0});
  EXPECT_TRUE(first);
  EXPECT_EQ(first.old.outcome, kv::Outcome::absent);
  const kv::SwapResult second = kv::swap("a", "2");
  EXPECT_EQ(second.old.found.value, "1");
  EXPECT_EQ(second.old.found.version, first.version);
  const kv::SwapResult refused = kv::swap("a", "3", {.if_version = 0});
  EXPECT_EQ(refused.outcome, kv::Outcome::conflict);
  EXPECT_EQ(refused.old.found.value, "2");
  host.shared.max_value = 100'000;
  EXPECT_TRUE(kv::set("a", std::string(70'000, 'x')));
  EXPECT_EQ(kv::swap("a", "4").old.outcome, kv::Outcome::too_large);
}

}  // namespace
}  // namespace wasm_grpc::guest::testing
