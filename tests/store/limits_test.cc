// That each limit of a module's store holds over each of the stores that outlive the process: at its least, as it is by
// default, at its largest, and for what was there before a restart.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/asked.h"
#include "store/redis_server.h"
#include "store/sqlite_handle.h"
#include "store/stores.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store {
namespace {

using std::chrono::milliseconds;

struct LimitsTest : testing::TestWithParam<StoreBackend> {
  void SetUp() override {
    options.name = "module";
    if (in_file()) {
      options.store = {.backend = StoreBackend::sqlite, .path = file.path()};
      return;
    }
    if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
    server.emplace();
    options.store = server->options();
  }
  [[nodiscard]] static bool in_file() { return GetParam() == StoreBackend::sqlite; }
  /// Of a process of its own, which is as a restart.
  std::shared_ptr<Store> open() {
    auto opened = Stores([](LogLevel, const std::string&) {}).open(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.value();
  }
  /// Has the store do nothing, until it is let go.
  void hold() {
    if (in_file()) {
      other.emplace(file.path());
      other->run("BEGIN IMMEDIATE");
    } else {
      server->pause();
    }
  }
  void let_go() {
    if (in_file()) {
      other->run("ROLLBACK");
      other.reset();
    } else {
      server->resume();
    }
  }

  TemporaryStore file;
  std::optional<SqliteHandle> other;
  std::optional<RedisServer> server;
  ModuleOptions options;
};

INSTANTIATE_TEST_SUITE_P(Stores, LimitsTest, testing::Values(StoreBackend::sqlite, StoreBackend::redis),
                         [](const auto& backend) {
                           return backend.param == StoreBackend::sqlite ? "Sqlite" : "Redis";
                         });

TEST_P(LimitsTest, NoCountersAndNoBytesAreNone) {
  options.shared_state = {.max_counters = 0, .max_kv_bytes = 0};
  const auto store = open();
  EXPECT_EQ(ask(*store, FindCounter{"counter"}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, Set{"k", ""}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, Get{"k"}).outcome, Outcome::absent);
}

TEST_P(LimitsTest, ABytesLimitCountsKeysValuesAndPairsAndHoldsAfterARestart) {
  options.shared_state.max_kv_bytes = 2 * (pair_bytes + 1 + 10);
  EXPECT_EQ(ask(*open(), Set{"a", std::string(10, 'x')}).outcome, Outcome::done);
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"b", std::string(11, 'x')}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, Set{"b", std::string(10, 'x')}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"c", ""}).outcome, Outcome::full) << "keys are bounded by what each counts for";
  options.shared_state.max_kv_bytes = 1;
  const auto smaller = open();
  EXPECT_EQ(ask(*smaller, Set{"a", std::string(10, 'y')}).outcome, Outcome::done) << "it takes no more room";
  EXPECT_EQ(ask(*smaller, Set{"a", std::string(11, 'y')}).outcome, Outcome::full);
  EXPECT_EQ(ask(*smaller, Get{"b"}).outcome, Outcome::done) << "what is there stays";
  EXPECT_EQ(ask(*smaller, Remove{"a"}).outcome, Outcome::done);
}

TEST_P(LimitsTest, TheDefaultAndTheLargestBytesAreServed) {
  EXPECT_EQ(ask(*open(), Set{"a", std::string(options.shared_state.max_kv_value, 'x')}).outcome, Outcome::done);
  options.shared_state.max_kv_bytes = std::size_t{1} << 40;
  options.shared_state.max_counters = 10'000'000;
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"b", "x"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, FindCounter{"counter"}).outcome, Outcome::done);
}

TEST_P(LimitsTest, CountersAreAsManyAsTheyMayBeAlsoAfterARestart) {
  options.shared_state.max_counters = 2;
  EXPECT_EQ(ask(*open(), FindCounter{"one"}).outcome, Outcome::done);
  const auto store = open();
  EXPECT_EQ(ask(*store, FindCounter{"two"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, FindCounter{"three"}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, FindCounter{"one"}).outcome, Outcome::done);
}

TEST_P(LimitsTest, WhatWaitsOnTopOfWhatMayIsRefusedAtOnce) {
  for (const std::uint32_t most : {std::uint32_t{1}, std::uint32_t{5}, StoreOptions::usual_max_waiting}) {
    options.store.max_waiting = most;
    const auto store = open();
    EXPECT_EQ(ask(*store, Set{"key", "0"}).outcome, Outcome::done);
    hold();
    // Of a file the first are taken together by its thread, and wait there.
    Asked first(*store, Set{"key", "1"});
    std::this_thread::sleep_for(milliseconds(50));
    std::vector<std::unique_ptr<Asked>> waiting;
    const std::uint32_t fit = in_file() ? most : most - 1;
    for (std::uint32_t i = 0; i < fit; ++i) waiting.push_back(std::make_unique<Asked>(*store, Set{"key", "2"}));
    Asked on_top(*store, Set{"key", "3"});
    EXPECT_TRUE(on_top.answered_within(milliseconds(0))) << most;
    EXPECT_EQ(on_top.answer().outcome, Outcome::unavailable);
    let_go();
    EXPECT_EQ(first.answer().outcome, Outcome::done);
    for (const auto& one : waiting) EXPECT_EQ(one->answer().outcome, Outcome::done);
    EXPECT_EQ(ask(*store, Set{"key", "4"}).outcome, Outcome::done);
  }
}

TEST_P(LimitsTest, TheLargestNumberThatMayWaitIsServed) {
  options.store.max_waiting = 1'000'000;
  EXPECT_EQ(ask(*open(), Set{"key", "1"}).outcome, Outcome::done);
}

TEST_P(LimitsTest, AModuleThatIsTooFastIsRefusedAtOnceAndServedLater) {
  options.store.max_rate = 20;
  Stores stores([](LogLevel, const std::string&) {});
  const auto pairs = stores.open(options).value();
  const auto counters = stores.open(options).value();  // they have one rate together
  const auto begun = std::chrono::steady_clock::now();
  int done = 0;
  int refused = 0;
  while (refused == 0) {
    for (const auto& store : {pairs, counters}) {
      ++(ask(*store, Get{"key"}).outcome == Outcome::unavailable ? refused : done);
    }
    ASSERT_LT(done, 1000);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(done, 20);
  EXPECT_LE(done, 21 + static_cast<int>(20 * seconds.count()));
  EXPECT_GE(stores.counters().at(0).refused, 1u);
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_EQ(ask(*pairs, Get{"key"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*pairs, GetMany{std::vector<std::string>(100, "key"), 1000}).outcome, Outcome::unavailable)
      << "several are as many";
}

TEST_P(LimitsTest, TheLargestRateIsServed) {
  options.store.max_rate = 100'000'000;
  const auto store = open();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(ask(*store, Get{"key"}).outcome, Outcome::absent);
}

}  // namespace
}  // namespace wasm_grpc::store
