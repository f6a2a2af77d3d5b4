// What guests may take together: reserving, waiting, keeping, and the reserves of modules.
#include "wasm/memory_budget.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace wasm_grpc::wasm {
namespace {

std::optional<MemoryReservation> reserve(MemoryBudget& budget, std::size_t bytes) {
  MemoryReservation reservation;
  if (!budget.try_reserve(bytes, reservation)) return std::nullopt;
  return reservation;
}

TEST(MemoryBudget, GivesWhatThereIsAndNoMore) {
  MemoryBudget budget(std::uint64_t{100});
  auto most = reserve(budget, 99);
  ASSERT_TRUE(most);
  EXPECT_FALSE(reserve(budget, 2));
  auto last = reserve(budget, 1);
  EXPECT_TRUE(last);
  EXPECT_FALSE(reserve(budget, 1));
  EXPECT_TRUE(reserve(budget, 0));
  most.reset();
  EXPECT_EQ(budget.used(), 1U);
  EXPECT_TRUE(reserve(budget, 99));
}

TEST(MemoryBudget, MayBeNothingOrWithoutEnd) {
  MemoryBudget none(std::uint64_t{0});
  EXPECT_FALSE(reserve(none, 1));
  EXPECT_TRUE(reserve(none, 0));
  MemoryBudget unlimited;
  const auto all = reserve(unlimited, ~std::size_t{0});
  ASSERT_TRUE(all);
  EXPECT_FALSE(reserve(unlimited, 1)) << "no more than can be counted";
  MemoryBudget part(&unlimited);
  EXPECT_FALSE(reserve(part, ~std::size_t{0}));
}

TEST(MemoryBudget, AReservationGrowsShrinksAndIsSplit) {
  MemoryBudget budget(std::uint64_t{100});
  auto one = reserve(budget, 40);
  ASSERT_TRUE(one);
  EXPECT_FALSE(one->grow(61));
  EXPECT_EQ(one->bytes(), 40U);
  EXPECT_TRUE(one->grow(60));
  one->shrink_to(200);
  EXPECT_EQ(budget.used(), 100U);
  one->shrink_to(70);
  EXPECT_EQ(budget.used(), 70U);
  MemoryReservation other = one->split(30);
  EXPECT_EQ(other.bytes(), 30U);
  one.reset();
  EXPECT_EQ(budget.used(), 30U);
  const MemoryReservation all = other.split(31);
  EXPECT_EQ(all.bytes(), 30U);
  other.clear();
  EXPECT_EQ(budget.used(), 30U);
}

TEST(MemoryBudget, APartHasItsReserveHoweverMuchOthersTake) {
  MemoryBudget whole(std::uint64_t{100});
  MemoryBudget greedy(&whole), other(&whole), modest(&whole);
  for (MemoryBudget* part : {&greedy, &other, &modest}) part->set_reserve(20);
  const auto most = reserve(greedy, 50);
  ASSERT_TRUE(most);
  auto rest = reserve(other, 30);
  ASSERT_TRUE(rest);
  EXPECT_FALSE(reserve(greedy, 1));
  EXPECT_FALSE(reserve(other, 1));
  const auto own = reserve(modest, 20);
  ASSERT_TRUE(own);
  EXPECT_FALSE(reserve(modest, 1));
  rest->shrink_to(20);
  EXPECT_TRUE(reserve(modest, 10)) << "what another gives back beyond its reserve is for all";
  rest.reset();
  EXPECT_FALSE(reserve(modest, 11)) << "its reserve is not";
  EXPECT_EQ(whole.used(), 90U);
}

TEST(MemoryBudget, APartThatEndsLeavesItsReserve) {
  MemoryBudget whole(std::uint64_t{100});
  {
    MemoryBudget part(&whole);
    part.set_reserve(60);
    EXPECT_EQ(whole.used(), 60U);
    const auto some = reserve(part, 80);
    EXPECT_EQ(whole.used(), 80U);
  }
  EXPECT_EQ(whole.used(), 0U);
}

TEST(MemoryBudget, AReserveIsNotTakenFromOthers) {
  MemoryBudget whole(std::uint64_t{100});
  MemoryBudget greedy(&whole), late(&whole);
  auto most = reserve(greedy, 80);
  EXPECT_FALSE(late.set_reserve(30));
  EXPECT_EQ(whole.used(), 80U);
  EXPECT_TRUE(late.set_reserve(20));
  EXPECT_FALSE(reserve(greedy, 1));
  most->shrink_to(60);
  EXPECT_TRUE(late.set_reserve(30));
  EXPECT_TRUE(late.set_reserve(0));
  EXPECT_EQ(whole.used(), 60U);
}

TEST(MemoryBudget, WhoWaitsIsGivenRoomWhenOthersEnd) {
  MemoryBudget budget(std::uint64_t{100});
  auto holder = reserve(budget, 100);
  int told = 0;
  MemoryWaiter waiter(budget, [&] { ++told; });
  MemoryReservation given;
  EXPECT_FALSE(budget.wanted());
  waiter.wait(50);
  EXPECT_TRUE(budget.wanted());
  EXPECT_EQ(told, 1) << "all are asked whether they can do without something";
  waiter.heard();
  EXPECT_FALSE(waiter.take(given));
  holder->shrink_to(51);
  EXPECT_FALSE(waiter.take(given));
  holder->shrink_to(50);
  EXPECT_EQ(told, 2);
  EXPECT_FALSE(budget.wanted());
  EXPECT_FALSE(reserve(budget, 1)) << "it is given, also before it is taken";
  ASSERT_TRUE(waiter.take(given));
  EXPECT_EQ(given.bytes(), 50U);
  EXPECT_FALSE(waiter.waits());
  EXPECT_EQ(budget.used(), 100U);
}

TEST(MemoryBudget, WhoWaitsForLittleIsNotHeldUpByWhoWaitsForMuch) {
  MemoryBudget budget(std::uint64_t{100});
  auto holder = reserve(budget, 100);
  MemoryWaiter much(budget, [] {}), little(budget, [] {}), later(budget, [] {});
  much.wait(90);
  little.wait(10);
  later.wait(10);
  holder->shrink_to(85);
  MemoryReservation room;
  EXPECT_FALSE(much.take(room));
  EXPECT_FALSE(later.take(room)) << "they come in their order";
  EXPECT_TRUE(little.take(room));
}

TEST(MemoryBudget, RoomThatIsGivenToWhoGaveUpGoesOn) {
  MemoryBudget budget(std::uint64_t{100});
  auto holder = reserve(budget, 100);
  auto first = std::make_unique<MemoryWaiter>(budget, [] {});
  MemoryWaiter second(budget, [] {}), third(budget, [] {});
  first->wait(100);
  second.wait(100);
  third.wait(100);
  holder.reset();
  second.cancel();
  MemoryReservation room;
  EXPECT_FALSE(third.take(room));
  first.reset();
  EXPECT_TRUE(third.take(room));
  EXPECT_FALSE(budget.wanted());
}

TEST(MemoryBudget, OnlyWhatHelpsIsWanted) {
  MemoryBudget whole(std::uint64_t{100});
  MemoryBudget greedy(&whole), modest(&whole);
  greedy.set_reserve(25);
  modest.set_reserve(25);
  const auto most = reserve(greedy, 75);
  auto some = reserve(modest, 20);
  MemoryWaiter waiter(greedy, [] {});
  waiter.wait(1);
  EXPECT_TRUE(greedy.wanted());
  EXPECT_FALSE(modest.wanted()) << "what it gave would stay its reserve";
  MemoryReservation room;
  waiter.cancel();
  EXPECT_FALSE(greedy.wanted());
}

TEST(MemoryBudget, ARoomIsKeptForTheNextInstanceUntilSomeoneHasNone) {
  MemoryBudget budget(std::uint64_t{100});
  KeptRoom kept(budget, 60);
  MemoryReservation room;
  ASSERT_TRUE(kept.take(room));
  kept.keep(std::move(room));
  EXPECT_EQ(budget.used(), 60U);
  ASSERT_TRUE(kept.take(room));
  EXPECT_EQ(budget.used(), 60U) << "the same again";
  MemoryReservation second;
  EXPECT_FALSE(kept.take(second));
  kept.keep(std::move(room));
  EXPECT_TRUE(budget.try_reserve(50, second)) << "at its cost";
  EXPECT_EQ(budget.used(), 50U);
  second.clear();
  ASSERT_TRUE(kept.take(room));
  room.shrink_to(59);
  kept.keep(std::move(room));
  EXPECT_EQ(budget.used(), 0U) << "only as much as a start takes";
}

TEST(MemoryBudget, NoRoomIsKeptWhileSomeoneWaits) {
  MemoryBudget budget(std::uint64_t{100});
  KeptRoom one(budget, 50), other(budget, 50);
  MemoryReservation a, b;
  ASSERT_TRUE(one.take(a));
  ASSERT_TRUE(other.take(b));
  one.keep(std::move(a));
  MemoryWaiter waiter(budget, [] {});
  waiter.wait(100);
  EXPECT_EQ(budget.used(), 50U);
  other.keep(std::move(b));
  MemoryReservation room;
  EXPECT_TRUE(waiter.take(room));
}

TEST(MemoryBudget, SaysOnceThatThereIsTooLittle) {
  MemoryBudget budget(std::uint64_t{0});
  int told = 0;
  budget.on_shortage([&] { ++told; });
  for (int i = 0; i < 1000; ++i) budget.count_refused_growth();
  budget.count_delayed_instance();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(budget.refused_growths(), 1000U);
  EXPECT_EQ(budget.delayed_instances(), 1U);
}

// Threads make, grow and end "instances" of three parts, and wait where there is no room; nobody is forgotten, the
// whole is never overdrawn, and all is back in the end.
TEST(MemoryBudget, HoldsWhateverThreadsDoAtOnce) {
  constexpr int rounds = 3000;
  MemoryBudget whole(std::uint64_t{100});
  std::vector<std::unique_ptr<MemoryBudget>> parts;
  for (int i = 0; i < 3; ++i) {
    parts.push_back(std::make_unique<MemoryBudget>(&whole));
    parts.back()->set_reserve(15);
  }
  std::atomic<int> live = 0;
  std::atomic<bool> overdrawn = false;
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      MemoryBudget& part = *parts[static_cast<std::size_t>(number) % parts.size()];
      std::atomic<bool> told = false;
      MemoryWaiter waiter(part, [&] {
        told = true;
        told.notify_one();
      });
      KeptRoom kept(part, 30);
      for (int i = 0; i < rounds; ++i) {
        MemoryReservation room;
        if (!kept.take(room)) {
          waiter.wait(30);
          while (!waiter.take(room)) {
            told.wait(false);
            told = false;
            waiter.heard();
          }
        }
        if (live += 30; live > 100) overdrawn = true;
        if (i % 3 == 0 && room.grow(7)) {
          if (live += 7; live > 100) overdrawn = true;
          live -= 7;
          room.shrink_to(30);
        }
        live -= 30;
        kept.keep(std::move(room));
      }
    });
  }
  // As when other modules are served: the parts change.
  threads.emplace_back([&] {
    for (int i = 0; i < rounds; ++i) {
      static_cast<void>(
          parts[static_cast<std::size_t>(i) % parts.size()]->set_reserve(static_cast<std::uint64_t>(i) % 40));
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(overdrawn);
  for (const auto& part : parts) EXPECT_TRUE(part->set_reserve(15));
  EXPECT_EQ(whole.used(), 45U);
  for (const auto& part : parts) EXPECT_EQ(part->used(), 0U);
}

}  // namespace
}  // namespace wasm_grpc::wasm
