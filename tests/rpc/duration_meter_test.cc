#include "rpc/duration_meter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>
#include <vector>

namespace wasm_grpc::rpc {
namespace {

using std::chrono::nanoseconds;

double place_bound(std::uint64_t time) {
  const DurationBounds::Place place = DurationBounds::find(time);
  return DurationBounds::upper(static_cast<std::size_t>(place.octave), place.cell);
}

TEST(DurationBoundsTest, EachDurationIsCountedUnderTheNextBound) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const double exact = std::exp2(std::uniform_real_distribution(-19.9, 11.9)(random)) * 1e9;
    const auto time = static_cast<std::uint64_t>(exact);
    const double bound = place_bound(time), seconds = static_cast<double>(time) / 1e9;
    EXPECT_LE(seconds, bound * (1 + 1e-12));
    EXPECT_GT(seconds * 1.0443, bound) << time;
  }
}

TEST(DurationBoundsTest, WhatTakesExactlyANamedBoundIsWithinItAndANanosecondMoreIsNot) {
  for (const std::uint64_t named : DurationBounds::named_nanoseconds) {
    const double seconds = static_cast<double>(named) / 1e9;
    EXPECT_DOUBLE_EQ(place_bound(named - 1), seconds);
    EXPECT_DOUBLE_EQ(place_bound(named), seconds);
    EXPECT_GT(place_bound(named + 1), seconds);
  }
}

TEST(DurationBoundsTest, WhatIsShorterOrLongerThanAllBoundsHasAPlaceToo) {
  EXPECT_EQ(DurationBounds::find(0).octave, -1);
  EXPECT_EQ(DurationBounds::find(953).octave, -1);
  EXPECT_EQ(DurationBounds::find(954).octave, 0);
  EXPECT_EQ(DurationBounds::find(4'096'000'000'000).octave, 31);
  EXPECT_EQ(DurationBounds::find(4'096'000'000'001).octave, 32);
  EXPECT_EQ(DurationBounds::find(~std::uint64_t{0}).octave, 32);
}

// Of any shape: also where all take the same time, at the edge of a bucket.
TEST(DurationMeterTest, QuantilesAreRightWithinFivePercent) {
  std::mt19937_64 random(2);
  std::lognormal_distribution<double> calls(std::log(80e3), 1.5);
  std::uniform_real_distribution<double> even(2e3, 3e9);
  const auto constant = [](auto&) { return 1'044'275.0; };
  const auto two_kinds = [](auto& source) { return source() % 10 == 0 ? 25'000'001.0 : 5'000.0; };
  const auto check = [&](auto draw) {
    DurationMeter meter;
    std::vector<double> times;
    for (int i = 0; i < 20'000; ++i) {
      times.push_back(std::floor(std::max(1'000.0, static_cast<double>(draw(random)))));
      meter.record(nanoseconds(static_cast<std::int64_t>(times.back())));
    }
    std::sort(times.begin(), times.end());
    const Durations durations = meter.durations();
    EXPECT_EQ(durations.count, times.size());
    for (const double q : {0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999}) {
      const double right = times[static_cast<std::size_t>(std::ceil(q * static_cast<double>(times.size()))) - 1] / 1e9;
      EXPECT_NEAR(durations.quantile(q), right, 0.05 * right) << q;
    }
  };
  check(calls);
  check(even);
  check(constant);
  check(two_kinds);
}

TEST(DurationMeterTest, NothingHasNoQuantiles) {
  const Durations none = DurationMeter().durations();
  EXPECT_EQ(none.count, 0u);
  EXPECT_EQ(none.quantile(0.5), 0);
  EXPECT_TRUE(none.buckets.empty());
}

TEST(DurationMeterTest, CountsWhatTookAtMostSoLongAndTheSum) {
  DurationMeter meter;
  for (const auto time : {0, 4'999'999, 5'000'000, 5'000'001, 2'000'000'000}) meter.record(nanoseconds(time));
  meter.record(nanoseconds(-1));
  const Durations durations = meter.durations();
  EXPECT_EQ(durations.count, 6u);
  EXPECT_EQ(durations.count_up_to(0.005), 4u);
  EXPECT_EQ(durations.count_up_to(0.01), 5u);
  EXPECT_EQ(durations.count_up_to(10), 6u);
  EXPECT_NEAR(durations.sum, 2.015, 1e-9);
}

TEST(DurationsTest, WhatCameSinceAnEarlierSnapshotStandsAlone) {
  DurationMeter meter;
  meter.record(nanoseconds(1'000'000));
  const Durations before = meter.durations();
  meter.record(nanoseconds(1'000'000));
  meter.record(nanoseconds(3'000'000'000));
  const Durations since = meter.durations().since(before);
  EXPECT_EQ(since.count, 2u);
  EXPECT_EQ(since.count_up_to(0.005), 1u);
  EXPECT_NEAR(since.sum, 3.001, 1e-9);
  EXPECT_NEAR(since.quantile(1), 3, 0.15);
}

TEST(DurationsTest, ThoseOfSeveralWorkersAddUp) {
  DurationMeter one, other;
  one.record(nanoseconds(1'000'000));
  one.record(nanoseconds(2'000));
  other.record(nanoseconds(1'000'000));
  other.record(nanoseconds(9'000'000'000));
  Durations all = one.durations();
  all.add(other.durations());
  EXPECT_EQ(all.count, 4u);
  EXPECT_EQ(all.count_up_to(0.001), 3u);
  EXPECT_EQ(all.buckets.size(), 3u);
  EXPECT_TRUE(std::is_sorted(all.buckets.begin(), all.buckets.end(),
                             [](const auto& a, const auto& b) { return a.up_to < b.up_to; }));
}

TEST(DurationMeterTest, IsReadWhileItIsCountedBy) {
  DurationMeter meter;
  constexpr std::uint64_t times = 100'000;
  std::thread counting([&] {
    for (std::uint64_t i = 0; i < times; ++i) meter.record(nanoseconds(1'000 << (i % 20)));
  });
  std::uint64_t last = 0;
  while (last < times) {
    const std::uint64_t now = meter.durations().count;
    ASSERT_GE(now, last);
    last = now;
  }
  counting.join();
}

}  // namespace
}  // namespace wasm_grpc::rpc
