// Instances that fail to start, or take long to.
#include <gtest/gtest.h>

#include "runtime/guest_fixture.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::string_view may_fail = "(if (call $fails) (then unreachable))";
constexpr std::string_view takes_three_slices = "(call $slices (i32.const 3))";

struct StartTest : GuestTest {
  /// A call of its own to its end.
  rpc::Status call_once() {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run();
    EXPECT_TRUE(call.let_go_of());
    return call.status();
  }
};

TEST_F(StartTest, AfterOneThatFailsCallsAreUnavailableAtOnce) {
  serve(guest_text("(i32.const 5)", "", may_fail));
  log_lines().clear();
  starts_fail = true;
  const rpc::Status first = call_once();
  EXPECT_EQ(first.code, rpc::StatusCode::unavailable);
  EXPECT_EQ(first.message, "the service could not start an instance");
  for (int i = 0; i < 20; ++i) {
    const rpc::Status next = call_once();
    EXPECT_EQ(next.code, rpc::StatusCode::unavailable);
  }
  // On a machine that takes long for these calls there was more than one trial; never one for each.
  EXPECT_LT(pool->counters().instances_made, 10u);
  EXPECT_GT(pool->counters().calls_unavailable, 10u);
  EXPECT_EQ(log_lines().size(), 1u) << "told once";
  EXPECT_TRUE(logged("an instance failed to start: wasm trap: wasm `unreachable` instruction executed"));
}

TEST_F(StartTest, ItIsTriedAgainAndTheModuleRecoversByItself) {
  serve(guest_text("(i32.const 5)", "", may_fail));
  starts_fail = true;
  EXPECT_EQ(call_once().code, rpc::StatusCode::unavailable);
  EXPECT_NE(call_once().message.find("try again in"), std::string::npos);
  starts_fail = false;
  const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
  rpc::Status last;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    last = call_once();
  } while (last.code == rpc::StatusCode::unavailable && rpc::Clock::now() < give_up);
  EXPECT_EQ(last.code, rpc::StatusCode::not_found);
  EXPECT_TRUE(logged("instances start again"));
  EXPECT_EQ(call_once().code, rpc::StatusCode::not_found);
}

TEST_F(StartTest, IdleInstancesServeOnWhileNewOnesFail) {
  serve(guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)", "", may_fail));
  TestCall good(rpc::MethodKind::unary), bad(rpc::MethodKind::unary), next(rpc::MethodKind::unary);
  begin(good);
  run();
  starts_fail = true;
  begin(bad);
  run();
  EXPECT_EQ(bad.status().code, rpc::StatusCode::unavailable);
  good.client_cancels();
  run();
  ASSERT_EQ(pool->idle(), 1u);
  begin(next);
  run();
  EXPECT_FALSE(next.finished()) << "it is served, and waits";
  next.client_cancels();
  run();
}

TEST_F(StartTest, CallsThatWaitForAnInstanceAreRefusedWhenOneFailsToStart) {
  serve(guest_text("(call $slices (i32.const 9999)) (i32.const 5)", "", may_fail));
  std::vector<std::unique_ptr<TestCall>> open;
  for (int i = 0; i < 7; ++i) {
    open.push_back(std::make_unique<TestCall>(rpc::MethodKind::unary));
    begin(*open.back());
  }
  for (int i = 0; i < 20; ++i) turn();
  ASSERT_EQ(pool->waiting(), 3u);
  starts_fail = true;
  open[0]->client_cancels();
  for (int i = 0; i < 40; ++i) turn();
  EXPECT_EQ(pool->waiting(), 0u);
  for (std::size_t i = 4; i < 7; ++i) EXPECT_EQ(open[i]->status().code, rpc::StatusCode::unavailable);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_FALSE(open[i]->finished()) << "those that run are left alone";
  calls.abandon_all();
}

TEST_F(StartTest, OneWhoseCallIsCancelledGoesOnWithoutIt) {
  serve(guest_text("(i32.const 5)", "", takes_three_slices));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  turn();
  call.client_cancels();
  EXPECT_TRUE(call.let_go_of());
  run();
  EXPECT_EQ(pool->idle(), 1u);
  EXPECT_EQ(call_once().code, rpc::StatusCode::not_found);
  EXPECT_EQ(pool->counters().instances_made, 1u);
}

TEST_F(StartTest, OnlyOneGoesOnWithoutACall) {
  serve(guest_text("(i32.const 5)", "", takes_three_slices));
  TestCall first(rpc::MethodKind::unary), second(rpc::MethodKind::unary);
  begin(first);
  begin(second);
  for (int i = 0; i < 2; ++i) turn();
  ASSERT_EQ(pool->counters().instances_made, 2u);
  first.client_cancels();
  second.client_cancels();
  run();
  EXPECT_EQ(pool->idle(), 1u);
  EXPECT_EQ(pool->counters().instances_discarded, 1u);
}

TEST_F(StartTest, OneModuleDoesNotTakeTheInstancesOfAnother) {
  serve(guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)"));
  InstancePool other(load(guest_text("(i32.const 6)"), "other", no_warm_instances()), pool_context());
  std::vector<std::unique_ptr<TestCall>> hostile;
  for (int i = 0; i < 6; ++i) {
    hostile.push_back(std::make_unique<TestCall>(rpc::MethodKind::unary));
    begin(*hostile.back());
  }
  run();
  EXPECT_EQ(pool->alive(), 3u) << "of 4: a quarter is kept for each of two modules";
  EXPECT_EQ(pool->waiting(), 3u);
  TestCall call(rpc::MethodKind::unary);
  calls.serve(call, other, 0, cost);
  run();
  EXPECT_EQ(call.status().code, rpc::StatusCode::already_exists);
  calls.abandon_all();
}

}  // namespace
}  // namespace wasm_grpc::runtime
