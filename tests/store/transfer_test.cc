#include "store/transfer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "store/asked.h"
#include "store/stores.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store {
namespace {

struct TransferTest : testing::Test {
  [[nodiscard]] static ModuleOptions module(const std::string& name, const std::string& path) {
    ModuleOptions options;
    options.name = name;
    options.store = {.backend = StoreBackend::sqlite, .path = path};
    return options;
  }
  std::shared_ptr<Store> open(const ModuleOptions& options) {
    auto opened = stores.open(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.value();
  }
  void fill(Store& store) {
    EXPECT_EQ(ask(store, Set{"a", "1"}).outcome, Outcome::done);
    EXPECT_EQ(ask(store, Set{"b", "22", std::chrono::hours(1)}).outcome, Outcome::done);
    EXPECT_EQ(ask(store, ChangeCounter{counter(store), ChangeCounter::Kind::add, 7}).outcome, Outcome::done);
  }
  static std::int64_t counter(Store& store) { return static_cast<std::int64_t>(ask(store, FindCounter{"c"}).number); }
  static std::string error_of(const Result<Copied>& result) { return result.ok() ? "" : result.error().message; }

  TemporaryStore place;
  TemporaryStore other_place;
  ModuleOptions one = module("one", place.path());
  ModuleOptions copy = module("one", other_place.path());
  Stores stores{[](LogLevel, const std::string&) {}};
};

TEST_F(TransferTest, ACopyIsAStoreItselfWithNothingOfOthers) {
  const auto store = open(one);
  fill(*store);
  EXPECT_EQ(ask(*open(module("two", place.path())), Set{"of two", "1"}).outcome, Outcome::done);
  const auto copied = copy_out(one, other_place.path());
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_EQ(copied.value().pairs, 2u);
  EXPECT_EQ(copied.value().counters, 1u);
  EXPECT_EQ(ask(*store, Set{"a", "later"}).outcome, Outcome::done);
  EXPECT_FALSE(std::filesystem::exists(other_place.path() + "-wal")) << "it is one file";
  const auto other = open(copy);
  EXPECT_EQ(ask(*other, Get{"a"}).value, "1");
  EXPECT_EQ(ask(*other, List{"", "", 9}).pairs.size(), 2u);
  EXPECT_EQ(ask(*other, LoadCounter{counter(*other)}).number, 7u);
  EXPECT_EQ(ask(*open(module("two", other_place.path())), Get{"of two"}).outcome, Outcome::absent);
}

TEST_F(TransferTest, ACopyGoesIntoNoFileThatIsThere) {
  fill(*open(one));
  std::ofstream(other_place.path()) << "a letter";
  EXPECT_NE(error_of(copy_out(one, other_place.path())).find("is there already"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(other_place.path()), 8u);
}

TEST_F(TransferTest, ACopyOfAModuleThatHasNothingIsRefusedAndLeavesNothing) {
  fill(*open(one));
  EXPECT_NE(error_of(copy_out(module("nobody", place.path()), other_place.path())).find("has nothing of a module"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(other_place.path()));
  EXPECT_FALSE(std::filesystem::exists(other_place.path() + ".part"));
}

TEST_F(TransferTest, WhatIsTakenInReplacesTheSameKeysUnderNewVersions) {
  const auto store = open(one);
  fill(*store);
  ASSERT_TRUE(copy_out(one, other_place.path()).ok());
  EXPECT_EQ(ask(*store, Set{"a", "later"}).outcome, Outcome::done);
  const Answer kept = ask(*store, Set{"kept", "1"});
  EXPECT_EQ(ask(*store, ChangeCounter{counter(*store), ChangeCounter::Kind::add, 1}).number, 8u);
  const auto copied = copy_in(one, other_place.path());
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_EQ(ask(*store, Get{"a"}).value, "1");
  EXPECT_GT(ask(*store, Get{"a"}).number, kept.number);
  EXPECT_EQ(ask(*store, Get{"kept"}).number, kept.number);
  EXPECT_GT(*ask(*store, List{"b", "", 1}).pairs.at(0).ttl, std::chrono::minutes(59));
  EXPECT_EQ(ask(*store, LoadCounter{counter(*store)}).number, 7u);
}

TEST_F(TransferTest, WhatDoesNotFitIsNotTakenInAtAll) {
  fill(*open(one));
  ASSERT_TRUE(copy_out(one, other_place.path()).ok());
  TemporaryStore third;
  ModuleOptions small = module("one", third.path());
  small.shared_state.max_kv_bytes = 400;  // one pair
  EXPECT_NE(error_of(copy_in(small, other_place.path())).find("max-kv-bytes"), std::string::npos);
  small.shared_state = {};
  small.shared_state.max_kv_value = 1;
  EXPECT_NE(error_of(copy_in(small, other_place.path())).find("max-kv-value"), std::string::npos);
  small.shared_state = {};
  small.shared_state.max_counters = 0;
  EXPECT_NE(error_of(copy_in(small, other_place.path())).find("max-counters"), std::string::npos);
  EXPECT_TRUE(ask(*open(small), List{"", "", 9}).pairs.empty());
}

TEST_F(TransferTest, OfAFileOfSeveralModulesTheOneOfTheNameIsTaken) {
  fill(*open(one));
  EXPECT_EQ(ask(*open(module("two", place.path())), Set{"of two", "1"}).outcome, Outcome::done);
  EXPECT_TRUE(copy_in(module("two", other_place.path()), place.path()).ok());
  EXPECT_EQ(ask(*open(module("two", other_place.path())), Get{"of two"}).outcome, Outcome::done);
  EXPECT_NE(error_of(copy_in(module("third", other_place.path()), place.path())).find("several others: one, two"),
            std::string::npos);
  EXPECT_NE(error_of(copy_in(one, "/nowhere")).find("is not there"), std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::store
