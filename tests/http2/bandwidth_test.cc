// Windows that grow with what a connection carries.
#include "http2/session/bandwidth.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace wasm_grpc::http2 {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t KIB = 1024;

struct BandwidthTest : testing::Test {
  /// A round trip in which so many bytes come.
  void round_trip(std::size_t bytes, milliseconds takes = milliseconds(100)) {
    EXPECT_TRUE(meter.begin(now, 0));
    meter.received(bytes);
    now += takes;
    meter.answered(now);
  }
  BandwidthMeter meter{64 * KIB, 4096 * KIB};
  rpc::Clock::time_point now = rpc::Clock::now();
};

TEST_F(BandwidthTest, AWindowThatIsUsedUpInARoundTripDoubles) {
  EXPECT_EQ(meter.window(), 64 * KIB);
  round_trip(64 * KIB);
  EXPECT_EQ(meter.window(), 128 * KIB);
  round_trip(128 * KIB);
  EXPECT_EQ(meter.window(), 256 * KIB);
}

TEST_F(BandwidthTest, AWindowThatIsNotUsedUpIsLargeEnough) {
  round_trip(40 * KIB);
  EXPECT_EQ(meter.window(), 64 * KIB);
}

TEST_F(BandwidthTest, AWindowStaysWhereMoreOfItBringsNoMore) {
  round_trip(64 * KIB);
  round_trip(128 * KIB);
  round_trip(256 * KIB, milliseconds(600));  // more in as much more time
  round_trip(256 * KIB, milliseconds(600));
  EXPECT_EQ(meter.window(), 256 * KIB);
}

TEST_F(BandwidthTest, AWindowGrowsToItsMostAndIsMeasuredNoMore) {
  for (int i = 0; i < 6; ++i) round_trip(meter.window());
  EXPECT_EQ(meter.window(), 4096 * KIB);
  EXPECT_FALSE(meter.begin(now, 0));
}

TEST_F(BandwidthTest, OneMeasurementIsMadeAtATime) {
  EXPECT_TRUE(meter.begin(now, 0));
  EXPECT_FALSE(meter.begin(now, 0));
  meter.answered(now);
  EXPECT_TRUE(meter.begin(now, 0));
}

TEST_F(BandwidthTest, WhatCameJustBeforeThePingCounts) {
  EXPECT_TRUE(meter.begin(now, 32 * KIB));
  meter.received(32 * KIB);
  meter.answered(now + milliseconds(100));
  EXPECT_EQ(meter.window(), 128 * KIB);
}

TEST_F(BandwidthTest, WhatComesOutsideOfARoundTripDoesNotCount) {
  meter.received(1000 * KIB);
  meter.answered(now);
  EXPECT_EQ(meter.window(), 64 * KIB);
  round_trip(10 * KIB);
  EXPECT_EQ(meter.window(), 64 * KIB);
}

TEST(WindowBudget, GivesWhatThereIsAndNoMore) {
  WindowBudget budget(100);
  EXPECT_EQ(budget.take(70), 70U);
  EXPECT_EQ(budget.take(70), 30U);
  EXPECT_EQ(budget.take(70), 0U);
  budget.give_back(50);
  EXPECT_EQ(budget.take(20), 20U);
}

TEST(WindowBudget, IsNeverOverdrawnByThreads) {
  WindowBudget budget(1000);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int times = 0; times < 10'000; ++times) budget.give_back(budget.take(300));
    });
  }
  threads.clear();
  EXPECT_EQ(budget.take(2000), 1000U);
}

}  // namespace
}  // namespace wasm_grpc::http2
