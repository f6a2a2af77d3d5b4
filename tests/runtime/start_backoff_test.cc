#include "runtime/instances/start_backoff.h"

#include <gtest/gtest.h>

namespace wasm_grpc::runtime {
namespace {

using std::chrono::milliseconds;

struct StartBackoffTest : testing::Test {
  StartBackoff backoff{1};
  StartBackoff::Time now{std::chrono::hours(1)};
  /// How long it says no, in steps of a millisecond.
  milliseconds wait() {
    const auto began = now;
    while (!backoff.may_start(now)) now += milliseconds(1);
    return std::chrono::duration_cast<milliseconds>(now - began);
  }
};

TEST_F(StartBackoffTest, AlwaysSaysYesWhileStartsGoWell) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(backoff.may_start(now));
  backoff.succeeded();
  EXPECT_TRUE(backoff.may_start(now));
  EXPECT_FALSE(backoff.failing());
}

TEST_F(StartBackoffTest, PausesTwiceAsLongAfterEachTrialThatFailsUpToTenSeconds) {
  backoff.failed(now);
  double expected = 100;
  for (int i = 0; i < 10; ++i) {
    EXPECT_LE(backoff.pause(now), StartBackoff::longest_pause);
    const auto waited = wait();
    EXPECT_GE(waited.count(), 0.74 * std::min(expected, 10'000.0)) << i;
    EXPECT_LE(waited.count(), std::min(1.25 * expected, 10'000.0) + 1) << i;
    expected *= 2;
    backoff.failed(now);
  }
}

TEST_F(StartBackoffTest, LetsOneTrialThroughAtATime) {
  backoff.failed(now);
  wait();
  EXPECT_FALSE(backoff.may_start(now + std::chrono::hours(1))) << "the trial is not over";
  backoff.abandoned();
  EXPECT_TRUE(backoff.may_start(now)) << "the next is the trial instead";
}

TEST_F(StartBackoffTest, CountsFailuresThatCameTogetherOnce) {
  for (int i = 0; i < 50; ++i) backoff.failed(now);
  EXPECT_LE(wait().count(), 126);
}

TEST_F(StartBackoffTest, IsAsNewAfterAGoodStart) {
  for (int i = 0; i < 6; ++i) {
    backoff.failed(now);
    wait();
  }
  backoff.succeeded();
  EXPECT_FALSE(backoff.failing());
  backoff.failed(now);
  EXPECT_LE(wait().count(), 126);
}

TEST_F(StartBackoffTest, PausesOfTwoAreNotInStep) {
  StartBackoff other(2);
  backoff.failed(now);
  other.failed(now);
  EXPECT_NE(backoff.pause(now), other.pause(now));
}

}  // namespace
}  // namespace wasm_grpc::runtime
