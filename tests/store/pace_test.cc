#include "store/pace.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <thread>
#include <vector>

namespace wasm_grpc::store {
namespace {

using std::chrono::milliseconds;

constexpr Pace::Clock::time_point start{std::chrono::hours(1)};

TEST(Pace, ASecondsWorthMayComeAtOnceAndThenAsItComesBack) {
  Pace pace(10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(pace.take(1, start)) << i;
  EXPECT_FALSE(pace.take(1, start));
  EXPECT_FALSE(pace.take(1, start + milliseconds(99)));
  EXPECT_TRUE(pace.take(1, start + milliseconds(100)));
  EXPECT_FALSE(pace.take(1, start + milliseconds(100)));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(pace.take(1, start + std::chrono::hours(1))) << i;
  EXPECT_FALSE(pace.take(1, start + std::chrono::hours(1))) << "no more was saved up";
}

TEST(Pace, SeveralAreAsManyButNeverMoreThanASecondsWorth) {
  Pace pace(10);
  EXPECT_TRUE(pace.take(7, start));
  EXPECT_FALSE(pace.take(4, start)) << "and are not counted";
  EXPECT_TRUE(pace.take(3, start));
  EXPECT_TRUE(pace.take(100, start + milliseconds(1000))) << "else it would never be done";
  EXPECT_FALSE(pace.take(1, start + milliseconds(1000)));
}

TEST(Pace, OneOfNothingHoldsNobodyUpAndTheLargestIsOne) {
  Pace none(0);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(none.take(100, start));
  Pace one(1);
  EXPECT_TRUE(one.take(1, start));
  EXPECT_FALSE(one.take(1, start + milliseconds(999)));
  EXPECT_TRUE(one.take(1, start + milliseconds(1000)));
  Pace largest(100'000'000);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(largest.take(100'000, start));
  EXPECT_FALSE(largest.take(1, start));
}

TEST(Pace, ManyThreadsTogetherGetWhatOneWould) {
  Pace pace(1000);
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) taken += pace.take(1, start) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1000);
}

}  // namespace
}  // namespace wasm_grpc::store
