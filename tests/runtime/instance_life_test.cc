#include <chrono>
#include <thread>

#include "runtime/guest_fixture.h"

namespace wasm_grpc::runtime {
namespace {

using namespace std::chrono_literals;

/// Notes how many calls this instance has had, and answers NOT_FOUND, which takes no message.
constexpr std::string_view body = R"(
  (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (call $note (global.get $calls)) (i32.const 5))";
constexpr std::string_view parts = "(global $calls (mut i32) (i32.const 0))";
/// Notes 100 when it is started.
constexpr std::string_view start = "(call $note (i32.const 100))";

struct InstanceLifeTest : GuestTest {
  InstanceLifeTest() { budget = std::make_unique<InstanceBudget>(12); }

  void call_once() {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run();
    EXPECT_EQ(call.status().code, rpc::StatusCode::not_found) << call.status().message;
  }
  void call_at_once(std::size_t count) {
    std::vector<std::unique_ptr<TestCall>> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(std::make_unique<TestCall>(rpc::MethodKind::unary));
      begin(*all.back());
    }
    run();
    ASSERT_EQ(pool->alive(), count);
    for (const auto& call : all) call->client_cancels();
    run();
  }
  std::vector<std::int32_t> taken_notes() { return std::exchange(notes, {}); }

  InstanceLife life = no_warm_instances();
};

/// Waits until its client goes.
constexpr std::string_view waiting_body =
    "(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 0)";

TEST_F(InstanceLifeTest, ASharedInstanceServesOneCallAfterTheOther) {
  serve(guest_text(body, parts), life);
  for (int i = 0; i < 3; ++i) call_once();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2, 3}));
  EXPECT_EQ(pool->alive(), 1U);
}

TEST_F(InstanceLifeTest, AFreshInstanceServesOneCallAndIsGone) {
  life.mode = InstanceMode::fresh;
  serve(guest_text(body, parts), life);
  for (int i = 0; i < 3; ++i) call_once();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 1, 1}));
  EXPECT_EQ(pool->alive(), 0U);
}

TEST_F(InstanceLifeTest, AFreshInstanceHasNothingOfTheMemoryOfTheLast) {
  life.mode = InstanceMode::fresh;
  // Notes what is in its memory at three places, then writes there.
  serve(guest_text(R"(
      (call $note (i32.load (i32.const 0))) (call $note (i32.load (i32.const 4096)))
      (call $note (i32.load (i32.const 65532)))
      (i32.store (i32.const 0) (i32.const -1)) (i32.store (i32.const 4096) (i32.const -1))
      (i32.store (i32.const 65532) (i32.const -1)) (i32.const 5))"),
        life);
  constexpr std::int32_t first_of_path = 0x7365742f;  // "/tes", of the module's data
  for (int i = 0; i < 3; ++i) {
    call_once();
    EXPECT_EQ(taken_notes(), (std::vector<std::int32_t>{first_of_path, 0, 0}));
  }
}

TEST_F(InstanceLifeTest, AnInstanceIsReplacedAfterItsNumberOfCalls) {
  life.max_calls = 2;
  serve(guest_text(body, parts), life);
  for (int i = 0; i < 5; ++i) call_once();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2, 1, 2, 1}));
}

TEST_F(InstanceLifeTest, AnOldInstanceIsReplacedBeforeItServesAnotherCall) {
  life.max_age = 1ms;
  serve(guest_text(body, parts), life);
  call_once();
  std::this_thread::sleep_for(2ms);
  call_once();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 1}));
}

TEST_F(InstanceLifeTest, AnInstanceThatIsNotOldYetIsKept) {
  life.max_age = 1h;
  serve(guest_text(body, parts), life);
  for (int i = 0; i < 2; ++i) call_once();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2}));
}

TEST_F(InstanceLifeTest, AnInstanceThatHasGrownPastItsMarkIsReplaced) {
  life.max_kept_memory = 128 << 10;
  // Its second call grows it from one page to three.
  serve(guest_text(R"((global.set $calls (i32.add (global.get $calls) (i32.const 1))) (call $note (global.get $calls))
      (if (i32.eq (global.get $calls) (i32.const 2)) (then (drop (memory.grow (i32.const 2))))) (i32.const 5))",
                   parts),
        life);
  for (int i = 0; i < 4; ++i) call_once();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2, 1, 2}));
  EXPECT_EQ(log_lines().size(), 1U) << "the operator is told, once";
  EXPECT_TRUE(logged("grown"));
}

TEST_F(InstanceLifeTest, AnInstanceMayKeepTheMemoryThatItsStartTook) {
  life.max_kept_memory = 64 << 10;
  serve(guest_text(body, parts, "(drop (memory.grow (i32.const 2)))"), life);
  for (int i = 0; i < 3; ++i) call_once();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2, 3}));
}

TEST_F(InstanceLifeTest, IdleInstancesThatWereNotNeededAreReclaimedDownToTheWarmOnes) {
  life.warm = 2;
  life.idle_timeout = 1h;
  serve(guest_text(waiting_body), life);
  call_at_once(8);
  EXPECT_EQ(pool->idle(), 8U);
  auto now = rpc::Clock::now();
  for (int i = 0; i < 3; ++i) timers.run_due(now += 2h);
  EXPECT_EQ(pool->idle(), 2U);
  EXPECT_EQ(pool->alive(), 2U);
  EXPECT_EQ(timers.size(), 0U) << "a server that does nothing sleeps";
}

TEST_F(InstanceLifeTest, IdleInstancesThatAreNeededNowAndThenAreKept) {
  life.idle_timeout = 1h;
  serve(guest_text(waiting_body), life);
  call_at_once(6);
  timers.run_due(rpc::Clock::now() + 2h);
  ASSERT_GT(timers.size(), 0U);
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t before = pool->alive();
    call_at_once(before);
    timers.run_due(rpc::Clock::now() + 2h);
    EXPECT_EQ(pool->alive(), before);
  }
}

TEST_F(InstanceLifeTest, ManyIdleInstancesAreReclaimedAFewAtATime) {
  life.idle_timeout = 1h;
  budget = std::make_unique<InstanceBudget>(100);
  serve(guest_text(waiting_body), life);
  call_at_once(100);
  auto now = rpc::Clock::now();
  timers.run_due(now += 2h);  // those that came back after the timer was set have not had their time
  std::vector<std::uint32_t> steps;
  while (timers.size() > 0) {
    const std::uint32_t before = pool->alive();
    timers.run_due(now += 2h);
    steps.push_back(before - pool->alive());
  }
  EXPECT_EQ(pool->alive(), 0U);
  for (const std::uint32_t step : steps) EXPECT_LE(step, 32U);
}

TEST_F(InstanceLifeTest, WarmInstancesAreStartedBeforeACallComes) {
  life.warm = 2;
  serve(guest_text(body, parts, start), life);
  pool->top_up();
  run();
  EXPECT_EQ(taken_notes(), (std::vector<std::int32_t>{100, 100}));
  EXPECT_EQ(pool->idle(), 2U);
  call_once();
  EXPECT_EQ(taken_notes(), (std::vector<std::int32_t>{1})) << "the call started none";
}

TEST_F(InstanceLifeTest, WarmInstancesThatFreshCallsUseUpAreMadeAgain) {
  life.mode = InstanceMode::fresh;
  life.warm = 1;
  serve(guest_text(body, parts, start), life);
  pool->top_up();
  run();
  EXPECT_EQ(taken_notes(), (std::vector<std::int32_t>{100}));
  for (int i = 0; i < 3; ++i) {
    call_once();
    EXPECT_EQ(taken_notes(), (std::vector<std::int32_t>{1, 100}));
  }
  EXPECT_EQ(pool->idle(), 1U);
}

TEST_F(InstanceLifeTest, AWarmInstanceThatIsDroppedIsReplaced) {
  life.warm = 1;
  serve(guest_text("unreachable", "", start), life);
  pool->top_up();
  run();
  taken_notes();
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run();
  EXPECT_EQ(call.status().code, rpc::StatusCode::internal);
  EXPECT_EQ(taken_notes(), (std::vector<std::int32_t>{100}));
  EXPECT_EQ(pool->idle(), 1U);
}

TEST_F(InstanceLifeTest, AStartInTheBackgroundGivesOthersTheirTurn) {
  life.warm = 1;
  serve(guest_text(body, parts, "(call $slices (i32.const 3))"), life);
  pool->top_up();
  EXPECT_TRUE(turn()) << "one slice, and there is more to run";
  EXPECT_EQ(pool->idle(), 0U);
  run();
  EXPECT_EQ(pool->idle(), 1U);
}

TEST_F(InstanceLifeTest, AStartThatFailsInTheBackgroundIsNotTriedAgainAtOnce) {
  bool works = true;
  EXPECT_TRUE(linker
                  .define("test", "works", host_function([&](Caller& caller) {
                            if (!works) caller.trap("not now");
                          }))
                  .ok());
  const std::string text = guest_text(body, parts, "(call $works)");
  life.warm = 1;
  serve("(module (import \"test\" \"works\" (func $works))" + text.substr(text.find('(', 1)), life);
  works = false;
  pool->top_up();
  run();
  EXPECT_TRUE(logged("an instance failed to start"));
  EXPECT_EQ(log_lines().size(), 1U);
  EXPECT_EQ(pool->alive(), 0U);
  works = true;
  const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
  while (pool->idle() == 0 && rpc::Clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    pool->top_up();
    run();
  }
  EXPECT_EQ(pool->idle(), 1U);
}

}  // namespace
}  // namespace wasm_grpc::runtime
