#include "store/watches.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "store/memory/kv_store.h"

namespace wasm_grpc::store {
namespace {

struct Told final : Watcher {
  void changed(std::string_view key) noexcept override { keys.emplace_back(key); }
  void may_have_missed() noexcept override { ++missed; }
  std::vector<std::string> keys;
  int missed = 0;
};
using Names = std::vector<std::string>;

struct WatchesTest : testing::Test {
  std::shared_ptr<Told> watch(const Watched& watched) {
    auto told = std::make_shared<Told>();
    watches.add(watched, told);
    return told;
  }
  Watches watches;
};

TEST_F(WatchesTest, AKeyIsWatchedOrAllThatBeginSo) {
  const auto key = watch({"a/1"});
  const auto prefix = watch({"a/", true});
  const auto all = watch({"", true});
  for (const char* const changed : {"a/1", "a/10", "a/", "a", "b"}) watches.tell(changed);
  EXPECT_EQ(key->keys, Names{"a/1"});
  EXPECT_EQ(prefix->keys, (Names{"a/1", "a/10", "a/"}));
  EXPECT_EQ(all->keys.size(), 5u);
  watches.tell_missed();
  EXPECT_EQ(key->missed + prefix->missed + all->missed, 3);
}

TEST_F(WatchesTest, WhoIsRemovedIsToldNoMore) {
  const auto one = watch({"a", true});
  const auto other = watch({"a", true});
  watches.remove({"a", true}, one.get());
  watches.remove({"a", true}, one.get());
  watches.remove({"a"}, other.get());
  watches.tell("ab");
  EXPECT_EQ(one->keys, Names{});
  EXPECT_EQ(other->keys, Names{"ab"});
  watches.remove({"a", true}, other.get());
  watches.tell("ab");
  EXPECT_EQ(other->keys, Names{"ab"});
  EXPECT_EQ(other.use_count(), 1) << "nothing is kept of it";
}

TEST_F(WatchesTest, WhatWasNotChangedIsNotTold) {
  const auto all = watch({"", true});
  watches.tell(Set{"a", "x"}, {Outcome::conflict});
  watches.tell(Set{"a", "x"}, {Outcome::unavailable});
  watches.tell(Remove{"b"}, {Outcome::absent});
  watches.tell(Get{"c"}, {Outcome::done});
  EXPECT_EQ(all->keys, Names{});
  watches.tell(ChangeMany{{Set{"d", "x"}, Remove{"e"}, Remove{"f"}}, false},
               {Outcome::done, 0, {}, {}, {{Outcome::done}, {Outcome::conflict}, {Outcome::done}}});
  EXPECT_EQ(all->keys, (Names{"d", "f"}));
}

TEST_F(WatchesTest, AStoreInMemoryTellsOfWhatItChanges) {
  KvStore store(10'000);
  const auto all = std::make_shared<Told>();
  store.watches().add({"", true}, all);
  EXPECT_EQ(store.set("a", "1", {}, {}).first, Outcome::done);
  EXPECT_EQ(store.set("a", "1", {}, 0).first, Outcome::conflict);
  EXPECT_EQ(store.remove("a", {}), Outcome::done);
  EXPECT_EQ(store.remove("a", {}), Outcome::absent);
  EXPECT_EQ(store.apply(ChangeMany{{Set{"b", "1"}, Remove{"c"}}, true}).outcome, Outcome::done);
  EXPECT_EQ(store.apply(Set{"d", "1", {}, {}, true}).outcome, Outcome::done);
  EXPECT_EQ(all->keys, (Names{"a", "a", "b", "d"}));
}

}  // namespace
}  // namespace wasm_grpc::store
