#include "store/stores.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "store/asked.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store {
namespace {

struct StoresTest : testing::Test {
  [[nodiscard]] ModuleOptions module(const std::string& name) const {
    ModuleOptions options;
    options.name = name;
    options.store = {.backend = StoreBackend::sqlite, .path = file.path()};
    return options;
  }
  std::shared_ptr<Store> open(const ModuleOptions& options) {
    auto opened = stores.open(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.value();
  }
  TemporaryStore file;
  Stores stores{[](LogLevel, const std::string&) {}};
};

TEST_F(StoresTest, ModulesThatShareAFileShareNothingInIt) {
  const auto one = open(module("one"));
  const auto two = open(module("two"));
  EXPECT_EQ(ask(*one, Set{"key", "value"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*two, Get{"key"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*two, Set{"key", "other", {}, 0}).outcome, Outcome::done);
  EXPECT_EQ(ask(*one, Get{"key"}).value, "value");
  const std::uint64_t counter = ask(*one, FindCounter{"counter"}).number;
  EXPECT_EQ(ask(*two, LoadCounter{static_cast<std::int64_t>(counter)}).outcome, Outcome::absent)
      << "a number of another module";
}

TEST_F(StoresTest, AModuleFindsWhatItLeft) {
  EXPECT_EQ(ask(*open(module("one")), Set{"key", "value"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*open(module("one")), Get{"key"}).value, "value");
}

TEST_F(StoresTest, TheSameFileByAnotherPathIsTheSame) {
  auto other = module("one");
  const auto one = open(module("one"));
  EXPECT_EQ(ask(*one, Set{"key", "value"}).outcome, Outcome::done);
  other.store.path = file.path().substr(0, file.path().rfind('/')) + "/./state";
  EXPECT_EQ(ask(*open(other), Get{"key"}).value, "value");
}

TEST_F(StoresTest, CountsOfEachModuleWhatItAsked) {
  const auto one = open(module("one"));
  const auto again = open(module("one"));  // as its counters do
  const auto two = open(module("two"));
  EXPECT_EQ(ask(*one, Set{"key", "value"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*again, Get{"key"}).outcome, Outcome::done);
  EXPECT_EQ(ask(*again, Get{"other"}).outcome, Outcome::absent);
  EXPECT_EQ(ask(*two, FindCounter{"counter"}).outcome, Outcome::done);
  const auto counted = stores.counters();
  ASSERT_EQ(counted.size(), 2u);
  EXPECT_EQ(counted[0].module, "one");
  EXPECT_EQ(counted[0].sets, 1u);
  EXPECT_EQ(counted[0].gets, 2u);
  EXPECT_EQ(counted[0].value_bytes_written, 5u);
  EXPECT_EQ(counted[0].value_bytes_read, 5u);
  EXPECT_EQ(counted[0].times.count, 3u);
  EXPECT_EQ(counted[1].counter_operations, 1u);
}

TEST_F(StoresTest, AFileIsLookedAtWithoutAChange) {
  EXPECT_TRUE(look_at(module("one").store).ok());
  EXPECT_FALSE(std::filesystem::exists(file.path()));
  std::ofstream(file.path()) << "a letter";
  EXPECT_FALSE(look_at(module("one").store).ok());
  EXPECT_EQ(std::filesystem::file_size(file.path()), 8u);
}

TEST_F(StoresTest, OptionsThatMakeNoSenseAreSaid) {
  const auto wrong = [](const StoreOptions& options) {
    const auto checked = check(options);
    return checked.ok() ? "" : checked.error().message;
  };
  EXPECT_EQ(wrong({}), "");
  EXPECT_NE(wrong({.backend = StoreBackend::sqlite}).find("no path says in which file"), std::string::npos);
  EXPECT_NE(wrong({.path = "/somewhere"}).find("is kept in memory"), std::string::npos);
  EXPECT_NE(wrong({.health = true}).find("has health, but is kept in memory"), std::string::npos);
  EXPECT_NE(wrong({.max_rate = 1}).find("has a rate, but is kept in memory"), std::string::npos);
  EXPECT_NE(wrong({.max_waiting = 0}).find("expected at least 1"), std::string::npos);
  EXPECT_NE(wrong({.timeout = std::chrono::milliseconds(0)}).find("expected at least 1"), std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::store
