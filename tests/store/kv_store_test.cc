#include "store/memory/kv_store.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace wasm_grpc::store {
namespace {

using std::chrono::seconds;
using Outcome = KvStore::Outcome;

struct KvStoreTest : testing::Test {
  KvStore::Clock::time_point now{seconds(1000)};
  KvStore store{100'000, [this] { return now; }};

  Outcome set(std::string_view key, std::string value, std::optional<std::chrono::nanoseconds> ttl = {},
              KvStore::Condition condition = {}) {
    return store.set(key, std::move(value), ttl, condition).first;
  }
  std::string get(std::string_view key) {
    const auto found = store.get(key);
    return found ? *found->value : "(absent)";
  }
};

TEST_F(KvStoreTest, KeepsWhatIsSet) {
  EXPECT_EQ(get("a"), "(absent)");
  EXPECT_EQ(set("a", "1"), Outcome::done);
  EXPECT_EQ(set("b", ""), Outcome::done);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "");
  EXPECT_EQ(set("a", "2"), Outcome::done);
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(store.remove("a", {}), Outcome::done);
  EXPECT_EQ(get("a"), "(absent)");
  EXPECT_EQ(store.remove("a", {}), Outcome::absent);
}

TEST_F(KvStoreTest, GivesEachChangeOfAKeyAVersionItHasNotHad) {
  std::set<std::uint64_t> versions;
  for (int i = 0; i < 5; ++i) {
    const auto [outcome, version] = store.set("a", "x", {}, {});
    EXPECT_EQ(store.get("a")->version, version);
    EXPECT_TRUE(versions.insert(version).second);
    if (i % 2 == 0) {
      EXPECT_EQ(store.remove("a", {}), Outcome::done);
    }
  }
  EXPECT_FALSE(versions.contains(0));
}

TEST_F(KvStoreTest, ChangesOnlyTheVersionThatIsMeant) {
  EXPECT_EQ(set("a", "1", {}, 7), Outcome::conflict) << "there is none";
  EXPECT_EQ(set("a", "1", {}, 0), Outcome::done);
  EXPECT_EQ(set("a", "2", {}, 0), Outcome::conflict) << "there is one";
  const std::uint64_t first = store.get("a")->version;
  EXPECT_EQ(set("a", "2", {}, first), Outcome::done);
  EXPECT_EQ(set("a", "3", {}, first), Outcome::conflict);
  EXPECT_EQ(store.remove("a", first), Outcome::conflict);
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(store.remove("a", store.get("a")->version), Outcome::done);
  EXPECT_EQ(store.remove("a", first), Outcome::conflict);
  EXPECT_EQ(store.remove("a", 0), Outcome::absent);
}

TEST_F(KvStoreTest, ForgetsPairsWhenTheirTimeHasPassed) {
  EXPECT_EQ(set("a", "1", seconds(10)), Outcome::done);
  EXPECT_EQ(set("b", "2"), Outcome::done);
  now += seconds(9);
  EXPECT_EQ(get("a"), "1");
  now += seconds(1);
  EXPECT_EQ(get("a"), "(absent)");
  EXPECT_EQ(get("b"), "2");
  EXPECT_EQ(set("a", "3", {}, 0), Outcome::done) << "as if it had never been there";
}

TEST_F(KvStoreTest, CountsTheTimeFromTheLastSet) {
  EXPECT_EQ(set("a", "1", seconds(10)), Outcome::done);
  EXPECT_EQ(set("b", "1", seconds(10)), Outcome::done);
  now += seconds(5);
  EXPECT_EQ(set("a", "2", seconds(10)), Outcome::done);
  EXPECT_EQ(set("b", "2"), Outcome::done);
  now += seconds(9);
  EXPECT_EQ(get("a"), "2");
  now += seconds(1);
  EXPECT_EQ(get("a"), "(absent)");
  EXPECT_EQ(get("b"), "2") << "it is for ever now";
  EXPECT_EQ(set("c", "1", std::chrono::nanoseconds::max()), Outcome::done);
  now += std::chrono::hours(24 * 365 * 100);
  EXPECT_EQ(get("c"), "1");
}

TEST_F(KvStoreTest, HoldsNoMoreBytesThanItMay) {
  const std::size_t pair = pair_bytes + 1 + 9'000;
  const std::size_t fit = 100'000 / pair;
  for (std::size_t i = 0; i < fit; ++i)
    EXPECT_EQ(set(std::string(1, char('a' + i)), std::string(9'000, 'x')), Outcome::done);
  EXPECT_EQ(store.bytes(), fit * pair);
  EXPECT_EQ(set("z", std::string(9'000, 'x')), Outcome::full);
  EXPECT_EQ(get("z"), "(absent)");
  EXPECT_EQ(set("a", std::string(9'000, 'y')), Outcome::done) << "it takes no more room than it has";
  EXPECT_EQ(set("a", std::string(99'000, 'y')), Outcome::full);
  EXPECT_EQ(get("a"), std::string(9'000, 'y')) << "what was there stays";
  EXPECT_EQ(store.remove("b", {}), Outcome::done);
  EXPECT_EQ(set("z", std::string(9'000, 'x')), Outcome::done);
  EXPECT_EQ(store.bytes(), fit * pair);
  EXPECT_EQ(set("z", "small"), Outcome::done);
  EXPECT_EQ(store.bytes(), fit * pair - 8'995);
}

TEST_F(KvStoreTest, GivesExpiredPairsBackWhenRoomIsNeeded) {
  int set_before = 0;
  while (set("old" + std::to_string(set_before), std::string(500, 'x'), seconds(1)) == Outcome::done) ++set_before;
  EXPECT_GT(set_before, 50);
  now += seconds(1);
  for (int i = 0; i < set_before; ++i) {
    EXPECT_EQ(set("new" + std::to_string(i), std::string(500, 'x')), Outcome::done) << i;
  }
}

TEST_F(KvStoreTest, GivesExpiredPairsBackOnTheWay) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(set(std::to_string(i), "x", seconds(1)), Outcome::done);
  now += seconds(1);
  for (int i = 0; i < 400; ++i) static_cast<void>(store.get("other" + std::to_string(i)));
  EXPECT_EQ(store.bytes(), 0u);
}

TEST_F(KvStoreTest, HoldsNothingWhereItMayHoldNothing) {
  KvStore none(0);
  EXPECT_EQ(none.set("a", "", {}, {}).first, Outcome::full);
  EXPECT_FALSE(none.get("a"));
}

TEST(KvStoreThreads, LoseNoChangeThatWasMadeByVersion) {
  KvStore store(1 << 20);
  constexpr int threads = 4;
  constexpr int rounds = 300;
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < rounds;) {
          const auto found = store.get("sum");
          const int sum = found ? std::stoi(*found->value) : 0;
          const auto done = store.set("sum", std::to_string(sum + 1), {}, found ? found->version : 0);
          if (done.first == Outcome::done) ++i;
          const std::string own = std::to_string(t) + "/" + std::to_string(i % 7);
          static_cast<void>(store.set(own, "x", std::chrono::microseconds(50), {}));
          static_cast<void>(store.get(own));
          static_cast<void>(store.remove(own, {}));
        }
      });
    }
  }
  EXPECT_EQ(*store.get("sum")->value, std::to_string(threads * rounds));
  EXPECT_EQ(store.bytes(), pair_bytes + 3 + 4);
}

}  // namespace
}  // namespace wasm_grpc::store
