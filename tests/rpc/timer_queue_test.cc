#include "rpc/timer_queue.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace wasm_grpc::rpc {
namespace {

using std::chrono::milliseconds;
const Clock::time_point start{};

class TestTimer final : public Timer {
 public:
  explicit TestTimer(std::function<void()> action = {}) : action_(std::move(action)) {}
  int fired = 0;

 private:
  void on_timer() noexcept override {
    ++fired;
    if (action_) action_();
  }
  std::function<void()> action_;
};

TEST(TimerQueue, RunsWhatIsDueInOrderAndKeepsTheRest) {
  TimerQueue queue;
  std::vector<int> order;
  TestTimer a([&] { order.push_back(1); });
  TestTimer b([&] { order.push_back(2); });
  TestTimer c([&] { order.push_back(3); });
  queue.schedule(c, start + milliseconds(30));
  queue.schedule(a, start + milliseconds(10));
  queue.schedule(b, start + milliseconds(20));
  EXPECT_EQ(queue.earliest(), start + milliseconds(10));
  EXPECT_EQ(queue.run_due(start + milliseconds(9)), 0u);
  EXPECT_EQ(queue.run_due(start + milliseconds(20)), 2u);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_FALSE(a.scheduled());
  EXPECT_TRUE(c.scheduled());
  EXPECT_EQ(queue.earliest(), start + milliseconds(30));
}

TEST(TimerQueue, ForgetsTimersThatWereCancelledOrDestroyed) {
  TimerQueue queue;
  TestTimer kept;
  TestTimer cancelled;
  auto destroyed = std::make_unique<TestTimer>();
  queue.schedule(cancelled, start);
  queue.schedule(*destroyed, start);
  queue.schedule(kept, start);
  queue.cancel(cancelled);
  queue.cancel(cancelled);
  destroyed.reset();
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.run_due(start), 1u);
  EXPECT_EQ(kept.fired, 1);
  EXPECT_EQ(cancelled.fired, 0);
}

TEST(TimerQueue, ATimerMayCancelOrDestroyOthersThatAreDue) {
  TimerQueue queue;
  TestTimer cancelled;
  auto destroyed = std::make_unique<TestTimer>();
  TestTimer first([&] {
    queue.cancel(cancelled);
    destroyed.reset();
  });
  queue.schedule(first, start);
  queue.schedule(cancelled, start + milliseconds(1));
  queue.schedule(*destroyed, start + milliseconds(2));
  EXPECT_EQ(queue.run_due(start + milliseconds(5)), 1u);
  EXPECT_EQ(cancelled.fired, 0);
  EXPECT_EQ(queue.size(), 0u);
}

TEST(TimerQueue, ATimerThatSchedulesItselfForNowRunsAtTheNextCall) {
  TimerQueue queue;
  TestTimer* self = nullptr;
  TestTimer timer([&] { queue.schedule(*self, start); });
  self = &timer;
  queue.schedule(timer, start);
  EXPECT_EQ(queue.run_due(start), 1u);
  EXPECT_EQ(queue.run_due(start), 1u);
  EXPECT_EQ(timer.fired, 2);
}

TEST(TimerQueue, ATimerMayBePostponedByAnotherThatIsDue) {
  TimerQueue queue;
  TestTimer postponed;
  TestTimer first([&] { queue.schedule(postponed, start + milliseconds(10)); });
  queue.schedule(first, start);
  queue.schedule(postponed, start + milliseconds(1));
  EXPECT_EQ(queue.run_due(start + milliseconds(1)), 1u);
  EXPECT_EQ(postponed.fired, 0);
  EXPECT_EQ(queue.run_due(start + milliseconds(10)), 1u);
  EXPECT_EQ(postponed.fired, 1);
}

TEST(TimerQueue, TellsWhenTheEarliestTimeBecomesSooner) {
  int told = 0;
  TimerQueue queue([&] { ++told; });
  TestTimer a;
  TestTimer b;
  queue.schedule(a, start + milliseconds(10));
  EXPECT_EQ(told, 1);
  queue.schedule(b, start + milliseconds(20));
  EXPECT_EQ(told, 1);
  queue.schedule(b, start + milliseconds(5));
  EXPECT_EQ(told, 2);
  queue.schedule(a, start + milliseconds(30));
  queue.cancel(b);
  EXPECT_EQ(told, 2);
}

TEST(TimerQueue, MayBeDestroyedBeforeItsTimers) {
  TestTimer timer;
  {
    TimerQueue queue;
    queue.schedule(timer, start);
  }
  EXPECT_FALSE(timer.scheduled());
}

TEST(TimerQueue, AgreesWithAMultimapOverRandomUse) {
  constexpr std::size_t count = 500;
  std::mt19937 random(7);
  TimerQueue queue;
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (std::size_t i = 0; i < count; ++i) timers.push_back(std::make_unique<TestTimer>());
  std::multimap<Clock::time_point, TestTimer*> model;
  const auto forget = [&](TestTimer* timer) {
    std::erase_if(model, [&](const auto& entry) { return entry.second == timer; });
  };
  Clock::time_point now = start;
  for (int step = 0; step < 20'000; ++step) {
    TestTimer& timer = *timers[random() % count];
    switch (random() % 4) {
      case 0:
      case 1: {
        const auto time = now + milliseconds(random() % 1000);
        queue.schedule(timer, time);
        forget(&timer);
        model.emplace(time, &timer);
        break;
      }
      case 2:
        queue.cancel(timer);
        forget(&timer);
        break;
      default: {
        now += milliseconds(random() % 20);
        std::map<TestTimer*, int> expected;
        while (!model.empty() && model.begin()->first <= now) {
          expected[model.begin()->second] = model.begin()->second->fired + 1;
          model.erase(model.begin());
        }
        EXPECT_EQ(queue.run_due(now), expected.size());
        for (const auto& [fired, times] : expected) EXPECT_EQ(fired->fired, times);
      }
    }
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.earliest(), model.empty() ? std::nullopt : std::optional(model.begin()->first));
  }
}

}  // namespace
}  // namespace wasm_grpc::rpc
