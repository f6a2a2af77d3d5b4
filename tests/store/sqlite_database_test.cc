#include <gtest/gtest.h>

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
