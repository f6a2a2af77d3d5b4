#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/asked.h"
#include "store/sqlite/database.h"
#include "store/sqlite_handle.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store::sqlite {
namespace {

using std::chrono::milliseconds;
using Kind = ChangeCounter::Kind;

struct SqliteDatabaseTest : testing::Test {
  std::shared_ptr<Database> open_database() {
    auto opened = Database::open(file.path(), milliseconds(5'000), [this](LogLevel, const std::string& text) {
      const std::lock_guard lock(mutex);
      lines.push_back(text);
    });
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.value();
  }
  std::shared_ptr<Store> open(const std::shared_ptr<Database>& database, const std::string& name = "module") {
    auto opened = SpaceStore::open(database, std::make_shared<Meter>(name), options, limits);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.value();
  }
  std::shared_ptr<Store> open() { return open(open_database()); }
  std::int64_t counter(Store& store, const std::string& name = "counter") {
    const Answer found = ask(store, FindCounter{name});
    EXPECT_EQ(found.outcome, Outcome::done);
    return static_cast<std::int64_t>(found.number);
  }
  [[nodiscard]] bool logged(const std::string& part) {
    const std::lock_guard lock(mutex);
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
  /// What the pairs of the file count for, and what the file says that they do.
  [[nodiscard]] std::pair<std::string, std::string> bytes_counted() {
    SqliteHandle look(file.path());
    return {look.text("SELECT coalesce(sum(length(key) + length(value) + 320), 0) FROM pairs"),
            look.text("SELECT sum(bytes) FROM spaces")};
  }

  TemporaryStore file;
  StoreOptions options{.backend = StoreBackend::sqlite};
  SharedStateLimits limits;
  std::mutex mutex;
  std::vector<std::string> lines;
};

TEST_F(SqliteDatabaseTest, APairThatHasExpiredIsAbsent) {
  const auto store = open();
  EXPECT_EQ(ask(*store, Set{"goes", "1", milliseconds(30)}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"stays", "1", std::chrono::hours(24 * 365 * 290)}).outcome, Outcome::done);
  std::this_thread::sleep_for(milliseconds(40));
  EXPECT_EQ(ask(*store, Get{"goes"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*store, Get{"stays"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Remove{"goes"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*store, Set{"goes", "2", {}, 0}).outcome, Outcome::done) << "as if it had never been there";
  EXPECT_EQ(bytes_counted().first, bytes_counted().second);
}

TEST_F(SqliteDatabaseTest, ManyThreadsLoseNothingWithAnotherProcessBeside) {
  constexpr int threads = 8;
  constexpr int rounds = 50;
  const std::shared_ptr<Store> stores[] = {open(open_database()), open(open_database())};
  const std::int64_t id = counter(*stores[0]);
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      Store& store = *stores[t % 2];
      for (int i = 0; i < rounds; ++i) {
        EXPECT_EQ(ask(store, ChangeCounter{id, Kind::add, 1}).outcome, Outcome::done);
        while (true) {
          const Answer found = ask(store, Get{"list"});
          if (ask(store, Set{"list", found.value + "x", {}, found.number}).outcome == Outcome::done) break;
        }
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(ask(*stores[1], LoadCounter{id}).number, std::uint64_t{threads * rounds});
  EXPECT_EQ(ask(*stores[0], Get{"list"}).value.size(), std::size_t{threads * rounds});
  EXPECT_EQ(bytes_counted().first, bytes_counted().second);
}

TEST_F(SqliteDatabaseTest, WhatAnotherProcessChangedOfAKnownPairIsSeen) {
  const auto store = open();
  const std::uint64_t version = ask(*store, Set{"a", "1"}).number;
  EXPECT_EQ(ask(*store, Set{"b", "1", std::chrono::hours(1)}).outcome, Outcome::done);
  SqliteHandle(file.path()).run("UPDATE pairs SET version = 1000 WHERE key = CAST('a' AS BLOB)");
  EXPECT_EQ(ask(*store, Set{"a", "2", {}, version}).outcome, Outcome::conflict);
  EXPECT_EQ(ask(*store, Set{"a", "2", {}, 1000}).outcome, Outcome::done);
  SqliteHandle(file.path())
      .run(
          "BEGIN; DELETE FROM pairs; UPDATE spaces SET bytes = 0; COMMIT; "
          "UPDATE spaces SET last_version = last_version + 5");
  EXPECT_EQ(ask(*store, Set{"a", "3"}).number, version + 8) << "versions are counted on where others left them";
  EXPECT_EQ(ask(*store, Remove{"b"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*store, Get{"a"}).value, "3");
  EXPECT_EQ(bytes_counted().first, bytes_counted().second);
}

TEST_F(SqliteDatabaseTest, AKnownPairGetsLosesAndKeepsItsTime) {
  const auto store = open();
  const auto expires = [&] { return SqliteHandle(file.path()).text("SELECT coalesce(expires, 'never') FROM pairs"); };
  EXPECT_EQ(ask(*store, Set{"a", "1", milliseconds(30)}).outcome, Outcome::done);
  EXPECT_NE(expires(), "never");
  EXPECT_EQ(ask(*store, Set{"a", "22"}).outcome, Outcome::done);
  EXPECT_EQ(expires(), "never");
  EXPECT_EQ(ask(*store, Set{"a", "333"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Set{"a", "4", milliseconds(1)}).outcome, Outcome::done);
  std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(ask(*store, Set{"a", "5", {}, 0}).outcome, Outcome::done) << "its time had passed";
  EXPECT_EQ(bytes_counted().first, bytes_counted().second);
}

TEST(KnownPairs, TakeNoMoreThanTheyMay) {
  KnownPairs pairs;
  const std::string long_key(max_key_bytes - 8, 'x');
  std::size_t most = 0;
  std::size_t known = 0;
  for (int i = 0; i < 10'000; ++i) {
    pairs.put(1, std::to_string(i) + long_key, {.id = i});
    known = pairs.find(1, std::to_string(0) + long_key) != nullptr ? known + 1 : known;
    most = std::max(most, known);
  }
  EXPECT_GT(most, std::size_t{1000});
  EXPECT_LT(most, KnownPairs::max_bytes / max_key_bytes) << "they were forgotten, and none too late";
  EXPECT_EQ(pairs.find(2, "9999" + long_key), nullptr) << "of another space";
  EXPECT_EQ(pairs.find(1, "9999" + long_key)->id, 9999);
  pairs.erase(1, "9999" + long_key);
  EXPECT_EQ(pairs.find(1, "9999" + long_key), nullptr);
}

TEST_F(SqliteDatabaseTest, WhatNobodyWantsAnyMoreIsNotDone) {
  const auto store = open();
  SqliteHandle other(file.path());
  other.run("BEGIN IMMEDIATE");
  Asked given_up(*store, Set{"a", "1"});
  Asked wanted(*store, Set{"b", "1"});
  EXPECT_FALSE(wanted.answered_within(milliseconds(300))) << "another process writes";
  given_up.give_up();
  other.run("COMMIT");
  EXPECT_EQ(wanted.answer().outcome, Outcome::done);
  EXPECT_EQ(ask(*store, Get{"a"}).outcome, Outcome::absent);
}

TEST_F(SqliteDatabaseTest, ACorruptPageCostsWhatIsInIt) {
  {
    const auto store = open();
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(ask(*store, Set{"key" + std::to_string(i), std::string(3000, 'x')}).outcome, Outcome::done);
    }
  }
  // The last page of the file is one of the table of pairs.
  const auto size = std::filesystem::file_size(file.path());
  std::fstream(file.path(), std::ios::in | std::ios::out | std::ios::binary)
      .seekp(static_cast<std::streamoff>(size - 4096))
      .write(std::string(4096, '\xff').data(), 4096);
  const auto store = open();
  std::map<Outcome, int> outcomes;
  for (int i = 0; i < 100; ++i) ++outcomes[ask(*store, Get{"key" + std::to_string(i)}).outcome];
  EXPECT_GT(outcomes[Outcome::done], 90);
  EXPECT_GT(outcomes[Outcome::unavailable], 0);
  EXPECT_EQ(outcomes[Outcome::done] + outcomes[Outcome::unavailable], 100);
  EXPECT_TRUE(logged("malformed"));
}

TEST_F(SqliteDatabaseTest, RelaxedAndFullModulesShareAFile) {
  const auto database = open_database();
  const auto full = open(database, "full");
  options.durability = StoreDurability::relaxed;
  const auto relaxed = open(database, "relaxed");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask(*full, Set{"key", "full"}).outcome, Outcome::done);
    EXPECT_EQ(ask(*relaxed, Set{"key", "relaxed"}).outcome, Outcome::done);
  }
  EXPECT_EQ(ask(*full, Get{"key"}).value, "full");
  EXPECT_EQ(ask(*relaxed, Get{"key"}).value, "relaxed");
}

TEST_F(SqliteDatabaseTest, TheLogBesideTheFileDoesNotGrowForGood) {
  options.durability = StoreDurability::relaxed;
  const auto store = open();
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(ask(*store, Set{"key", std::string(100'000, 'x')}).outcome, Outcome::done);  // 30 MB in all
  }
  EXPECT_LT(std::filesystem::file_size(file.path() + "-wal"), std::uintmax_t{10} << 20);
}

}  // namespace
}  // namespace wasm_grpc::store::sqlite
