#include "runtime/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wasm_grpc::runtime {
namespace {

/// Notes its name whenever it runs, and uses up a slice as often as told.
class NotingTask final : public Task {
 public:
  NotingTask(Scheduler& scheduler, std::string& notes, char name, std::uint32_t slices = 0)
      : scheduler_(scheduler), notes_(notes), name_(name), left_(slices) {}
  void run() noexcept override {
    notes_ += name_;
    if (left_ > 0) {
      --left_;
      scheduler_.charge(*this, scheduler_.slice());
      scheduler_.sliced(*this);
    }
  }

 private:
  Scheduler& scheduler_;
  std::string& notes_;
  char name_;
  std::uint32_t left_;
};

struct SchedulerTest : testing::Test {
  int wakes = 0;
  std::atomic<std::uint64_t> ticks = 0;
  Scheduler scheduler{[this] { ++wakes; }, &ticks};
  std::string notes;
};

TEST_F(SchedulerTest, RunsWhatIsReadyInTheOrderItCame) {
  NotingTask a(scheduler, notes, 'a'), b(scheduler, notes, 'b'), c(scheduler, notes, 'c');
  scheduler.ready(b);
  scheduler.ready(a);
  scheduler.ready(c);
  scheduler.run_turn();
  EXPECT_EQ(notes, "bac");
  EXPECT_TRUE(scheduler.empty());
}

TEST_F(SchedulerTest, EndsATurnAtTheFirstSlice) {
  NotingTask a(scheduler, notes, 'a'), spinner(scheduler, notes, 's', 2), b(scheduler, notes, 'b');
  scheduler.ready(a);
  scheduler.ready(spinner);
  scheduler.ready(b);
  scheduler.run_turn();
  EXPECT_EQ(notes, "as") << "b runs after the loop has looked at its sockets";
  scheduler.run_turn();
  EXPECT_EQ(notes, "asbs");
}

TEST_F(SchedulerTest, LetsTheOneFurthestBehindGoFirst) {
  NotingTask many(scheduler, notes, 'm'), few(scheduler, notes, 'f'), as_few(scheduler, notes, 'g');
  scheduler.sliced(few);
  scheduler.sliced(as_few);
  scheduler.charge(many, scheduler.slice());
  scheduler.sliced(many);
  for (int i = 0; i < 3; ++i) scheduler.run_turn();
  EXPECT_EQ(notes, "fgm");
}

TEST_F(SchedulerTest, GivesASlicedTaskATurnHoweverManyAreReady) {
  NotingTask spinner(scheduler, notes, 's');
  scheduler.sliced(spinner);
  NotingTask a(scheduler, notes, 'a'), b(scheduler, notes, 'b');
  scheduler.ready(a);
  scheduler.ready(b);
  scheduler.run_turn();
  EXPECT_EQ(notes, "abs");
}

TEST_F(SchedulerTest, PassesASlicedTaskOverWhenTheTurnHasUsedASliceButNotTwiceInARow) {
  NotingTask spinner(scheduler, notes, 's', 100);
  scheduler.sliced(spinner);
  std::vector<std::unique_ptr<NotingTask>> heavy;
  for (int i = 0; i < 4; ++i) {
    heavy.push_back(std::make_unique<NotingTask>(scheduler, notes, 'h', 1));
    scheduler.ready(*heavy.back());
    scheduler.run_turn();
    notes += ' ';
  }
  // The spinner has used less than those that came later, and goes on after each slice of its own behind them.
  EXPECT_EQ(notes, "h hs h hh ") << "at most two slices without a look at the sockets";
}

TEST_F(SchedulerTest, EndsATurnAtATick) {
  struct Slow final : Task {
    explicit Slow(std::atomic<std::uint64_t>& counter) : ticks(counter) {}
    void run() noexcept override { ++ticks; }
    std::atomic<std::uint64_t>& ticks;
  };
  NotingTask a(scheduler, notes, 'a'), b(scheduler, notes, 'b');
  Slow slow(ticks);
  scheduler.ready(a);
  scheduler.ready(slow);
  scheduler.ready(b);
  scheduler.run_turn();
  EXPECT_EQ(notes, "a") << "b runs after the loop has looked at its sockets and sent what is answered";
  EXPECT_FALSE(scheduler.empty());
  scheduler.run_turn();
  EXPECT_EQ(notes, "ab");
}

TEST_F(SchedulerTest, LetsAHurriedTaskGoBeforeTheOthers) {
  std::vector<std::unique_ptr<NotingTask>> tasks;
  for (std::uint32_t i = 0; i < 9; ++i) {
    tasks.push_back(std::make_unique<NotingTask>(scheduler, notes, static_cast<char>('a' + i)));
    scheduler.sliced(*tasks.back());
  }
  scheduler.hurry(*tasks[7]);
  scheduler.hurry(*tasks[4]);
  NotingTask elsewhere(scheduler, notes, 'x');
  scheduler.hurry(elsewhere);
  while (!scheduler.empty()) scheduler.run_turn();
  EXPECT_EQ(notes, "ehabcdfgi") << "among the hurried ones, the one that was sliced first";
}

TEST_F(SchedulerTest, RunsATaskOnceInATurn) {
  NotingTask spinner(scheduler, notes, 's', 10);
  scheduler.ready(spinner);
  scheduler.run_turn();
  EXPECT_EQ(notes, "s");
  scheduler.run_turn();
  EXPECT_EQ(notes, "ss");
}

TEST_F(SchedulerTest, WakesItsWorkerWhenItIsNoLongerEmpty) {
  NotingTask a(scheduler, notes, 'a'), b(scheduler, notes, 'b');
  scheduler.ready(a);
  scheduler.ready(b);
  EXPECT_EQ(wakes, 1);
  scheduler.run_turn();
  scheduler.sliced(a);
  EXPECT_EQ(wakes, 2);
}

/// Computes for so many slices, then is replaced by another like it, as by a client that calls in a loop.
class LoopingClient final : public Task {
 public:
  LoopingClient(Scheduler& scheduler, std::uint32_t slices) : scheduler_(scheduler), slices_(slices) { next_call(); }
  void run() noexcept override {
    waited_ = 0;
    ++served_;
    scheduler_.charge(*this, scheduler_.slice());
    if (--left_ > 0) {
      scheduler_.sliced(*this);
    } else {
      next_call();
    }
  }
  /// A turn goes by.
  void wait() noexcept { longest_ = std::max(longest_, ++waited_); }
  [[nodiscard]] std::uint32_t longest_wait() const noexcept { return longest_; }
  [[nodiscard]] std::uint32_t served() const noexcept { return served_; }

 private:
  void next_call() noexcept {
    left_ = slices_;
    scheduler_.enter(*this);
    scheduler_.ready(*this);
  }

  Scheduler& scheduler_;
  std::uint32_t slices_;
  std::uint32_t left_ = 0;
  std::uint32_t served_ = 0;
  std::uint32_t waited_ = 0;
  std::uint32_t longest_ = 0;
};

TEST_F(SchedulerTest, NobodyWaitsForMoreTurnsThanIsProven) {
  for (std::uint32_t clients = 1; clients <= 16; ++clients) {
    for (const std::uint32_t slices : {1U, 2U, 3U, 4U, 7U}) {
      Scheduler fair{[] {}};
      LoopingClient victim(fair, 1'000'000);
      std::vector<std::unique_ptr<LoopingClient>> others;
      for (std::uint32_t i = 0; i < clients; ++i) others.push_back(std::make_unique<LoopingClient>(fair, slices));
      for (int turn = 0; turn < 20'000; ++turn) {
        victim.wait();
        fair.run_turn();
      }
      EXPECT_LE(victim.longest_wait(), 10 * clients + 2) << clients << " clients with calls of " << slices << " slices";
      EXPECT_GE(victim.served(), 20'000 / (10 * clients + 2));
    }
  }
}

TEST_F(SchedulerTest, WhoComputesAllTheTimeGetsAnEqualPart) {
  Scheduler fair{[] {}};
  std::vector<std::unique_ptr<LoopingClient>> all;
  for (int i = 0; i < 8; ++i) all.push_back(std::make_unique<LoopingClient>(fair, 1'000'000));
  for (int turn = 0; turn < 8000; ++turn) fair.run_turn();
  for (const auto& one : all) EXPECT_NEAR(one->served(), 1000, 5);
}

/// Computes for most of a slice and then sleeps for no time, over and over.
class Sleeper final : public Task {
 public:
  explicit Sleeper(Scheduler& scheduler) : scheduler_(scheduler) {
    scheduler_.enter(*this);
    scheduler_.ready(*this);
  }
  void run() noexcept override {
    ++served_;
    scheduler_.charge(*this, scheduler_.slice() * 9 / 10);
    scheduler_.ready(*this);
  }
  [[nodiscard]] std::uint32_t served() const noexcept { return served_; }

 private:
  Scheduler& scheduler_;
  std::uint32_t served_ = 0;
};

TEST_F(SchedulerTest, SleepingMakesNoOneNewAgain) {
  Scheduler fair{[] {}};
  LoopingClient honest(fair, 1'000'000);
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (int i = 0; i < 4; ++i) sleepers.push_back(std::make_unique<Sleeper>(fair));
  for (int turn = 0; turn < 5000; ++turn) fair.run_turn();
  std::uint32_t of_sleepers = 0;
  for (const auto& sleeper : sleepers) of_sleepers += sleeper->served();
  EXPECT_GE(honest.served(), of_sleepers / 4 * 3 / 4) << "its part is that of each sleeper";
}

TEST_F(SchedulerTest, ManyShortRunsOfTheSameTasksGoTogetherInATurn) {
  struct Stream final : Task {
    explicit Stream(Scheduler& its_scheduler) : scheduler(its_scheduler) { scheduler.enter(*this); }
    void run() noexcept override { scheduler.charge(*this, std::chrono::microseconds(20)); }
    Scheduler& scheduler;
  };
  Scheduler fair{[] {}};
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(std::make_unique<Stream>(fair));
  for (int round = 0; round < 1000; ++round) {
    for (const auto& stream : streams) fair.ready(*stream);
    fair.run_turn();
    ASSERT_TRUE(fair.empty()) << "round " << round;
  }
}

TEST_F(SchedulerTest, ATaskIsQueuedOnce) {
  NotingTask a(scheduler, notes, 'a'), b(scheduler, notes, 'b');
  scheduler.ready(a);
  scheduler.ready(b);
  scheduler.ready(a);
  scheduler.sliced(b);
  scheduler.run_turn();
  scheduler.run_turn();
  EXPECT_EQ(notes, "ab");
  EXPECT_TRUE(scheduler.empty());
}

}  // namespace
}  // namespace wasm_grpc::runtime
