// Counters and the key-value store of the SDK, over the fake host.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "fake_host.h"
#include "wasm_grpc/guest/atomics.h"
#include "wasm_grpc/guest/kv.h"

namespace wasm_grpc::guest::testing {
namespace {

using namespace std::chrono_literals;

class SharedState : public ::testing::Test {
 protected:
  FakeHost host;
};

// ---- Counters ----

TEST_F(SharedState, CountersOfOneNameAreTheSame) {
  const Counter visits = Counter::named("visits");
  const Counter again = Counter::named("visits");
  const Counter other = Counter::named("other");
  EXPECT_EQ(visits.load(), 0);
  EXPECT_EQ(visits.add(), 1);
  EXPECT_EQ(visits.add(41), 42);
  EXPECT_EQ(again.load(), 42);
  EXPECT_EQ(other.load(), 0);
}

TEST_F(SharedState, ACounterSaysWhatItWasBefore) {
  const Counter counter = Counter::named("c");
  counter.store(7);
  EXPECT_EQ(counter.exchange(9), 7);
  EXPECT_EQ(counter.compare_exchange(8, 100), 9) << "it is not stored";
  EXPECT_EQ(counter.load(), 9);
  EXPECT_EQ(counter.compare_exchange(9, 100), 9) << "it is";
  EXPECT_EQ(counter.load(), 100);
}

TEST_F(SharedState, ACounterHasAllBitsOfItsNumber) {
  const Counter counter = Counter::named("c");
  counter.store(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(counter.load(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(counter.add(-1), std::numeric_limits<std::int64_t>::max()) << "sums wrap around";
}

TEST_F(SharedState, ACounterThatCannotBeHadIsNotValid) {
  host.shared.max_counters = 1;
  EXPECT_TRUE(Counter::named("one").valid());
  EXPECT_TRUE(Counter::named("one").valid()) << "it is there already";
  EXPECT_FALSE(Counter::named("two").valid());
  EXPECT_FALSE(Counter::named("").valid());
}

// ---- The store ----

TEST_F(SharedState, WhatIsSetIsFoundWithItsVersion) {
  EXPECT_FALSE(kv::get("key"));
  const std::string value("with\0zero", 9);
  const auto set = kv::set("key", value);
  ASSERT_TRUE(set);
  const auto found = kv::get("key");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->value, value);
  EXPECT_EQ(found->version, set.version);
  EXPECT_GT(kv::set("key", "").version, set.version);
  EXPECT_EQ(kv::get("key")->value, "") << "an empty value is one";
}

TEST_F(SharedState, ValuesOfAnyLengthAreWhole) {
  host.shared.max_value = 100'000;
  for (const std::size_t size : {255U, 256U, 257U, 100'000U}) {  // get() first has room for 256
    const std::string value(size, 'v');
    ASSERT_TRUE(kv::set("key", value));
    EXPECT_EQ(kv::get("key")->value, value) << size;
  }
}

TEST_F(SharedState, AValueThatGrowsWhileItIsReadIsWhole) {
  ASSERT_TRUE(kv::set("key", std::string(300, 'a')));
  std::uint64_t version = 0;
  host.shared.after_get = [&] {  // get() was told of 300 bytes, and asks again with that much room
    version = kv::set("key", std::string(900, 'b')).version;
  };
  const auto found = kv::get("key");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->value, std::string(900, 'b'));
  EXPECT_EQ(found->version, version);
}

TEST_F(SharedState, AValueThatGoesWhileItIsReadIsAbsent) {
  ASSERT_TRUE(kv::set("key", std::string(300, 'a')));
  host.shared.after_get = [] { EXPECT_EQ(kv::remove("key"), kv::Outcome::ok); };
  EXPECT_FALSE(kv::get("key"));
}

TEST_F(SharedState, AVersionIsACondition) {
  const auto first = kv::set("key", "1", {.if_version = 0});
  ASSERT_TRUE(first) << "there was none";
  const auto late = kv::set("key", "2", {.if_version = 0});
  EXPECT_EQ(late.outcome, kv::Outcome::conflict);
  EXPECT_EQ(late.version, 0U);
  const auto second = kv::set("key", "2", {.if_version = first.version});
  ASSERT_TRUE(second);
  ASSERT_EQ(kv::remove("key", first.version), kv::Outcome::conflict);
  EXPECT_EQ(kv::get("key")->value, "2");
  EXPECT_EQ(kv::remove("key", second.version), kv::Outcome::ok);
  EXPECT_EQ(kv::remove("key", second.version), kv::Outcome::conflict) << "there is none, whose version is 0";
  EXPECT_EQ(kv::remove("key"), kv::Outcome::absent);
}

TEST_F(SharedState, APairLivesAsLongAsItIsGiven) {
  ASSERT_TRUE(kv::set("short", "s", {.ttl = 5ms}));
  ASSERT_TRUE(kv::set("for ever", "e"));
  host.shared.now_ns = 4'999'999;
  EXPECT_TRUE(kv::get("short"));
  host.shared.now_ns = 5'000'000;
  EXPECT_FALSE(kv::get("short"));
  EXPECT_TRUE(kv::get("for ever"));
  EXPECT_EQ(kv::set("key", "v", {.ttl = 0ns}).outcome, kv::Outcome::invalid);
}

TEST_F(SharedState, AStoreThatIsAwayIsToldFromAKeyThatIsAbsent) {
  ASSERT_TRUE(kv::set("key", "value"));
  EXPECT_EQ(kv::find("key").found.value, "value");
  EXPECT_EQ(kv::find("other").outcome, kv::Outcome::absent);
  host.shared.away = true;
  EXPECT_EQ(kv::find("key").outcome, kv::Outcome::unavailable);
  EXPECT_FALSE(kv::get("key"));
  EXPECT_EQ(kv::set("key", "other").outcome, kv::Outcome::unavailable);
  EXPECT_EQ(kv::remove("key"), kv::Outcome::unavailable);
}

TEST_F(SharedState, WhatTheStoreRefusesIsSaid) {
  host.shared.max_pairs = 1;
  host.shared.max_value = 3;
  EXPECT_EQ(kv::set("", "v").outcome, kv::Outcome::invalid);
  EXPECT_EQ(kv::set(std::string(1025, 'k'), "v").outcome, kv::Outcome::invalid);
  EXPECT_EQ(kv::set("key", "four").outcome, kv::Outcome::too_large);
  EXPECT_TRUE(kv::set("key", "one"));
  EXPECT_EQ(kv::set("other", "one").outcome, kv::Outcome::full);
  EXPECT_EQ(kv::remove(""), kv::Outcome::invalid);
  EXPECT_FALSE(kv::get(""));
}

}  // namespace
}  // namespace wasm_grpc::guest::testing
