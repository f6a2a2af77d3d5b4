// What is particular to a store on a server of Redis: that the server goes and comes, and is not what it should be.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "eventually.h"
#include "store/asked.h"
#include "store/redis_proxy.h"
#include "store/redis_server.h"
#include "store/stores.h"
#include "store/temporary_store.h"
#include "store/transfer.h"

namespace wasm_grpc::store {
namespace {

using std::chrono::milliseconds;
using Kind = ChangeCounter::Kind;

/// What the pairs of the module "module" count for, less what the server says that they do.
constexpr const char* wrong_bytes = R"(
  local sum = 0
  for _, key in ipairs(redis.call('KEYS', 'wasm-grpc:module:pair:*')) do
    sum = sum + #key - #'wasm-grpc:module:pair:' + redis.call('STRLEN', key) - 16 + 320
  end
  for _, key in ipairs(redis.call('ZRANGE', 'wasm-grpc:module:expiring', 0, -1)) do
    if redis.call('EXISTS', 'wasm-grpc:module:pair:' .. key) == 0 then
      sum = sum + redis.call('HGET', 'wasm-grpc:module:sizes', key)
    end
  end
  return sum - redis.call('HGET', 'wasm-grpc:module:space', 'bytes'))";

/// Of 127.0.0.1, on which nobody listens: what is to be told to another program cannot be chosen by it.
std::string free_port() {
  const int socket_of_it = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(socket_of_it, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(getsockname(socket_of_it, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(socket_of_it);
  return std::to_string(ntohs(address.sin_port));
}

struct RedisLinkTest : testing::Test {
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
    options.name = "module";
  }
  void start(std::vector<std::string> arguments = {}) {
    server = std::make_unique<RedisServer>(std::move(arguments));
    const auto timeout = options.store.timeout;
    options.store = server->options();
    options.store.timeout = timeout;
  }
  Result<std::shared_ptr<Store>> try_open() { return stores.open(options); }
  std::shared_ptr<Store> open() {
    auto opened = try_open();
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.value();
  }
  /// What a store that cannot be is refused with.
  std::string refusal() {
    const auto opened = try_open();
    return opened.ok() ? "it was opened" : opened.error().message;
  }
  bool logged(const std::string& part) {
    return eventually([&] {
      const std::lock_guard lock(mutex);
      for (const std::string& line : lines) {
        if (line.find(part) != std::string::npos) return true;
      }
      return false;
    });
  }
  static bool works(Store& store) {
    return eventually([&] { return ask(store, Set{"works", "1"}).outcome == Outcome::done; });
  }

  std::mutex mutex;
  std::vector<std::string> lines;
  std::unique_ptr<RedisServer> server;
  ModuleOptions options;
  Stores stores{[this](LogLevel, const std::string& text) {
    const std::lock_guard lock(mutex);
    lines.push_back(text);
  }};
};

TEST_F(RedisLinkTest, WhatPairsCountForIsTheSumOfThem) {
  start();
  options.shared_state.max_kv_bytes = 20'000;
  const auto store = open();
  unsigned chance = 7;
  for (int i = 0; i < 2000; ++i) {
    chance = chance * 1664525 + 1013904223;
    const std::string key = "key" + std::to_string(chance >> 27);
    const std::string value((chance >> 8) % 900, 'x');
    switch ((chance >> 4) % 5) {
      case 0:
        static_cast<void>(ask(*store, Remove{key}));
        break;
      case 1:
        static_cast<void>(ask(*store, Set{key, value, milliseconds(1 + chance % 3)}));
        break;
      case 2:
        static_cast<void>(ask(*store, Set{key, value, std::chrono::hours(1)}));
        break;
      default:
        static_cast<void>(ask(*store, Set{key, value}));
    }
    if (i % 50 == 0) {
      ASSERT_EQ(server->ask({"EVAL", wrong_bytes, "0"}), "0") << i;
    }
  }
  std::this_thread::sleep_for(milliseconds(5));
  for (int i = 0; i < 32; ++i) static_cast<void>(ask(*store, Remove{"key" + std::to_string(i)}));
  static_cast<void>(ask(*store, List{"", "", 100}));
  EXPECT_EQ(server->ask({"HGET", "wasm-grpc:module:space", "bytes"}), "0");
  EXPECT_EQ(server->ask({"EXISTS", "wasm-grpc:module:keys", "wasm-grpc:module:sizes", "wasm-grpc:module:expiring"}),
            "0");
}

TEST_F(RedisLinkTest, ScriptsThatTheServerForgotAreToldAgain) {
  start();
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"key", "1"}).outcome, Outcome::done);
  EXPECT_EQ(server->ask({"SCRIPT", "FLUSH"}), "OK");
  EXPECT_EQ(ask(*store, Set{"key", "2", {}, 0}).outcome, Outcome::conflict);
  EXPECT_EQ(ask(*store, Set{"key", "3"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Get{"key"}).value, "3");
}

/// Keeps the thread that answers it until it may go on: what is asked meanwhile waits together.
class Holding final : public Request {
 public:
  Holding(std::promise<void>& begun, std::shared_future<void> end)
      : Request(Get{"held"}), begun_(begun), end_(std::move(end)) {}
  bool wanted() const noexcept override { return true; }
  void answer(Answer, Wakes&) noexcept override {
    begun_.set_value();
    end_.wait();
  }

 private:
  std::promise<void>& begun_;
  const std::shared_future<void> end_;
};

/// What comes of operations that wait together.
std::vector<Answer> ask_together(Store& store, const std::vector<Operation>& operations) {
  std::promise<void> begun;
  std::promise<void> end;
  store.submit(std::make_unique<Holding>(begun, end.get_future().share()));
  begun.get_future().wait();
  std::vector<std::unique_ptr<Asked>> asked;
  for (const Operation& operation : operations) asked.push_back(std::make_unique<Asked>(store, operation));
  end.set_value();
  std::vector<Answer> answers;
  for (const auto& one : asked) answers.push_back(one->answer());
  return answers;
}

TEST_F(RedisLinkTest, ChangesThatWaitTogetherAreOneCommand) {
  start();
  const auto store = open();
  std::vector<Operation> changes;
  for (int i = 0; i < 60; ++i) changes.emplace_back(Set{"key" + std::to_string(i % 50), std::to_string(i)});
  changes.emplace_back(Remove{"key7"});
  changes.emplace_back(Set{"key8", "never", {}, 1});
  EXPECT_EQ(server->ask({"SCRIPT", "FLUSH"}), "OK");
  std::uint64_t last = 0;
  for (int round = 0; round < 2; ++round) {
    const auto answers = ask_together(*store, changes);
    for (std::size_t i = 0; i < 60; ++i) {
      EXPECT_EQ(answers[i].outcome, Outcome::done);
      EXPECT_GT(answers[i].number, last) << "each has a version of its own";
      last = answers[i].number;
    }
    EXPECT_EQ(answers[60].outcome, Outcome::done);
    EXPECT_EQ(answers[61].outcome, Outcome::conflict);
    // In the first round the server did not know the script.
    if (round == 0) {
      EXPECT_EQ(server->ask({"CONFIG", "RESETSTAT"}), "OK");
    }
  }
  EXPECT_EQ(ask(*store, Get{"key9"}).value, "59");
  EXPECT_EQ(ask(*store, Get{"key7"}).outcome, Outcome::absent);
  EXPECT_EQ(server->ask({"EVAL", wrong_bytes, "0"}), "0");
  EXPECT_NE(server->ask({"INFO", "commandstats"}).find("cmdstat_evalsha:calls=1,"), std::string::npos)
      << server->ask({"INFO", "commandstats"});
}

TEST_F(RedisLinkTest, OfChangesThatWaitTogetherEachFailsForItself) {
  start();
  const auto store = open();
  EXPECT_EQ(server->ask({"LPUSH", "wasm-grpc:module:pair:odd", "none of ours"}), "1");
  const auto answers = ask_together(*store, {Set{"a", "1"}, Set{"odd", "1", {}, 7}, Set{"b", "1"}, Remove{"odd"}});
  EXPECT_EQ(answers[0].outcome, Outcome::done);
  EXPECT_EQ(answers[1].outcome, Outcome::unavailable);
  EXPECT_EQ(answers[2].outcome, Outcome::done);
  EXPECT_EQ(answers[3].outcome, Outcome::unavailable);
  EXPECT_EQ(server->ask({"DEL", "wasm-grpc:module:pair:odd"}), "1");
  EXPECT_EQ(server->ask({"EVAL", wrong_bytes, "0"}), "0");
}

TEST_F(RedisLinkTest, WhereMemoryIsFullWhatWaitsTogetherWithASetIsDone) {
  start();
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"old", "1"}).outcome, Outcome::done);
  EXPECT_EQ(server->ask({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  const auto answers = ask_together(*store, {Set{"new", "1"}, Remove{"old"}});
  EXPECT_EQ(answers[0].outcome, Outcome::full);
  EXPECT_EQ(answers[1].outcome, Outcome::done);
}

TEST_F(RedisLinkTest, AServerThatIsKilledIsFoundAgain) {
  start();
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"key", "1"}).outcome, Outcome::done);
  server->kill();
  EXPECT_EQ(ask(*store, Get{"key"}).outcome, Outcome::unavailable);
  EXPECT_TRUE(logged("guests are answered UNAVAILABLE"));
  server->start();
  EXPECT_TRUE(works(*store));
  EXPECT_TRUE(logged("works again"));
  EXPECT_EQ(ask(*store, Get{"key"}).outcome, Outcome::absent) << "this one keeps nothing on disk";
}

TEST_F(RedisLinkTest, AServerThatHangsCostsTheTimeoutAndIsFoundAgain) {
  options.store.timeout = milliseconds(300);
  start();
  const auto store = open();
  EXPECT_TRUE(works(*store));
  server->pause();
  Asked sent(*store, Set{"key", "1"});
  EXPECT_EQ(sent.answer().outcome, Outcome::unavailable);
  EXPECT_TRUE(logged("no answer within 300 ms"));
  EXPECT_EQ(ask(*store, Get{"key"}).outcome, Outcome::unavailable) << "which was never sent";
  server->resume();
  EXPECT_TRUE(works(*store));
}

TEST_F(RedisLinkTest, WhatNobodyWantsIsNotSent) {
  options.store.timeout = milliseconds(300);
  start();
  const auto store = open();
  server->kill();
  EXPECT_EQ(ask(*store, Get{"key"}).outcome, Outcome::unavailable);
  server->start();
  Asked given_up(*store, Set{"key", "1"});
  given_up.give_up();
  EXPECT_TRUE(works(*store));
  EXPECT_EQ(ask(*store, Get{"key"}).outcome, Outcome::absent);
}

TEST_F(RedisLinkTest, AServerThatIsAwayAtFirstIsNoErrorAndIsFoundLater) {
  start();
  server->kill();
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"key", "1"}).outcome, Outcome::unavailable);
  server->start();
  EXPECT_TRUE(works(*store));
}

TEST_F(RedisLinkTest, FullMemoryIsFullAndReadingGoesOn) {
  start({"--maxmemory", "3mb"});
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"first", "1"}).outcome, Outcome::done);
  Answer last;
  int kept = 0;
  do {
    last = ask(*store, Set{"key" + std::to_string(kept), std::string(100'000, 'x')});
  } while (last.outcome == Outcome::done && ++kept < 100);
  EXPECT_EQ(last.outcome, Outcome::full);
  EXPECT_TRUE(logged("guests are answered FULL"));
  const ChangeMany two{{Set{"one", std::string(100'000, 'x')}, Set{"other", "x"}}, false};
  const Answer each = ask(*store, two);
  EXPECT_EQ(each.outcome, Outcome::done);
  ASSERT_EQ(each.each.size(), 2u);
  EXPECT_EQ(each.each[1].outcome, Outcome::full);
  EXPECT_EQ(ask(*store, ChangeMany{two.changes, true}).outcome, Outcome::full);
  EXPECT_EQ(ask(*store, Get{"first"}).value, "1");
  EXPECT_EQ(server->ask({"EVAL", wrong_bytes, "0"}), "0");
  for (int i = 0; i < kept; ++i) EXPECT_EQ(ask(*store, Remove{"key" + std::to_string(i)}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"key", "1"}).outcome, Outcome::done);
}

TEST_F(RedisLinkTest, PasswordsAndUsersAreSaidAndWrongOnesRefused) {
  start({"--requirepass", "secret", "--user", "guest", "on", ">word", "~wasm-grpc:*", "+@all", "-@dangerous", "--user",
         "stranger", "on", ">word", "~other:*", "+@all"});
  EXPECT_NE(refusal().find("NOAUTH"), std::string::npos) << refusal();
  options.store.redis.login = {{"password", "wrong-one"}};
  EXPECT_NE(refusal().find("WRONGPASS"), std::string::npos) << refusal();
  EXPECT_EQ(refusal().find("wrong-one"), std::string::npos) << refusal();
  options.store.redis.login = {{"password", "secret"}};
  EXPECT_TRUE(works(*open()));
  options.store.redis.login = {{"user", "guest"}, {"password", "word"}};
  EXPECT_TRUE(works(*open())) << "who may not ask what the server is";
  options.store.redis.login = {{"user", "stranger"}, {"password", "word"}};
  EXPECT_NE(refusal().find("NOPERM"), std::string::npos) << refusal();
}

TEST_F(RedisLinkTest, AServerThatWillNotDoIsRefused) {
  start({"--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"});
  EXPECT_NE(refusal().find("set noeviction there"), std::string::npos) << refusal();
  EXPECT_EQ(server->ask({"CONFIG", "SET", "maxmemory-policy", "noeviction"}), "OK");
  EXPECT_EQ(server->ask({"SET", "wasm-grpc:layout", "7"}), "OK");
  EXPECT_NE(refusal().find("laid out by a newer wasm-grpc: they have the layout 7"), std::string::npos) << refusal();
  options.store.redis.prefix = "other";
  EXPECT_TRUE(works(*open()));
  options.store.redis.database = 99;
  EXPECT_NE(refusal().find("database 99"), std::string::npos) << refusal();
}

TEST_F(RedisLinkTest, AMemberOfAClusterIsRefused) {
  start({"--cluster-enabled", "yes"});
  EXPECT_NE(refusal().find("part of a cluster, which is not supported"), std::string::npos) << refusal();
}

TEST_F(RedisLinkTest, SentinelsAreAskedWhereTheMasterIs) {
  const std::string port = free_port();
  start({"--port", port});
  const RedisServer sentinel({"--sentinel", "--sentinel", "monitor", "the-master", "127.0.0.1", port, "1"});
  options.store.redis.addresses = {"unix:/nowhere/sentinel", sentinel.address()};
  options.store.redis.sentinel = "the-master";
  EXPECT_TRUE(works(*open())) << "one of them is away";
  EXPECT_EQ(server->ask({"EXISTS", "wasm-grpc:module:pair:works"}), "1");
  options.store.redis.sentinel = "another";
  EXPECT_EQ(ask(*open(), Get{"works"}).outcome, Outcome::unavailable);
  EXPECT_TRUE(logged("the sentinel knows no master another"));
}

TEST_F(RedisLinkTest, ModulesWithOddNamesShareNoKeys) {
  start();
  options.name = "a";
  const auto one = open();
  options.name = "a:pair";
  const auto other = open();
  EXPECT_EQ(ask(*one, Set{"pair:key", "1"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*other, Get{"key"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*other, Set{"key", "2"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*one, Get{"pair:key"}).value, "1");
}

TEST_F(RedisLinkTest, WhatOthersPutInThePlaceOfAPairIsUnavailable) {
  start();
  const auto store = open();
  EXPECT_EQ(server->ask({"LPUSH", "wasm-grpc:module:pair:list", "x"}), "1");
  EXPECT_EQ(server->ask({"SET", "wasm-grpc:module:pair:text", "x"}), "OK");
  EXPECT_EQ(server->ask({"SET", "wasm-grpc:module:pair:large", "0000000000000009" + std::string(3'000'000, 'x')}),
            "OK");
  EXPECT_EQ(server->ask({"SET", "wasm-grpc:module:counter:odd", "x"}), "OK");
  for (const std::string key : {"list", "text", "large"}) {
    EXPECT_EQ(ask(*store, Get{key}).outcome, Outcome::unavailable) << key;
  }
  const auto odd = static_cast<std::int64_t>(ask(*store, FindCounter{"odd"}).number);
  EXPECT_EQ(ask(*store, LoadCounter{odd}).outcome, Outcome::unavailable);
  EXPECT_EQ(ask(*store, ChangeCounter{odd, Kind::add, 1}).outcome, Outcome::unavailable);
  EXPECT_TRUE(works(*store));
}

TEST_F(RedisLinkTest, AListOfManyPairsThatAreGoneComesToItsEnd) {
  start();
  options.shared_state.max_kv_bytes = std::size_t{1} << 30;
  const auto store = open();
  std::vector<std::unique_ptr<Asked>> asked;
  for (int i = 0; i < 6000; ++i) {
    Set set{"key" + std::to_string(100'000 + i), ""};
    if (i < 5900) set.ttl = milliseconds(1);
    asked.push_back(std::make_unique<Asked>(*store, set));
    if (asked.size() < 1000) continue;
    EXPECT_EQ(asked.back()->answer().outcome, Outcome::done);
    asked.clear();
  }
  asked.clear();
  std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(ask(*store, List{"key", "", 1000}).pairs.size(), 100u);
  EXPECT_EQ(ask(*store, List{"key", "", 30}).pairs.size(), 30u);
}

TEST_F(RedisLinkTest, AConnectionThatIsCutAmidAReplyIsMadeAnew) {
  start();
  RedisProxy proxy(server->address().substr(5));
  options.store.redis.addresses = {proxy.address()};
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"key", std::string(200'000, 'x')}).outcome, Outcome::done);
  for (int i = 0; i < 5; ++i) {
    proxy.go(RedisProxy::Way::cut);
    EXPECT_EQ(ask(*store, Get{"key"}).outcome, Outcome::unavailable);
    EXPECT_EQ(ask(*store, Get{"key"}).value.size(), 200'000u) << "it waits for the next connection";
  }
}

TEST_F(RedisLinkTest, GarbageEndsTheConnectionAndIsOver) {
  options.store.timeout = milliseconds(500);
  start();
  RedisProxy proxy(server->address().substr(5));
  options.store.redis.addresses = {proxy.address()};
  const auto store = open();
  for (const auto way : {RedisProxy::Way::garbage, RedisProxy::Way::flood}) {
    EXPECT_TRUE(works(*store));
    proxy.go(way);
    EXPECT_EQ(ask(*store, Get{"works"}).outcome, Outcome::unavailable);
    proxy.go(RedisProxy::Way::pass);
  }
  EXPECT_TRUE(works(*store));
  EXPECT_TRUE(logged("it sent what is no answer: Protocol error"));
  EXPECT_TRUE(logged("it sent what is no answer: a reply that is larger than it may be"));
}

TEST_F(RedisLinkTest, AValueOf64MiBIsReadWhereItMayBe) {
  start();
  constexpr std::size_t size = std::size_t{64} << 20;
  EXPECT_EQ(server->ask({"SET", "wasm-grpc:module:pair:large", "0000000000000009" + std::string(size, 'x')}), "OK");
  EXPECT_EQ(ask(*open(), Get{"large"}).outcome, Outcome::unavailable) << "the module may have 1 MiB";
  options.shared_state.max_kv_value = size;
  EXPECT_EQ(ask(*open(), Get{"large"}).value.size(), size);
}

TEST_F(RedisLinkTest, ACopyIsTakenOutAndTakenBack) {
  start();
  const auto store = open();
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(ask(*store, Set{"key" + std::to_string(i), std::string(1, static_cast<char>(i))}).outcome, Outcome::done);
  }
  EXPECT_EQ(ask(*store, Set{"goes", "1", std::chrono::hours(1)}).outcome, Outcome::done);
  const auto id = static_cast<std::int64_t>(ask(*store, FindCounter{"counter"}).number);
  EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::store, ~std::uint64_t{0}}).outcome, Outcome::done);
  const TemporaryStore file;
  const auto kept = copy_out(options, file.path());
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_EQ(kept.value().pairs, 601u);
  EXPECT_EQ(kept.value().counters, 1u);
  EXPECT_FALSE(copy_out(options, file.path()).ok()) << "it is there already";

  EXPECT_EQ(server->ask({"FLUSHALL"}), "OK");
  const auto took = copy_in(options, file.path());
  ASSERT_TRUE(took.ok()) << took.error().message;
  EXPECT_EQ(took.value().pairs, 601u);
  EXPECT_EQ(ask(*store, Get{"key77"}).value, "M");
  EXPECT_EQ(ask(*store, LoadCounter{id}).number, ~std::uint64_t{0});
  const auto listed = ask(*store, List{"goes", "", 1}).pairs;
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_GT(listed[0].ttl.value_or(milliseconds(0)), std::chrono::minutes(59));
  server->kill();
  EXPECT_FALSE(copy_in(options, file.path()).ok());
}

TEST_F(RedisLinkTest, SumsOfCountersWrapAroundBothWays) {
  start();
  const auto store = open();
  const auto id = static_cast<std::int64_t>(ask(*store, FindCounter{"counter"}).number);
  constexpr std::uint64_t high = std::uint64_t{1} << 63;
  for (const std::uint64_t from : {high, high - 1, high + 5, std::uint64_t{0}, ~std::uint64_t{0}}) {
    for (const std::uint64_t by : {std::uint64_t{1}, ~std::uint64_t{0}, high, high - 1, high + 1}) {
      EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::store, from}).outcome, Outcome::done);
      EXPECT_EQ(ask(*store, ChangeCounter{id, Kind::add, by}).number, from + by) << from << " " << by;
      EXPECT_EQ(ask(*store, LoadCounter{id}).number, from + by);
    }
  }
}

}  // namespace
}  // namespace wasm_grpc::store
