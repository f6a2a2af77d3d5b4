#include "net/door.h"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "listening.h"

namespace wasm_grpc::net {
namespace {

struct DoorTest : testing::Test {
  void add(Door& door, std::size_t receivers) {
    for (std::size_t i = 0; i < receivers; ++i) {
      keepers.push_back(std::make_unique<Keeper>(io));
      door.add(*keepers.back());
    }
  }
  asio::io_context io;
  std::vector<std::unique_ptr<Keeper>> keepers;
};

using Counts = std::vector<std::size_t>;

TEST_F(DoorTest, GivesEachConnectionToTheReceiverWithTheFewest) {
  Door door(0);
  add(door, 3);
  std::vector<Admission> admissions;
  for (int i = 0; i < 7; ++i) admissions.push_back(std::move(door.admit().value().admission));
  EXPECT_EQ(door.counts(), (Counts{3, 2, 2}));
  // Those of the second go.
  admissions[1].end();
  admissions[4].end();
  EXPECT_EQ(door.counts(), (Counts{3, 0, 2}));
  for (int i = 0; i < 2; ++i) {
    auto place = door.admit().value();
    EXPECT_EQ(place.receiver, keepers[1].get());
    admissions.push_back(std::move(place.admission));
  }
  EXPECT_EQ(door.counts(), (Counts{3, 2, 2}));
}

TEST_F(DoorTest, GivesOneConnectionAtATimeToTheFirst) {
  Door door(0);
  add(door, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(door.admit().value().receiver, keepers[0].get());
}

TEST_F(DoorTest, LetsInAsManyAsAnAllowanceHasRoomForWithinThoseOfAll) {
  Door door(3);
  add(door, 1);
  Allowance one(1);
  Allowance any;
  std::vector<Admission> admissions;
  admissions.push_back(std::move(door.admit(&one).value().admission));
  EXPECT_FALSE(door.admit(&one).has_value());
  admissions.push_back(std::move(door.admit(&any).value().admission));
  admissions.push_back(std::move(door.admit(&any).value().admission));
  EXPECT_FALSE(door.admit(&any).has_value()) << "by the limit of all";
  admissions.front().end();
  EXPECT_TRUE(door.admit(&one).has_value()) << "and gone again at once";
  door.set_most(one, 2);
  admissions.front() = std::move(door.admit(&one).value().admission);
  EXPECT_FALSE(door.admit(&one).has_value()) << "the limit of all stays";
  door.set_most(0);
  EXPECT_TRUE(door.admit(&one).has_value());
  door.set_most(2);
  EXPECT_FALSE(door.admit(&any).has_value()) << "those that are more stay, and no other comes";
  EXPECT_EQ(door.counts(), Counts{3});
}

TEST_F(DoorTest, LetsInAsManyAsThereMayBe) {
  for (const std::size_t most : {std::size_t{1}, std::size_t{2}, std::size_t{10'000}}) {
    Door door(most);
    add(door, 2);
    std::vector<Admission> admissions;
    while (auto place = door.admit()) admissions.push_back(std::move(place->admission));
    EXPECT_EQ(admissions.size(), most);
    admissions.pop_back();
    EXPECT_TRUE(door.admit().has_value());
    admissions.clear();
    EXPECT_EQ(door.counts(), (Counts{0, 0}));
    keepers.clear();
  }
}

TEST_F(DoorTest, WithoutALimitLetsInAll) {
  for (const std::size_t most : {std::size_t{0}, std::numeric_limits<std::size_t>::max()}) {
    Door door(most);
    add(door, 1);
    std::vector<Admission> admissions;
    for (int i = 0; i < 20'000; ++i) admissions.push_back(std::move(door.admit().value().admission));
    EXPECT_EQ(door.counts(), Counts{20'000});
  }
}

TEST_F(DoorTest, AnAdmissionCountsOnceHoweverItIsMoved) {
  Door door(2);
  add(door, 1);
  Admission first = std::move(door.admit().value().admission);
  Admission second = std::move(first);
  first.end();
  EXPECT_EQ(door.counts(), Counts{1});
  second = std::move(door.admit().value().admission);
  EXPECT_EQ(door.counts(), Counts{1}) << "the one before has ended";
  second.end();
  second.end();
  EXPECT_EQ(door.counts(), Counts{0});
}

TEST_F(DoorTest, CountsExactlyWhileThreadsComeAndGo) {
  constexpr std::size_t most = 50;
  Door door(most);
  add(door, 8);
  std::atomic<std::size_t> inside = 0;
  std::atomic<bool> too_many = false;
  std::atomic<std::size_t> refused = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::minstd_rand random(t + 1);
      std::vector<Admission> held;
      for (int i = 0; i < 20'000; ++i) {
        if (random() % 5 < 3) {
          if (auto place = door.admit()) {
            if (inside.fetch_add(1) + 1 > most) too_many = true;
            held.push_back(std::move(place->admission));
          } else {
            ++refused;
          }
        } else if (!held.empty()) {
          --inside;
          held.pop_back();
        }
      }
      inside -= held.size();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(too_many);
  EXPECT_GT(refused, 0U) << "the limit was reached";
  EXPECT_EQ(door.counts(), Counts(8, 0));
  std::vector<Admission> all;
  while (auto place = door.admit()) all.push_back(std::move(place->admission));
  EXPECT_EQ(all.size(), most) << "no place was lost";
}

}  // namespace
}  // namespace wasm_grpc::net
