// Instances and the memory that all guests have together: who waits for it, who makes way, what is left in the end.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/guest_fixture.h"
#include "wasm/memory_budget.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::size_t page = 64 * 1024;

/// Guests hold an instance until their client cancels, of one page or as many more as `pages`.
std::string holds(int pages = 0) {
  return guest_text("(drop (memory.grow (i32.const " + std::to_string(pages) + R"()))
      (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5))");
}

/// Four instances may be alive, and there is memory for as many pages as a test says.
struct InstanceMemoryTest : GuestTest {
  using Pool = InstancePool*;

  void have_pages(std::uint64_t pages) {
    wholes.push_back(std::make_unique<wasm::MemoryBudget>(pages * page));
    memory = whole = wholes.back().get();
  }
  Pool pool_of(std::shared_ptr<const GuestModule> module) {
    pools.push_back(std::make_unique<InstancePool>(std::move(module), pool_context()));
    return pools.back().get();
  }
  Pool pool_of(std::string_view text, std::string name) { return pool_of(load(text, std::move(name))); }
  TestCall& call(InstancePool& of) {
    open.push_back(std::make_unique<TestCall>(rpc::MethodKind::unary));
    calls.serve(*open.back(), of, 0, cost);
    run();
    return *open.back();
  }
  void end(TestCall& call) {
    call.client_cancels();
    run();
  }
  /// Calls first, then the pools that their instances are of, then the memory those had.
  void end_all() {
    calls.abandon_all();
    open.clear();
    pools.clear();
    posted.clear();
  }
  void TearDown() override {
    end_all();
    starter.reset();
    pool.reset();
  }

  wasm::MemoryBudget* whole = nullptr;
  std::vector<std::unique_ptr<wasm::MemoryBudget>> wholes;
  std::vector<std::unique_ptr<InstancePool>> pools;
  std::vector<std::unique_ptr<TestCall>> open;
};

TEST_F(InstanceMemoryTest, ACallWaitsWhereThereIsNoMemoryForItsInstanceAndGoesOnWhenThereIs) {
  have_pages(2);
  const Pool one = pool_of(holds(), "one"), two = pool_of(holds(), "two");
  TestCall& first = call(*one);
  TestCall& second = call(*one);
  call(*two);
  EXPECT_EQ(one->alive(), 2U);
  EXPECT_EQ(two->waiting(), 1U) << "though there are instances left";
  EXPECT_EQ(two->module().memory_budget().delayed_instances(), 1U);
  EXPECT_TRUE(logged("want more"));
  end(first);
  EXPECT_EQ(one->alive(), 1U) << "its idle instance made way";
  EXPECT_EQ(two->waiting(), 0U);
  EXPECT_EQ(two->alive(), 1U);
  EXPECT_EQ(whole->used(), 2 * page);
  end(second);
  EXPECT_EQ(one->idle(), 1U) << "nobody wants it";
}

TEST_F(InstanceMemoryTest, IdleInstancesMakeWayForCallsAlsoThoseOfOtherWorkers) {
  have_pages(3);
  const auto module = load(holds());
  const Pool here = pool_of(module), there = pool_of(module);  // as of two workers
  std::vector<TestCall*> held;
  for (int i = 0; i < 3; ++i) held.push_back(&call(*there));
  for (TestCall* one : held) end(*one);
  ASSERT_EQ(there->idle(), 3U);
  call(*here);
  EXPECT_EQ(here->alive(), 1U);
  EXPECT_EQ(there->idle(), 2U) << "and no more than need be";
  call(*here);
  call(*here);
  call(*here);
  EXPECT_EQ(here->alive(), 3U);
  EXPECT_EQ(here->waiting(), 1U);
  EXPECT_EQ(there->alive(), 0U);
}

TEST_F(InstanceMemoryTest, ACallThatMayNotWaitIsRefusedAndLeavesNoWish) {
  have_pages(1);
  max_waiting = 0;
  const Pool one = pool_of(holds(), "one"), two = pool_of(holds(), "two");
  TestCall& holder = call(*one);
  EXPECT_EQ(call(*two).status().code, rpc::StatusCode::resource_exhausted);
  EXPECT_FALSE(one->module().memory_budget().wanted());
  end(holder);
  EXPECT_EQ(one->idle(), 1U);
}

TEST_F(InstanceMemoryTest, WhatAnInstanceHasGrownToIsFreeWhenItEnds) {
  have_pages(4);
  const Pool large = pool_of(holds(3), "large"), small = pool_of(holds(), "small");
  TestCall& grown = call(*large);
  EXPECT_EQ(whole->used(), 4 * page);
  call(*small);
  call(*small);
  EXPECT_EQ(small->waiting(), 2U);
  end(grown);
  EXPECT_EQ(small->waiting(), 0U);
  EXPECT_EQ(small->alive(), 2U);
  EXPECT_EQ(small->module().memory_budget().used(), 2 * page);
  EXPECT_LE(large->module().memory_budget().used(), page) << "kept for its next instance";
}

TEST_F(InstanceMemoryTest, MemoryForTheWholeStartIsReservedSoThatItDoesNotFail) {
  have_pages(5);
  const Pool grows =
      pool_of(guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)", "",
                         "(if (i32.eq (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))"),
              "grows at its start");
  EXPECT_EQ(grows->module().start_memory(), 3 * page);
  call(*grows);
  TestCall& second = call(*grows);
  EXPECT_EQ(grows->waiting(), 1U);
  EXPECT_EQ(grows->counters().failures[static_cast<std::size_t>(GuestFailure::start)], 0U);
  end(*open.front());
  EXPECT_EQ(grows->waiting(), 0U);
  end(second);
  EXPECT_EQ(grows->counters().failures[static_cast<std::size_t>(GuestFailure::start)], 0U);
}

TEST_F(InstanceMemoryTest, ACallThatIsCancelledWhileItWaitsHoldsNothing) {
  have_pages(1);
  const Pool one = pool_of(holds(), "one"), two = pool_of(holds(), "two"), three = pool_of(holds(), "three");
  TestCall& holder = call(*one);
  TestCall& waits = call(*two);
  end(waits);
  EXPECT_FALSE(one->module().memory_budget().wanted());
  call(*three);
  end(holder);
  EXPECT_EQ(two->alive(), 0U);
  EXPECT_EQ(three->alive(), 1U);
}

TEST_F(InstanceMemoryTest, AModuleFindsItsReserveThoughAnotherGrowsAsItCan) {
  have_pages(8);
  const Pool greedy = pool_of(holds(3), "greedy"), modest = pool_of(holds(), "modest");
  for (const Pool* of : {&greedy, &modest}) (*of)->module().memory_budget().set_reserve(2 * page);
  call(*greedy);
  call(*greedy);
  EXPECT_GE(greedy->module().memory_budget().refused_growths(), 1U);
  EXPECT_LE(greedy->module().memory_budget().used(), 6 * page);
  call(*modest);
  call(*modest);
  EXPECT_EQ(modest->alive(), 2U);
  EXPECT_EQ(modest->waiting(), 0U);
}

TEST_F(InstanceMemoryTest, AGuestThatTrapsAfterItsGrowthWasRefusedIsOutOfMemory) {
  have_pages(2);
  serve(guest_text("(drop (memory.grow (i32.const 2))) unreachable"));
  EXPECT_EQ(call(*pool).status().code, rpc::StatusCode::internal);
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::out_of_memory)], 1U);
  have_pages(3);
  serve(guest_text("(drop (memory.grow (i32.const 2))) unreachable"));
  EXPECT_EQ(call(*pool).status().code, rpc::StatusCode::internal);
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::trap)], 1U);
}

TEST_F(InstanceMemoryTest, NothingIsLeftWhenAllIsDone) {
  have_pages(3);
  InstanceLife fresh = no_warm_instances();
  fresh.mode = InstanceMode::fresh;
  const Pool one = pool_of(load(holds(1), "one", fresh)), two = pool_of(holds(2), "two");
  for (int i = 0; i < 10; ++i) {
    call(*one);
    call(*two);
    end(*open[open.size() - 2]);
    end(*open.back());
  }
  EXPECT_LE(whole->used(), 3 * page);
  end_all();
  EXPECT_EQ(whole->used(), 0U);
}

}  // namespace
}  // namespace wasm_grpc::runtime
