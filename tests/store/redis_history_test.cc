// What many clients of two processes are told, while connections break, can have happened one after the other.
//
// WASM_GRPC_TEST_STORE_OPERATIONS=100000 has that many done; `make test-store` does.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/asked.h"
#include "store/redis_proxy.h"
#include "store/redis_server.h"
#include "store/stores.h"

namespace wasm_grpc::store {
namespace {

using Clock = std::chrono::steady_clock;

/// What one operation on a key was, and what was answered. Versions tell where in the order of a key's writes it was:
/// so a history is right when those that did not overlap saw versions in their order, and each read saw what was
/// written under its version.
struct Event {
  enum class Kind { read, write };
  Kind kind = Kind::read;
  Clock::time_point began = {};
  Clock::time_point ended = {};
  std::uint64_t version = 0;  // 0: absent
  std::string value = {};
  std::uint64_t after = 0;  // of a write under a version: that one
};

struct History {
  std::map<std::string, std::vector<Event>> events;       // by key; only those with a known end
  std::map<std::string, std::set<std::string>> doubtful;  // values that may have been written, or not
  std::set<std::uint64_t> sums;
  std::uint64_t counted = 0;
  std::uint64_t doubtful_counts = 0;

  void take(History&& other) {
    for (auto& [key, some] : other.events) {
      auto& all = events[key];
      all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    for (auto& [key, values] : other.doubtful) doubtful[key].merge(values);
    for (const std::uint64_t sum : other.sums) EXPECT_TRUE(sums.insert(sum).second) << "two were told the sum " << sum;
    counted += other.counted;
    doubtful_counts += other.doubtful_counts;
  }
};

class Client {
 public:
  Client(std::shared_ptr<Store> store, int number)
      : store_(std::move(store)), name_(std::to_string(number) + "-"), chance_(static_cast<unsigned>(number) + 1) {}

  void run(std::atomic<int>& left) {
    while (left.fetch_sub(1) > 0) {
      chance_ = chance_ * 1664525 + 1013904223;
      const std::string key = "key" + std::to_string((chance_ >> 16) % 5);
      switch ((chance_ >> 24) % 4) {
        case 0:
          count();
          break;
        case 1:
          write(key, {});
          break;
        default:
          if (const auto seen = read(key)) write(key, seen);
      }
    }
  }
  History history;

 private:
  Condition read(const std::string& key) {
    Event event{.kind = Event::Kind::read, .began = Clock::now()};
    const Answer found = ask(*store_, Get{key});
    event.ended = Clock::now();
    if (found.outcome == Outcome::unavailable) return {};
    event.version = found.number;
    event.value = found.value;
    history.events[key].push_back(event);
    return found.number;
  }
  void write(const std::string& key, Condition condition) {
    Event event{.kind = Event::Kind::write, .began = Clock::now()};
    event.value = name_ + std::to_string(++written_);
    event.after = condition.value_or(0);
    const Answer done = ask(*store_, Set{key, event.value, {}, condition});
    event.ended = Clock::now();
    if (done.outcome == Outcome::unavailable) history.doubtful[key].insert(event.value);
    if (done.outcome != Outcome::done) return;
    event.version = done.number;
    history.events[key].push_back(event);
  }
  void count() {
    const Answer found = ask(*store_, FindCounter{"counter"});
    if (found.outcome != Outcome::done) return;
    const Answer sum =
        ask(*store_, ChangeCounter{static_cast<std::int64_t>(found.number), ChangeCounter::Kind::add, 1});
    if (sum.outcome == Outcome::done) {
      ++history.counted;
      EXPECT_TRUE(history.sums.insert(sum.number).second);
    } else {
      ++history.doubtful_counts;
    }
  }

  const std::shared_ptr<Store> store_;
  const std::string name_;
  unsigned chance_;
  int written_ = 0;
};

void check_history(const std::string& key, std::vector<Event> events, const std::set<std::string>& doubtful) {
  std::map<std::uint64_t, std::string> written;
  for (const Event& event : events) {
    if (event.kind != Event::Kind::write) continue;
    EXPECT_TRUE(written.emplace(event.version, event.value).second) << key << " has two writes of one version";
  }
  for (const Event& event : events) {
    if (event.kind == Event::Kind::read && event.version != 0) {
      const auto of_version = written.emplace(event.version, event.value);
      EXPECT_TRUE(!of_version.second || doubtful.contains(event.value)) << key << ": nobody wrote " << event.value;
      EXPECT_EQ(of_version.first->second, event.value) << key;
    }
  }
  // Under a version: nothing was written between that one and the new one.
  for (const Event& event : events) {
    if (event.kind != Event::Kind::write || event.after == 0) continue;
    const auto next = written.upper_bound(event.after);
    EXPECT_TRUE(next != written.end() && next->first == event.version) << key << ": a write was lost";
  }
  // Whoever began after another had ended saw nothing older.
  std::ranges::sort(events, {}, &Event::began);
  std::uint64_t newest = 0;
  std::size_t ended = 0;
  std::vector<std::pair<Clock::time_point, std::uint64_t>> ends;
  for (const Event& event : events) ends.emplace_back(event.ended, event.version);
  std::ranges::sort(ends);
  for (const Event& event : events) {
    for (; ended < ends.size() && ends[ended].first < event.began; ++ended)
      newest = std::max(newest, ends[ended].second);
    EXPECT_GE(event.version, newest) << key << ": an older one was seen";
    EXPECT_TRUE(event.kind == Event::Kind::read || event.version > newest) << key << ": a write is no newer";
  }
}

TEST(RedisHistoryTest, WhatClientsAreToldCanHaveHappenedOneAfterTheOther) {
  if (!RedisServer::installed()) GTEST_SKIP() << "needs redis-server";
  const char* const asked = std::getenv("WASM_GRPC_TEST_STORE_OPERATIONS");
  std::atomic<int> left = asked == nullptr ? 5'000 : std::atoi(asked);
  const RedisServer server;
  RedisProxy proxy(server.address().substr(5));
  ModuleOptions options;
  options.name = "module";
  options.store = server.options();
  const auto say_nothing = [](LogLevel, const std::string&) {};
  // Of two processes: one has a connection that breaks again and again.
  Stores sound(say_nothing);
  Stores broken(say_nothing);
  const auto one = sound.open(options).value();
  options.store.redis.addresses = {proxy.address()};
  const auto other = broken.open(options).value();

  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(i % 2 == 0 ? one : other, i));
    threads.emplace_back([client = clients.back().get(), &left] { client->run(left); });
  }
  while (left > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    proxy.go(RedisProxy::Way::cut);
  }
  for (std::thread& thread : threads) thread.join();
  History history;
  for (const auto& client : clients) history.take(std::move(client->history));
  std::size_t known = 0;
  for (const auto& [key, events] : history.events) {
    known += events.size();
    check_history(key, events, history.doubtful[key]);
  }
  EXPECT_GT(known, 1'000u);
  const auto id = static_cast<std::int64_t>(ask(*one, FindCounter{"counter"}).number);
  const std::uint64_t sum = ask(*one, LoadCounter{id}).number;
  EXPECT_GE(sum, history.counted);
  EXPECT_LE(sum, history.counted + history.doubtful_counts);
  std::size_t doubtful = 0;
  for (const auto& [key, values] : history.doubtful) doubtful += values.size();
  EXPECT_GT(doubtful + history.doubtful_counts, 0u) << "no connection broke amid an operation";
  std::printf("%zu reads and writes with a known end, %zu writes without; %llu counts, %llu without\n", known, doubtful,
              static_cast<unsigned long long>(history.counted),
              static_cast<unsigned long long>(history.doubtful_counts));
}

}  // namespace
}  // namespace wasm_grpc::store
