// What every store that outlives the process does, whatever is behind it.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/asked.h"
#include "store/redis_server.h"
#include "store/stores.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store {
namespace {

using std::chrono::milliseconds;
using Kind = ChangeCounter::Kind;

struct ContractTest : testing::TestWithParam<StoreBackend> {
  void SetUp() override {
    options.name = "module";
    if (GetParam() == StoreBackend::sqlite) {
      options.store = {.backend = StoreBackend::sqlite, .path = file.path()};
      return;
    }
    if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
    server.emplace();
    options.store = server->options();
  }
  /// Of a server of its own.
  std::shared_ptr<Store> open() {
    auto opened = Stores([](LogLevel, const std::string&) {}).open(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.value();
  }
  static std::int64_t counter(Store& store, const std::string& name = "counter") {
    const Answer found = ask(store, FindCounter{name});
    EXPECT_EQ(found.outcome, Outcome::done);
    return static_cast<std::int64_t>(found.number);
  }

  TemporaryStore file;
  std::optional<RedisServer> server;
  ModuleOptions options;
};

INSTANTIATE_TEST_SUITE_P(Stores, ContractTest, testing::Values(StoreBackend::sqlite, StoreBackend::redis),
                         [](const auto& backend) {
                           return backend.param == StoreBackend::sqlite ? "Sqlite" : "Redis";
                         });

TEST_P(ContractTest, WhatIsSetIsFound) {
  const auto store = open();
  EXPECT_EQ(ask(*store, Get{"a"}).outcome, Outcome::absent);
  const std::string value("with \0 in it", 12);
  const Answer set = ask(*store, Set{"a", value});
  EXPECT_EQ(set.outcome, Outcome::done);
  const Answer found = ask(*store, Get{"a"});
  EXPECT_EQ(found.outcome, Outcome::done);
  EXPECT_EQ(found.value, value);
  EXPECT_EQ(found.number, set.number);
  EXPECT_EQ(ask(*store, Set{"empty", ""}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Get{"empty"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Remove{"a"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Get{"a"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*store, Remove{"a"}).outcome, Outcome::absent);
}

TEST_P(ContractTest, AVersionIsNeverGivenTwiceAlsoAfterARestart) {
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const auto store = open();
    const Answer set = ask(*store, Set{"a", "1"});
    EXPECT_GT(set.number, last);
    last = set.number;
    EXPECT_EQ(ask(*store, Remove{"a"}).outcome, Outcome::done);
  }
}

TEST_P(ContractTest, AConditionHoldsOrNothingHappens) {
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"a", "1", {}, 7}).outcome, Outcome::conflict) << "there is none";
  const std::uint64_t first = ask(*store, Set{"a", "1", {}, 0}).number;
  EXPECT_EQ(ask(*store, Set{"a", "2", {}, 0}).outcome, Outcome::conflict) << "there is one";
  EXPECT_EQ(ask(*store, Set{"a", "2", {}, first}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"a", "3", {}, first}).outcome, Outcome::conflict);
  EXPECT_EQ(ask(*store, Remove{"a", first}).outcome, Outcome::conflict);
  EXPECT_EQ(ask(*store, Get{"a"}).value, "2");
  EXPECT_EQ(ask(*store, Remove{"a", ask(*store, Get{"a"}).number}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Remove{"a", 0}).outcome, Outcome::absent);
}

TEST_P(ContractTest, APairThatHasExpiredIsAbsent) {
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"goes", "1", milliseconds(30)}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"stays", "1", std::chrono::hours(24 * 365 * 290)}).outcome, Outcome::done);
  std::this_thread::sleep_for(milliseconds(40));
  EXPECT_EQ(ask(*store, Get{"goes"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*store, Get{"stays"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Remove{"goes"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*store, Set{"goes", "2", {}, 0}).outcome, Outcome::done) << "as if it had never been there";
}

TEST_P(ContractTest, HoldsNoMoreThanItMayAndExpiredPairsMakeRoom) {
  options.shared_state.max_kv_bytes = 1000;
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"a", std::string(179, 'x'), milliseconds(50)}).outcome, Outcome::done);  // 500 bytes
  EXPECT_EQ(ask(*store, Set{"b", std::string(179, 'x')}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"c", ""}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, Set{"b", std::string(180, 'x')}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, Get{"b"}).value.size(), 179u) << "what was there stays";
  EXPECT_EQ(ask(*store, Set{"b", std::string(178, 'x')}).outcome, Outcome::done);
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_EQ(ask(*store, Set{"c", ""}).outcome, Outcome::done);
}

TEST_P(ContractTest, PairsAreListedByPrefixInTheOrderOfTheirKeys) {
  const auto store = open();
  for (const std::string key : {"b", "a/2", "a", "a/1", "a/3", "a0"}) {
    EXPECT_EQ(ask(*store, Set{key, "12345"}).outcome, Outcome::done);
  }
  EXPECT_EQ(ask(*store, Set{"a/4", "", milliseconds(1)}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"a/5", "", std::chrono::hours(1)}).outcome, Outcome::done);
  std::this_thread::sleep_for(milliseconds(5));
  const auto keys = [&](const std::string& prefix, const std::string& after, std::size_t most) {
    std::string all;
    for (const Listed& one : ask(*store, List{prefix, after, most}).pairs) all += one.key + " ";
    return all;
  };
  EXPECT_EQ(keys("", "", 100), "a a/1 a/2 a/3 a/5 a0 b ");
  EXPECT_EQ(keys("a/", "", 100), "a/1 a/2 a/3 a/5 ") << "what has expired is not there";
  EXPECT_EQ(keys("a/", "", 2), "a/1 a/2 ");
  EXPECT_EQ(keys("a/", "a/2", 2), "a/3 a/5 ");
  EXPECT_EQ(keys("c", "", 2), "");
  const auto pairs = ask(*store, List{"a/", "a/2", 2}).pairs;
  EXPECT_EQ(pairs[0].value_bytes, 5u);
  EXPECT_GT(pairs[0].version, 0u);
  EXPECT_FALSE(pairs[0].ttl);
  EXPECT_GT(*pairs[1].ttl, std::chrono::minutes(59));
}

TEST_P(ContractTest, CountersAreChangedInOneStep) {
  options.shared_state.max_counters = 2;
  const auto store = open();
  const std::int64_t id = counter(*store);
  EXPECT_EQ(counter(*store), id);
  EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::add, 5}).number, 5u);
  EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::add, ~std::uint64_t{0}}).number, 4u) << "sums wrap around";
  EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::exchange, 9}).number, 4u);
  EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::compare_exchange, 1, 8}).number, 9u);
  EXPECT_EQ(ask(*store, LoadCounter{id}).number, 9u);
  EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::compare_exchange, 1, 9}).number, 9u);
  EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::store, std::uint64_t{1} << 63}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, LoadCounter{id}).number, std::uint64_t{1} << 63);
  EXPECT_EQ(ask(*store, FindCounter{"another"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, FindCounter{"a third"}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, ChangeCounter{id + 100, Kind::add, 5}).outcome, Outcome::absent);
}

TEST_P(ContractTest, ManyThreadsLoseNothingWithAnotherProcessBeside) {
  constexpr int threads = 8;
  constexpr int rounds = 50;
  const std::shared_ptr<Store> stores[] = {open(), open()};
  const std::int64_t ids[] = {counter(*stores[0]), counter(*stores[1])};
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      Store& store = *stores[t % 2];
      for (int i = 0; i < rounds; ++i) {
        EXPECT_EQ(ask(store, ChangeCounter{ids[t % 2], Kind::add, 1}).outcome, Outcome::done);
        while (true) {
          const Answer found = ask(store, Get{"list"});
          if (ask(store, Set{"list", found.value + "x", {}, found.number}).outcome == Outcome::done) break;
        }
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(ask(*stores[1], LoadCounter{ids[1]}).number, std::uint64_t{threads * rounds});
  EXPECT_EQ(ask(*stores[0], Get{"list"}).value.size(), std::size_t{threads * rounds});
}

TEST_P(ContractTest, WhatIsWantedIsDoneBeforeTheEnd) {
  std::vector<std::unique_ptr<Asked>> asked;
  {
    const auto store = open();
    for (int i = 0; i < 500; ++i) {
      asked.push_back(std::make_unique<Asked>(*store, Set{"key" + std::to_string(i), "value"}));
    }
  }
  for (const auto& one : asked) EXPECT_EQ(one->answer().outcome, Outcome::done);
  const auto store = open();
  EXPECT_EQ(ask(*store, List{"", "", 1000}).pairs.size(), 500u);
}

}  // namespace
}  // namespace wasm_grpc::store
