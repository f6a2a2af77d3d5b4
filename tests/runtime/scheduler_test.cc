#include "runtime/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
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

}  // namespace
}  // namespace wasm_grpc::runtime
