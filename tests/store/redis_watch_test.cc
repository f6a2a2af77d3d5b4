// Who watches keys on a server of Redis is told what other processes change there.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "eventually.h"
#include "store/asked.h"
#include "store/redis_server.h"
#include "store/stores.h"

namespace wasm_grpc::store {
namespace {

using std::chrono::milliseconds;
using Names = std::vector<std::string>;

/// Told on the thread of a store.
class Told final : public Watcher {
 public:
  void changed(std::string_view key) noexcept override {
    const std::lock_guard lock(mutex_);
    keys_.emplace_back(key);
  }
  void may_have_missed() noexcept override {
    const std::lock_guard lock(mutex_);
    ++missed_;
  }
  [[nodiscard]] Names keys() {
    const std::lock_guard lock(mutex_);
    return keys_;
  }
  [[nodiscard]] int missed() {
    const std::lock_guard lock(mutex_);
    return missed_;
  }
  [[nodiscard]] bool comes_to(const Names& keys) {
    return eventually([&] { return this->keys() == keys; });
  }

 private:
  std::mutex mutex_;
  Names keys_;
  int missed_ = 0;
};

struct RedisWatchTest : testing::Test {
  /// A server of ours.
  struct Process {
    explicit Process(RedisWatchTest& test)
        : stores([&test](LogLevel, const std::string& text) {
            const std::lock_guard lock(test.mutex);
            test.lines.push_back(text);
          }),
          store(stores.open(test.options).value()) {}
    Stores stores;
    std::shared_ptr<Store> store;
  };

  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
    options.name = "mo[d]u*le";
  }
  void start(const std::vector<std::string>& arguments) {
    server = std::make_unique<RedisServer>(arguments);
    options.store = server->options();
  }
  bool logged(const std::string& part) {
    return eventually([&] {
      const std::lock_guard lock(mutex);
      return std::ranges::any_of(lines, [&](const auto& line) { return line.find(part) != std::string::npos; });
    });
  }
  static std::shared_ptr<Told> watch(Process& process, const Watched& watched = {"a/", true}) {
    auto told = std::make_shared<Told>();
    process.store->watches()->add(watched, told);
    return told;
  }
  /// The same, and the server has begun to tell.
  std::shared_ptr<Told> watch_well(Process& process) {
    auto told = watch(process);
    EXPECT_TRUE(eventually([&] { return told->missed() == 1; }));
    return told;
  }

  std::mutex mutex;
  std::vector<std::string> lines;
  std::unique_ptr<RedisServer> server;
  ModuleOptions options;
};

TEST_F(RedisWatchTest, ChangesByAllProcessesAreToldOnceEach) {
  start({"--notify-keyspace-events", "K$gx"});
  Process one(*this);
  Process other(*this);
  const auto told = watch_well(one);
  EXPECT_EQ(ask(*other.store, Set{"a/1", "x"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*other.store, Set{"b/1", "x"}).outcome, Outcome::done);
  EXPECT_TRUE(told->comes_to({"a/1"}));
  EXPECT_EQ(ask(*one.store, Set{"a/2", "x"}).outcome, Outcome::done);
  EXPECT_TRUE(told->comes_to({"a/1", "a/2"}));
  EXPECT_EQ(ask(*other.store, Remove{"a/1"}).outcome, Outcome::done);
  EXPECT_TRUE(told->comes_to({"a/1", "a/2", "a/1"}));
  EXPECT_EQ(ask(*other.store, Set{"a/3", "x", {}, 7}).outcome, Outcome::conflict);
  EXPECT_EQ(ask(*other.store, Set{"a/4", "x"}).outcome, Outcome::done);
  EXPECT_TRUE(told->comes_to({"a/1", "a/2", "a/1", "a/4"}));
  EXPECT_EQ(told->missed(), 1);
}

TEST_F(RedisWatchTest, PairsWhoseTimePassesAreToldToo) {
  start({"--notify-keyspace-events", "AKE"});
  Process process(*this);
  const auto told = watch_well(process);
  EXPECT_EQ(ask(*process.store, Set{"a/1", "x", milliseconds(50)}).outcome, Outcome::done);
  EXPECT_TRUE(told->comes_to({"a/1", "a/1"}));
  EXPECT_EQ(ask(*process.store, Get{"a/1"}).outcome, Outcome::absent);
}

TEST_F(RedisWatchTest, OtherModulesThereAreNotHeard) {
  start({"--notify-keyspace-events", "K$gx"});
  Process process(*this);
  const auto told = watch_well(process);
  options.name = "module";  // which the other's name would fit as a pattern
  Process other(*this);
  EXPECT_EQ(ask(*other.store, Set{"a/1", "x"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*process.store, Set{"a/2", "x"}).outcome, Outcome::done);
  EXPECT_TRUE(told->comes_to({"a/2"}));
}

TEST_F(RedisWatchTest, AServerThatGoesMayHaveBeenChanged) {
  start({"--notify-keyspace-events", "K$gx"});
  Process one(*this);
  Process other(*this);
  const auto told = watch_well(one);
  server->kill();
  EXPECT_TRUE(eventually([&] { return told->missed() == 2; }));
  server->start();
  EXPECT_TRUE(eventually([&] { return told->missed() == 3; }));
  EXPECT_TRUE(eventually([&] { return ask(*other.store, Set{"a/1", "x"}).outcome == Outcome::done; }));
  EXPECT_TRUE(eventually([&] { return !told->keys().empty(); }));
}

TEST_F(RedisWatchTest, AServerThatFallsSilentToWhoListensIsAskedAnew) {
  start({"--notify-keyspace-events", "K$gx"});
  options.store.timeout = milliseconds(300);
  Process process(*this);
  const auto told = watch_well(process);
  server->pause();
  EXPECT_TRUE(eventually([&] { return told->missed() >= 2; }));
  server->resume();
  EXPECT_TRUE(eventually([&] { return told->missed() >= 3; }));
  EXPECT_TRUE(eventually([&] { return ask(*process.store, Set{"a/1", "x"}).outcome == Outcome::done; }));
  EXPECT_TRUE(eventually([&] { return !told->keys().empty(); }));
}

TEST_F(RedisWatchTest, AServerThatDoesNotTellIsSaidSo) {
  start({});
  Process one(*this);
  Process other(*this);
  const auto told = watch(one);
  EXPECT_TRUE(logged("expected K$gx"));
  EXPECT_EQ(ask(*other.store, Set{"a/1", "x"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*one.store, Set{"a/2", "x"}).outcome, Outcome::done);
  EXPECT_EQ(told->keys(), Names{"a/2"}) << "told before it was answered";
}

TEST_F(RedisWatchTest, AUserWhoMayNotListenIsSaidSo) {
  start({"--notify-keyspace-events", "K$gx"});
  const std::vector<std::string> rights = {"+@read", "+@write", "+@scripting", "+@connection", "+time", "+info"};
  std::vector<std::string> command = {"ACL", "SETUSER", "ours", "on", ">secret", "~wasm-grpc:*"};
  command.insert(command.end(), rights.begin(), rights.end());
  ASSERT_EQ(server->ask(command), "OK");
  options.store.redis.login = {{"user", "ours"}, {"password", "secret"}};
  Process process(*this);
  const auto told = watch(process);
  EXPECT_TRUE(logged("does not tell what other processes change: it says NOPERM"));
  EXPECT_EQ(ask(*process.store, Set{"a/1", "x"}).outcome, Outcome::done);
  EXPECT_EQ(told->keys(), Names{"a/1"});
}

TEST_F(RedisWatchTest, AUserWhoMayNotSeeTheSettingIsTold) {
  start({"--notify-keyspace-events", "K$gx"});
  ASSERT_EQ(server->ask({"ACL", "SETUSER", "ours", "on", ">secret", "~wasm-grpc:*", "&*", "+@all", "-config"}), "OK");
  Process other(*this);
  options.store.redis.login = {{"user", "ours"}, {"password", "secret"}};
  Process process(*this);
  const auto told = watch_well(process);
  EXPECT_EQ(ask(*other.store, Set{"a/1", "x"}).outcome, Outcome::done);
  EXPECT_TRUE(told->comes_to({"a/1"}));
}

TEST_F(RedisWatchTest, NobodyListensWhereNobodyWatches) {
  start({"--notify-keyspace-events", "K$gx"});
  options.store.timeout = milliseconds(500);  // it is looked as often
  Process process(*this);
  EXPECT_EQ(server->ask({"PUBSUB", "NUMPAT"}), "0");
  const auto told = watch_well(process);
  EXPECT_EQ(server->ask({"PUBSUB", "NUMPAT"}), "1");
  process.store->watches()->remove({"a/", true}, told.get());
  EXPECT_TRUE(eventually([&] { return server->ask({"PUBSUB", "NUMPAT"}) == "0"; }));
  const auto again = watch_well(process);
  EXPECT_EQ(ask(*process.store, Set{"a/1", "x"}).outcome, Outcome::done);
  EXPECT_TRUE(again->comes_to({"a/1"}));
  EXPECT_EQ(told->keys(), Names{});
}

}  // namespace
}  // namespace wasm_grpc::store
