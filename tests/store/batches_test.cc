// Operations on several pairs, or that answer more than one thing: they do the same in memory, in a file and on a
// server.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/asked.h"
#include "store/memory/kv_store.h"
#include "store/redis_server.h"
#include "store/sqlite/database.h"
#include "store/stores.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store {
namespace {

using std::chrono::milliseconds;

struct BatchesTest : testing::TestWithParam<StoreBackend> {
  BatchesTest() {
    limits.max_kv_bytes = 10'000;
    if (GetParam() == StoreBackend::memory) {
      memory = std::make_unique<KvStore>(limits.max_kv_bytes);
      return;
    }
    if (GetParam() == StoreBackend::redis) return;
    auto database = sqlite::Database::open(file.path(), milliseconds(5'000), [](LogLevel, const std::string&) {});
    EXPECT_TRUE(database.ok());
    stored =
        sqlite::SpaceStore::open(database.value(), std::make_shared<Meter>("module"), StoreOptions(), limits).value();
  }
  void SetUp() override {
    if (GetParam() != StoreBackend::redis) return;
    if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
    server.emplace();
    ModuleOptions options;
    options.name = "module";
    options.store = server->options();
    options.shared_state = limits;
    stored = Stores([](LogLevel, const std::string&) {}).open(options).value();
  }
  Answer apply(Operation operation) { return memory ? memory->apply(operation) : ask(*stored, std::move(operation)); }
  std::uint64_t set(const std::string& key, const std::string& value = "x") {
    const Answer done = apply(Set{key, value});
    EXPECT_EQ(done.outcome, Outcome::done);
    return done.number;
  }
  std::string get(const std::string& key) {
    const Answer found = apply(Get{key});
    return found.outcome == Outcome::done ? found.value : "(absent)";
  }
  std::vector<std::string> keys(const Answer& listed) {
    std::vector<std::string> names;
    for (const Listed& pair : listed.pairs) names.push_back(pair.key);
    return names;
  }

  SharedStateLimits limits;
  TemporaryStore file;
  std::optional<RedisServer> server;
  std::unique_ptr<KvStore> memory;
  std::shared_ptr<Store> stored;
};

using Names = std::vector<std::string>;

INSTANTIATE_TEST_SUITE_P(Stores, BatchesTest,
                         testing::Values(StoreBackend::memory, StoreBackend::sqlite, StoreBackend::redis),
                         [](const auto& backend) {
                           return backend.param == StoreBackend::memory   ? "Memory"
                                  : backend.param == StoreBackend::sqlite ? "Sqlite"
                                                                          : "Redis";
                         });

// ---- List ----

TEST_P(BatchesTest, KeysOfAPrefixAreListedInTheirOrder) {
  const std::uint64_t version = set("b/2", "four");
  for (const char* const key : {"a", "b/1", "b", "c", "b/10", "b/\xff"}) set(key);
  EXPECT_EQ(keys(apply(List{"b/", "", 100})), (Names{"b/1", "b/10", "b/2", "b/\xff"}));
  EXPECT_EQ(keys(apply(List{"", "", 100})), (Names{"a", "b", "b/1", "b/10", "b/2", "b/\xff", "c"}));
  const Answer page = apply(List{"b/", "b/10", 1});
  ASSERT_EQ(keys(page), Names{"b/2"});
  EXPECT_EQ(page.pairs[0].version, version);
  EXPECT_EQ(page.pairs[0].value_bytes, 4u);
  EXPECT_FALSE(page.pairs[0].ttl.has_value());
  EXPECT_EQ(keys(apply(List{"b/", "b/\xff", 10})), Names{});
  EXPECT_EQ(keys(apply(List{"d", "", 10})), Names{});
  EXPECT_EQ(keys(apply(List{"b/", "a", 10})), (Names{"b/1", "b/10", "b/2", "b/\xff"})) << "a comes before all of them";
}

TEST_P(BatchesTest, PagesTogetherHaveEachKeyOnce) {
  Names all;
  for (int i = 10; i < 35; ++i) {
    all.push_back("key" + std::to_string(i));
    set(all.back());
  }
  Names found;
  std::string after;
  while (true) {
    const Names page = keys(apply(List{"key", after, 7}));
    if (page.empty()) break;
    found.insert(found.end(), page.begin(), page.end());
    after = page.back();
  }
  EXPECT_EQ(found, all);
}

TEST_P(BatchesTest, PairsWhoseTimeHasPassedAreNotListed) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(apply(Set{"k" + std::to_string(i), "x", milliseconds(1)}).outcome, Outcome::done);
  }
  set("k5");
  EXPECT_EQ(apply(Set{"k6", "x", std::chrono::hours(1)}).outcome, Outcome::done);
  std::this_thread::sleep_for(milliseconds(5));
  const Answer all = apply(List{"k", "", 100});
  ASSERT_EQ(keys(all), (Names{"k5", "k6"}));
  EXPECT_GT(all.pairs[1].ttl, std::chrono::minutes(59));
  const Answer page = apply(List{"k", "", 2});
  ASSERT_FALSE(page.pairs.empty());
  if (page.pairs[0].version == 0) {  // that of memory has looked at so many
    EXPECT_EQ(keys(page), Names{"k1"});
  } else {
    EXPECT_EQ(keys(page), (Names{"k5", "k6"}));
  }
}

// ---- Get several ----

TEST_P(BatchesTest, SeveralAreReadAtOnce) {
  const std::uint64_t version = set("a", "1");
  set("empty", "");
  const Answer found = apply(GetMany{{"a", "none", "empty", "a"}, 100});
  ASSERT_EQ(found.outcome, Outcome::done);
  ASSERT_EQ(found.each.size(), 4u);
  EXPECT_EQ(found.each[0].value, "1");
  EXPECT_EQ(found.each[0].number, version);
  EXPECT_EQ(found.each[1].outcome, Outcome::absent);
  EXPECT_EQ(found.each[2].outcome, Outcome::done);
  EXPECT_EQ(found.each[3].value, "1");
}

TEST_P(BatchesTest, NoMoreIsReadThanIsWanted) {
  set("a", "12345");
  set("b", "67890");
  EXPECT_EQ(apply(GetMany{{"a", "b"}, 10}).outcome, Outcome::done);
  EXPECT_EQ(apply(GetMany{{"a", "b"}, 9}).outcome, Outcome::too_large);
}

// ---- Change several ----

TEST_P(BatchesTest, ChangesForThemselvesAreMadeWhereTheyCanBe) {
  const std::uint64_t version = set("a");
  const Answer done = apply(ChangeMany{
      {Set{"a", "new", {}, version}, Set{"b", "x", {}, 7}, Remove{"none"}, Set{"c", "y"}, Remove{"c"}}, false});
  ASSERT_EQ(done.outcome, Outcome::done);
  ASSERT_EQ(done.each.size(), 5u);
  EXPECT_EQ(done.each[0].outcome, Outcome::done);
  EXPECT_NE(done.each[0].number, version);
  EXPECT_EQ(done.each[1].outcome, Outcome::conflict);
  EXPECT_EQ(done.each[2].outcome, Outcome::absent);
  EXPECT_EQ(done.each[3].outcome, Outcome::done);
  EXPECT_EQ(done.each[4].outcome, Outcome::done);
  EXPECT_EQ(get("a"), "new");
  EXPECT_EQ(get("b"), "(absent)");
  EXPECT_EQ(get("c"), "(absent)") << "in their order";
}

TEST_P(BatchesTest, ChangesTogetherAreAllMade) {
  const std::uint64_t a = set("a");
  const std::uint64_t b = set("b");
  const Answer done =
      apply(ChangeMany{{Set{"a", "1", {}, a}, Remove{"b", b}, Set{"c", "3", {}, 0}, Remove{"none"}}, true});
  ASSERT_EQ(done.outcome, Outcome::done);
  ASSERT_EQ(done.each.size(), 4u);
  EXPECT_NE(done.each[0].number, 0u);
  EXPECT_EQ(done.each[3].outcome, Outcome::absent);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "(absent)");
  EXPECT_EQ(get("c"), "3");
  EXPECT_EQ(apply(Set{"a", "2", {}, done.each[0].number}).outcome, Outcome::done) << "the version that was told";
}

TEST_P(BatchesTest, ChangesTogetherAreNotMadeWhereOneCannotBe) {
  const std::uint64_t a = set("a");
  set("b");
  const Answer done = apply(ChangeMany{{Set{"a", "1", {}, a}, Set{"b", "2", {}, 0}, Remove{"c", 9}}, true});
  EXPECT_EQ(done.outcome, Outcome::conflict);
  ASSERT_EQ(done.each.size(), 3u);
  EXPECT_EQ(done.each[0].outcome, Outcome::done);
  EXPECT_EQ(done.each[0].number, 0u);
  EXPECT_EQ(done.each[1].outcome, Outcome::conflict);
  EXPECT_EQ(done.each[2].outcome, Outcome::conflict);
  EXPECT_EQ(get("a"), "x");
  EXPECT_EQ(get("b"), "x");
}

TEST_P(BatchesTest, ChangesTogetherFitAsAWhole) {
  set("large", std::string(9'000, 'l'));
  EXPECT_EQ(apply(ChangeMany{{Set{"b", std::string(5'000, 'b')}, Set{"c", std::string(4'000, 'c')}}, true}).outcome,
            Outcome::full);
  EXPECT_EQ(get("b"), "(absent)");
  const Answer done =
      apply(ChangeMany{{Set{"b", std::string(5'000, 'b')}, Set{"c", std::string(4'000, 'c')}, Remove{"large"}}, true});
  EXPECT_EQ(done.outcome, Outcome::done) << "what is removed makes room for what comes before it";
  EXPECT_EQ(get("c").size(), 4'000u);
  EXPECT_EQ(apply(ChangeMany{{Remove{"b"}, Remove{"c"}}, true}).outcome, Outcome::done);
  EXPECT_EQ(apply(Set{"d", std::string(9'600, 'd')}).outcome, Outcome::done) << "all room is free again";
}

TEST_P(BatchesTest, APairWhoseTimeHasPassedIsAbsentToChanges) {
  EXPECT_EQ(apply(Set{"a", std::string(9'000, 'a'), milliseconds(1)}).outcome, Outcome::done);
  std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(apply(ChangeMany{{Set{"a", "1", {}, 0}, Set{"b", std::string(9'000, 'b')}}, true}).outcome, Outcome::done);
  EXPECT_EQ(get("a"), "1");
}

// ---- What was there ----

TEST_P(BatchesTest, ASetTellsWhatWasThere) {
  const Answer first = apply(Set{"a", "1", {}, 0, true});
  ASSERT_EQ(first.outcome, Outcome::done);
  ASSERT_EQ(first.each.size(), 1u);
  EXPECT_EQ(first.each[0].outcome, Outcome::absent);
  const Answer second = apply(Set{"a", "2", {}, {}, true});
  ASSERT_EQ(second.outcome, Outcome::done);
  EXPECT_EQ(second.each[0].value, "1");
  EXPECT_EQ(second.each[0].number, first.number);
  const Answer refused = apply(Set{"a", "3", {}, 0, true});
  EXPECT_EQ(refused.outcome, Outcome::conflict);
  ASSERT_EQ(refused.each.size(), 1u);
  EXPECT_EQ(refused.each[0].value, "2");
  EXPECT_EQ(refused.each[0].number, second.number);
}

}  // namespace
}  // namespace wasm_grpc::store
