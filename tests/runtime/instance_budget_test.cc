#include "runtime/instances/instance_budget.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace wasm_grpc::runtime {
namespace {

using Want = InstanceClaim::Want;

/// A claim with somebody behind it.
class Claimant final : public InstanceClaim::Owner {
 public:
  Claimant(InstanceBudget& budget, const void* module, const InstanceClaim::Post& post, std::uint32_t module_max = 0)
      : claim(budget, module, module_max, *this, post) {}
  /// Takes room until there is none.
  std::uint32_t take_all() {
    while (claim.take()) ++has;
    return has;
  }
  void put_back(std::uint32_t count = 1) {
    for (; count > 0; --count, --has) claim.put_back();
  }
  void on_room() noexcept override {
    ++rooms;
    if (claim.take()) ++has;
    claim.settle();
  }
  void on_call_in() noexcept override {
    ++called_in;
    if (idle == 0) return;
    claim.set_idle(--idle);
    put_back();
  }
  void on_press(const Press&) noexcept override { ++pressed; }

  InstanceClaim claim;
  std::uint32_t has = 0;
  std::uint32_t idle = 0;
  int rooms = 0;
  int called_in = 0;
  int pressed = 0;
};

struct InstanceBudgetTest : testing::Test {
  std::unique_ptr<Claimant> claimant(InstanceBudget& budget, int module, std::uint32_t module_max = 0) {
    return std::make_unique<Claimant>(budget, &modules[module], post, module_max);
  }
  void settle() {
    while (!posted.empty()) {
      for (const auto& function : std::exchange(posted, {})) function();
    }
  }
  int modules[8] = {};
  std::vector<std::function<void()>> posted;
  const InstanceClaim::Post post = [this](std::function<void()> function) { posted.push_back(std::move(function)); };
};

TEST_F(InstanceBudgetTest, OneWorkerMayHaveAllThatOthersLeave) {
  InstanceBudget budget(80);
  std::vector<std::unique_ptr<Claimant>> workers;
  for (int i = 0; i < 8; ++i) workers.push_back(claimant(budget, 0));
  EXPECT_EQ(workers[0]->take_all(), 80U);
  EXPECT_FALSE(workers[1]->claim.take());
}

TEST_F(InstanceBudgetTest, KeepsOneAtLeastForEachOtherModule) {
  for (const auto& [max, module_count, expected] :
       {std::tuple(8U, 5, 4U), {8U, 8, 1U}, {8U, 1, 8U}, {8U, 2, 6U}, {2U, 2, 1U}, {1U, 1, 1U}, {4096U, 2, 3072U}}) {
    InstanceBudget budget(max);
    std::vector<std::unique_ptr<Claimant>> claims;
    for (int i = 0; i < module_count; ++i) claims.push_back(claimant(budget, i));
    EXPECT_EQ(claims[0]->take_all(), expected) << module_count << " modules, " << max << " instances";
    for (int i = 1; i < module_count; ++i) EXPECT_TRUE(claims[static_cast<std::size_t>(i)]->claim.take()) << i;
  }
}

TEST_F(InstanceBudgetTest, WithFewerInstancesThanModulesTheyTakeTurns) {
  InstanceBudget budget(1);
  const auto one = claimant(budget, 0), two = claimant(budget, 1), three = claimant(budget, 2);
  EXPECT_EQ(one->take_all(), 1U);
  two->claim.want(Want::work);
  three->claim.want(Want::work);
  EXPECT_TRUE(one->claim.yields());
  one->put_back();
  settle();
  EXPECT_EQ(two->has + three->has, 1U);
}

TEST_F(InstanceBudgetTest, AModuleHasNoMoreThanItMay) {
  InstanceBudget budget(8, 3);
  const auto here = claimant(budget, 0), there = claimant(budget, 0), other = claimant(budget, 1, 5);
  EXPECT_EQ(here->take_all(), 3U);
  EXPECT_EQ(there->take_all(), 0U) << "it is one module on two workers";
  EXPECT_EQ(other->take_all(), 5U) << "its own number";
}

TEST_F(InstanceBudgetTest, WhatBecomesFreeGoesToTheModuleWithFewest) {
  InstanceBudget budget(8, 8);
  const auto greedy = claimant(budget, 0), modest = claimant(budget, 1), waiting = claimant(budget, 0);
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(greedy->claim.take());
    ++greedy->has;
  }
  EXPECT_EQ(modest->take_all(), 1U);
  waiting->claim.want(Want::work);
  modest->claim.want(Want::work);
  EXPECT_TRUE(greedy->claim.yields());
  greedy->put_back();
  settle();
  EXPECT_EQ(modest->has, 2U);
  EXPECT_EQ(waiting->has, 0U);
  greedy->put_back();
  settle();
  EXPECT_EQ(waiting->has, 1U) << "of the same module, but of a worker that has none";
}

TEST_F(InstanceBudgetTest, CallsInIdleInstancesOfOthersAndTheirReserves) {
  InstanceBudget budget(64);
  const auto idle = claimant(budget, 0), wanting = claimant(budget, 0);
  idle->take_all();
  idle->idle = 2;
  idle->claim.set_idle(2);
  EXPECT_FALSE(wanting->claim.take());
  wanting->claim.want(Want::work);
  settle();
  EXPECT_EQ(wanting->has, 1U);
  EXPECT_EQ(idle->called_in, 1);
  // What is kept in reserve is called in too.
  InstanceBudget small(64);
  const auto keeps = claimant(small, 0), takes = claimant(small, 0);
  ASSERT_TRUE(keeps->claim.take());
  keeps->claim.put_back();
  EXPECT_LT(takes->take_all(), 64U) << "the other keeps some";
  takes->claim.want(Want::work);
  settle();
  EXPECT_GT(takes->rooms, 0);
  for (int i = 0; i < 64 && takes->has < 64; ++i) {
    takes->claim.want(Want::work);
    settle();
  }
  EXPECT_EQ(takes->has, 64U);
}

TEST_F(InstanceBudgetTest, StreamsThatSayNothingGetWhatNobodyElseWants) {
  InstanceBudget budget(4, 4);
  const auto holder = claimant(budget, 0), silent = claimant(budget, 0), working = claimant(budget, 0);
  holder->take_all();
  silent->claim.want(Want::silent);
  EXPECT_FALSE(holder->claim.yields()) << "nothing is taken from others for them";
  working->claim.want(Want::work);
  holder->put_back();
  settle();
  EXPECT_EQ(working->has, 1U);
  EXPECT_EQ(silent->has, 0U);
  holder->put_back();
  settle();
  EXPECT_EQ(silent->has, 1U);
}

TEST_F(InstanceBudgetTest, StreamsThatSayNothingLeaveAQuarterOfTheInstances) {
  for (const auto& [max, expected] : {std::pair(1U, 1U), {2U, 2U}, {4U, 3U}, {80U, 60U}}) {
    InstanceBudget budget(max);
    const auto claim = claimant(budget, 0);
    std::uint32_t begun = 0;
    for (; claim->claim.may_begin_silent() && begun < 100; ++begun) claim->claim.begin_silent();
    EXPECT_EQ(begun, expected) << max;
  }
}

TEST_F(InstanceBudgetTest, IsRightHoweverManyThreadsUseIt) {
  InstanceBudget budget(16);
  std::atomic<int> alive = 0;
  std::atomic<bool> too_many = false;
  std::vector<std::thread> threads;
  const InstanceClaim::Post nobody = [](std::function<void()>) {};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Claimant claimant(budget, &modules[i % 2], nobody);
      for (int round = 0; round < 20'000; ++round) {
        claimant.claim.want(round % 7 == 0 ? Want::work : Want::nothing);
        if (!claimant.claim.take()) continue;
        if (++alive > 16) too_many = true;
        if (claimant.claim.yields()) claimant.claim.give_up_reserve();
        --alive;
        claimant.claim.put_back();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(too_many);
  const auto last = claimant(budget, 3);
  EXPECT_EQ(last->take_all(), 16U) << "none is lost";
}

}  // namespace
}  // namespace wasm_grpc::runtime
