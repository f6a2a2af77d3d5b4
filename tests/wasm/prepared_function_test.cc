// Functions that are called again and again by one handle.
#include <gtest/gtest.h>

#include <vector>

#include "support.h"
#include "wasm/epoch.h"

namespace wasm_grpc::wasm::test {
namespace {

/// Calls a function by its handle.
Progress call(Sandboxed& guest, std::size_t function, const std::vector<std::int32_t>& arguments, bool has_result) {
  guest.instance->begin_call(function, arguments, has_result);
  return guest.finish();
}

TEST(PreparedFunction, TakesOtherArgumentsEachTime) {
  Sandboxed guest(R"((module
      (func (export "none") (result i32) (i32.const 7))
      (func (export "one") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
      (func (export "two") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
      (func (export "three") (param i32 i32 i32) (result i32)
        (i32.sub (i32.sub (local.get 0) (local.get 1)) (local.get 2)))
      (func (export "four") (param i32 i32 i32 i32) (result i32)
        (i32.sub (i32.sub (i32.sub (local.get 0) (local.get 1)) (local.get 2)) (local.get 3)))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  std::vector<std::int32_t> arguments;
  for (const char* const name : {"none", "one", "two", "three", "four"}) {
    const std::size_t function = *guest.instance->find_function(name);
    for (const std::int32_t first : {100, -100, 0}) {
      if (!arguments.empty()) arguments.front() = first;
      ASSERT_EQ(call(guest, function, arguments, true), Progress::done) << name;
      std::int32_t expected = arguments.empty() ? 7 : first;
      if (arguments.size() == 1) expected *= 2;
      for (std::size_t i = 1; i < arguments.size(); ++i) expected -= arguments[i];
      EXPECT_EQ(guest.instance->result(), expected) << name;
    }
    arguments.push_back(static_cast<std::int32_t>(arguments.size()) + 3);
  }
}

TEST(PreparedFunction, HasNoResultWhereItReturnsNone) {
  Sandboxed guest(R"((module (global $sum (mut i32) (i32.const 0))
      (func (export "sum") (result i32) (global.get $sum))
      (func (export "add") (param i32 i32 i32)
        (global.set $sum (i32.add (global.get $sum) (i32.add (local.get 0) (i32.add (local.get 1) (local.get 2))))))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  const std::size_t add = *guest.instance->find_function("add");
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(call(guest, add, {1, 2, 3}, false), Progress::done);
    EXPECT_EQ(guest.instance->result(), 0);
  }
  EXPECT_EQ(guest.call("sum"), 18);
}

TEST(PreparedFunction, FailsWhereItsTypeIsAnother) {
  constexpr std::string_view module = R"((module
      (func (export "two") (param i32 i32) (result i32) (i32.const 1))
      (func (export "wide") (param i64) (result i32) (i32.const 1))
      (func (export "long") (result i64) (i64.const 1))
      (func (export "five") (param i32 i32 i32 i32 i32))))";
  struct Case {
    const char* name;
    std::vector<std::int32_t> arguments;
    bool has_result;
  };
  for (const Case& other : {Case{"two", {1}, true}, Case{"two", {1, 2, 3}, true}, Case{"two", {1, 2}, false},
                            Case{"wide", {1}, true}, Case{"long", {}, true}, Case{"five", {1, 2, 3, 4, 5}, false}}) {
    Sandboxed guest(module);
    ASSERT_EQ(guest.instantiate(), Progress::done);
    const std::size_t function = *guest.instance->find_function(other.name);
    EXPECT_EQ(call(guest, function, other.arguments, other.has_result), Progress::failed) << other.name;
    EXPECT_FALSE(guest.instance->failure().message.empty());
    EXPECT_FALSE(guest.instance->running());
  }
}

// One that is called in two ways is checked anew for each.
TEST(PreparedFunction, IsCheckedForEachWayOfCallingIt) {
  Sandboxed guest(R"((module (func (export "two") (param i32 i32) (result i32) (local.get 1))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  const std::size_t function = *guest.instance->find_function("two");
  ASSERT_EQ(call(guest, function, {1, 2}, true), Progress::done);
  EXPECT_EQ(call(guest, function, {1}, true), Progress::failed);
}

TEST(PreparedFunction, EndsWhereItIsDropped) {
  Sandboxed guest(R"((module (func (export "spin") (param i32) (loop $again (br $again)))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EpochTicker ticker(guest.engine);
  guest.instance->begin_call(*guest.instance->find_function("spin"), std::vector<std::int32_t>{1}, false);
  EpochTicker::Activity activity(ticker);
  activity.enter();
  EXPECT_EQ(guest.instance->poll(), Progress::sliced);
  EXPECT_TRUE(guest.instance->running());
  guest.instance->drop();
  EXPECT_FALSE(guest.instance->running());
  activity.leave();
}

TEST(PreparedFunction, SeesTheMemoryGrow) {
  Sandboxed guest(R"((module (memory (export "memory") 1)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  const std::size_t grow = *guest.instance->find_function("grow");
  std::size_t pages = 1;
  for (const std::int32_t more : {1, 0, 5, 100'000, 2, -1}) {
    ASSERT_EQ(call(guest, grow, {more}, true), Progress::done);
    const bool grew = guest.instance->result() >= 0;
    EXPECT_EQ(grew, more >= 0 && more < 100);
    if (grew) pages += static_cast<std::size_t>(more);
    EXPECT_EQ(guest.instance->memory().size(), pages << 16) << "after " << more;
    guest.instance->memory().back() = std::byte{1};  // all of it is there
  }
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
