// The clock of time slices: guests that compute are interrupted while somebody says that guests run.
#include "wasm/epoch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support.h"

namespace wasm_grpc::wasm {
namespace {

constexpr std::string_view spinner = R"((module
  (func (export "spin") (result i32) (loop $again (br $again)) (i32.const 0))))";

/// A guest that spins, in an engine of the test's.
class Spinner {
 public:
  explicit Spinner(const Engine& engine) {
    Linker linker(engine);
    linked_ = test::expect_value(linker.link(test::expect_value(test::compile(engine, spinner))));
    instance_ = std::make_unique<Instance>(*linked_);
    instance_->begin_instantiate();
    EXPECT_EQ(instance_->poll(), Progress::done);
    instance_->begin_call(*instance_->find_function("spin"), {}, true);
  }
  /// Lets it spin for as many slices; true when each was cut.
  bool use_slices(EpochTicker::Activity& activity, int count) {
    activity.enter();
    bool cut = true;
    for (int i = 0; i < count && cut; ++i) cut = instance_->poll() == Progress::sliced;
    activity.leave();
    return cut;
  }

 private:
  std::shared_ptr<const LinkedModule> linked_;
  std::unique_ptr<Instance> instance_;
};

// In each of these a slice that nobody cuts would never end, and the test neither.

TEST(EpochTickerTest, CutsTheSlicesOfAGuestThatSpins) {
  const Engine engine = test::make_engine();
  EpochTicker ticker(engine);
  EpochTicker::Activity activity(ticker);
  Spinner guest(engine);
  EXPECT_TRUE(guest.use_slices(activity, 20));
}

TEST(EpochTickerTest, WakesUpForGuestsAfterItHasGoneToSleep) {
  const Engine engine = test::make_engine();
  EpochTicker ticker(engine);
  EpochTicker::Activity activity(ticker);
  Spinner guest(engine);
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(40));  // it sleeps after 20 idle ticks
    EXPECT_TRUE(guest.use_slices(activity, 2));
  }
}

TEST(EpochTickerTest, MissesNobodyWhoComesAsItFallsAsleep) {
  const Engine engine = test::make_engine(8);
  EpochTicker ticker(engine);
  std::vector<std::jthread> threads;
  std::atomic<int> done = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Spinner guest(engine);
      EpochTicker::Activity activity(ticker);
      for (int n = 0; n < 10; ++n) {
        // Around the time it takes to fall asleep.
        std::this_thread::sleep_for(std::chrono::microseconds(19'000 + 700 * ((n + i) % 5)));
        if (guest.use_slices(activity, 1)) ++done;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(done, 40);
}

TEST(EpochTickerTest, ForgetsThoseThatAreGone) {
  const Engine engine = test::make_engine();
  EpochTicker ticker(engine);
  Spinner guest(engine);
  for (int i = 0; i < 50; ++i) {
    EpochTicker::Activity short_lived(ticker);
    short_lived.enter();
  }
  EpochTicker::Activity activity(ticker);
  EXPECT_TRUE(guest.use_slices(activity, 2));
}

}  // namespace
}  // namespace wasm_grpc::wasm
