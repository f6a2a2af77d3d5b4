#include "store/health.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "eventually.h"
#include "store/asked.h"
#include "store/redis_server.h"
#include "store/sqlite_handle.h"
#include "store/stores.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store {
namespace {

using std::chrono::milliseconds;

TEST(Health, WhoWatchesIsToldNowAndAtEachChangeWhileItLives) {
  Health health;
  EXPECT_TRUE(health.works());
  EXPECT_FALSE(health.watched());
  health.set(false);
  std::vector<bool> told;
  auto owner = std::make_shared<int>();
  health.watch(owner, [&](bool works) { told.push_back(works); });
  EXPECT_TRUE(health.watched());
  health.set(false);
  health.set(true);
  health.set(true);
  EXPECT_EQ(told, (std::vector<bool>{false, true}));
  owner.reset();
  health.set(false);
  EXPECT_EQ(told.size(), 2u);
}

struct StoreHealthTest : testing::Test {
  /// Opens it and watches.
  std::shared_ptr<Store> open(const StoreOptions& store) {
    options.name = "module";
    options.store = store;
    auto opened = stores.open(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    stores.watch_health(options, owner, [this](bool now) { works = now; });
    return opened.value();
  }

  ModuleOptions options;
  std::shared_ptr<int> owner = std::make_shared<int>();
  std::atomic<bool> works = false;
  Stores stores{[](LogLevel, const std::string&) {}};
};

TEST_F(StoreHealthTest, AFileThatCannotBeWrittenIsTriedUntilItCan) {
  const TemporaryStore file;
  const auto store = open({.backend = StoreBackend::sqlite, .path = file.path()});
  EXPECT_TRUE(works) << "it is told at once";
  EXPECT_EQ(ask(*store, Set{"key", "1"}).outcome, Outcome::done);
  SqliteHandle other(file.path());
  other.run("BEGIN IMMEDIATE");
  Asked impatient(*store, Set{"key", "2"});
  std::this_thread::sleep_for(milliseconds(200));
  impatient.give_up();
  Asked waits(*store, Set{"key", "3"});
  std::this_thread::sleep_for(milliseconds(1'000));
  EXPECT_TRUE(works) << "who does not wait does not know";
  std::this_thread::sleep_for(milliseconds(1'000));
  waits.give_up();
  EXPECT_TRUE(eventually([&] { return !works; }));
  other.run("ROLLBACK");
  EXPECT_TRUE(eventually([&] { return works.load(); })) << "though nobody asks for anything";
  EXPECT_EQ(ask(*store, Get{"key"}).value, "1");
}

TEST_F(StoreHealthTest, AServerThatIsAwayForLongerThanAMomentDoesNotWork) {
  if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
  RedisServer server;
  const auto store = open(server.options());
  EXPECT_TRUE(works);
  server.kill();
  EXPECT_TRUE(eventually([&] { return !works; })) << "though nobody asks for anything";
  server.start();
  EXPECT_TRUE(eventually([&] { return works.load(); }));
}

TEST_F(StoreHealthTest, AServerThatIsAwayAtFirstDoesNotWorkYet) {
  if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
  RedisServer server;
  const auto there = server.options();
  server.kill();
  works = true;
  const auto store = open(there);
  EXPECT_TRUE(eventually([&] { return !works; }));
  server.start();
  EXPECT_TRUE(eventually([&] { return works.load(); }));
}

}  // namespace
}  // namespace wasm_grpc::store
