// A worker that waits in the events of somebody else.
#include "wasm_grpc/worker_events.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "abi/test_call.h"
#include "runtime/guest_server.h"
#include "runtime/host_module_fixture.h"

namespace wasm_grpc::runtime {
namespace {

/// Events are functions that the test gives.
class Events final : public WorkerEvents {
 public:
  bool wait(rpc::Clock::time_point until) override {
    std::unique_lock lock(mutex_);
    ++waits_;
    if (until == rpc::Clock::time_point::max()) {
      changed_.wait(lock, [this] { return woken_ || !events_.empty(); });
    } else {
      changed_.wait_until(lock, until, [this] { return woken_ || !events_.empty(); });
    }
    woken_ = false;
    const std::deque<std::function<void()>> events = std::exchange(events_, {});
    lock.unlock();
    for (const auto& event : events) event();
    return !events.empty();
  }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  void give(std::function<void()> event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  /// Runs it on the worker, and waits for what it returns.
  template <typename Function>
  auto ask(Function function) {
    std::promise<decltype(function())> answer;
    give([&] { answer.set_value(function()); });
    return answer.get_future().get();
  }
  [[nodiscard]] std::uint64_t waits() {
    const std::lock_guard lock(mutex_);
    return waits_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> events_;
  std::uint64_t waits_ = 0;
  bool woken_ = false;
};

constexpr std::string_view naps =
    "(drop (call $wait (local.get $call) (i32.const 0) (i64.const 30000000))) (i32.const 5)";
constexpr std::string_view waits = "(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)";
constexpr std::string_view spins = "(loop $again (br $again)) (i32.const 5)";

class WorkerEventsTest : public testing::Test {
 protected:
  void serve(std::string_view body, const ServerOptions& options = of_workers(1)) {
    server = std::make_unique<GuestServer>(options, importing({"ask"}, guest_text(body)), promises.module(), &events);
  }
  /// Begins a call on the worker, by an event.
  abi::TestCall& call() {
    abi::TestCall& call = calls.emplace_back(rpc::MethodKind::unary);
    events.give([this, &call] {
      call.client_sends("");
      call.client_ends();
      server->server().find_method(0, path)->handler->start(call);
    });
    return call;
  }
  [[nodiscard]] bool eventually_ends(abi::TestCall& call, int code) {
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
    while (!events.ask([&] { return call.finished(); })) {
      if (rpc::Clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return static_cast<int>(call.status().code) == code;
  }

  Events events;
  std::deque<abi::TestCall> calls;
  Promises promises;
  std::unique_ptr<GuestServer> server;
};

TEST_F(WorkerEventsTest, WhatIsPostedRunsWhereTheEventsAre) {
  serve(naps);
  const auto thread = events.ask([] { return std::this_thread::get_id(); });
  for (int i = 0; i < 100; ++i) {
    std::promise<std::thread::id> posted;
    server->server().post(0, [&] { posted.set_value(std::this_thread::get_id()); });
    EXPECT_EQ(posted.get_future().get(), thread);
  }
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_F(WorkerEventsTest, GuestsRunAndTheirTimersEndTheWait) {
  serve(naps);
  abi::TestCall& first = call();
  abi::TestCall& second = call();
  // Nobody asks meanwhile, which would wake the worker.
  const auto has_two = [](const ServerCounters& now) { return now.modules.at(0).instances_idle == 2; };
  EXPECT_TRUE(server->eventually(has_two));
  EXPECT_TRUE(eventually_ends(first, 5));
  EXPECT_TRUE(eventually_ends(second, 5));
}

TEST_F(WorkerEventsTest, AWorkerWithNothingToDoWaitsInPeace) {
  serve(naps);
  EXPECT_TRUE(eventually_ends(call(), 5));
  const auto before = events.waits();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(events.waits() - before, 20U);
}

TEST_F(WorkerEventsTest, EventsComeWhileAGuestComputes) {
  serve(spins);
  (void)call();
  EXPECT_TRUE(server->eventually([](const ServerCounters& now) { return now.modules.at(0).instances_alive == 1; }));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(events.ask([i] { return i; }), i);
}

TEST_F(WorkerEventsTest, AnAnswerOfAHostModuleEndsTheWait) {
  serve("(call $ask)");
  abi::TestCall& asking = call();
  ASSERT_TRUE(promises.eventually(1));
  promises.take().complete(7);
  const auto is_idle = [](const ServerCounters& now) { return now.modules.at(0).instances_idle == 1; };
  EXPECT_TRUE(server->eventually(is_idle));
  EXPECT_TRUE(eventually_ends(asking, 7));
}

TEST_F(WorkerEventsTest, AStopIsHeardAndItsTimeoutToo) {
  ServerOptions options = of_workers(1);
  options.drain_timeout = std::chrono::milliseconds(50);
  serve(waits, options);
  (void)call();
  EXPECT_TRUE(server->eventually([](const ServerCounters& now) { return now.modules.at(0).instances_alive == 1; }));
  server->stop();
}

TEST_F(WorkerEventsTest, TheyAreSetBeforeTheStart) {
  serve(naps);
  const auto set = server->server().wait_in(0, events);
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.error().message.find("the server has started"), std::string::npos) << set.error().message;
}

}  // namespace
}  // namespace wasm_grpc::runtime
