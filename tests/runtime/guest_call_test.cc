#include "runtime/guest_call.h"

#include <algorithm>

#include "runtime/guest_fixture.h"

namespace wasm_grpc::runtime {
namespace {

/// Counts how many calls this instance has begun, and notes it.
constexpr std::string_view counter = R"(
  (global $calls (mut i32) (i32.const 0))
  (func $count (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (call $note (global.get $calls))))";

struct GuestCallTest : GuestTest {};

TEST_F(GuestCallTest, AGuestThatReturnsKeepsItsInstance) {
  serve(guest_text("(call $count) (i32.const 5)", counter));
  for (int i = 1; i <= 3; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run();
    EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
    EXPECT_TRUE(call.let_go_of());
  }
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2, 3}));
}

TEST_F(GuestCallTest, AGuestThatComputesGoesOnAfterEachSlice) {
  serve(guest_text("(call $slices (i32.const 5)) (i32.const 0)"));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  int turns = 1;
  while (turn()) ++turns;
  EXPECT_TRUE(call.finished());
  EXPECT_GE(turns, 5);
}

TEST_F(GuestCallTest, AGuestThatIsSlicedAfterItsEndAndReturnsKeepsItsInstance) {
  serve(guest_text(R"((call $count)
    (drop (call $finish (local.get $call) (i32.const 5) (i32.const 0) (i32.const 0)))
    (call $slices (i32.const 1)) (i32.const 0))",
                   counter));
  for (int i = 1; i <= 2; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run();
    EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
    EXPECT_TRUE(call.let_go_of());
  }
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2}));
}

TEST_F(GuestCallTest, AGuestThatIsSlicedTwiceAfterItsEndIsDropped) {
  serve(guest_text(R"((call $count)
    (drop (call $finish (local.get $call) (i32.const 5) (i32.const 0) (i32.const 0)))
    (call $slices (i32.const 2)) (call $note (i32.const -1)) (i32.const 0))",
                   counter));
  for (int i = 1; i <= 2; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run();
    EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
    EXPECT_TRUE(call.let_go_of());
  }
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 1})) << "a new instance each time, and none came to its end";
}

TEST_F(GuestCallTest, AComputingGuestWhoseClientHasGoneHasOneMoreSlice) {
  serve(guest_text(R"((call $count) (call $slices (i32.const 1)) (i32.const 0))", counter));
  for (int i = 1; i <= 2; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    ASSERT_TRUE(turn());
    call.client_cancels();
    run();
    EXPECT_TRUE(call.let_go_of());
  }
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2}));
}

TEST_F(GuestCallTest, AComputingGuestWhoseClientHasGoneIsDroppedAfterThatSlice) {
  serve(guest_text(R"((call $count) (call $slices (i32.const 2)) (i32.const 0))", counter));
  for (int i = 1; i <= 2; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    ASSERT_TRUE(turn());
    call.client_cancels();
    EXPECT_FALSE(turn());
    EXPECT_TRUE(call.let_go_of());
  }
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 1}));
}

TEST_F(GuestCallTest, AWaitingGuestIsToldThatItsCallHasEnded) {
  serve(guest_text(R"((call $note (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 0))"));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  EXPECT_FALSE(turn());
  EXPECT_EQ(notes, std::vector<std::int32_t>{});
  call.client_cancels();
  run();
  EXPECT_EQ(notes, std::vector<std::int32_t>{-3});
  EXPECT_TRUE(call.let_go_of());
}

struct Ending {
  const char* body;
  GuestFailure reason;
  rpc::StatusCode status;
};

struct GuestEndingTest : GuestTest, testing::WithParamInterface<Ending> {};

TEST_P(GuestEndingTest, IsCountedByItsReasonAndTheInstanceGoes) {
  serve(guest_text(GetParam().body, R"(
    (func $deeper (param i32) (result i32) (i32.add (call $deeper (local.get 0)) (i32.const 1))))"));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run();
  EXPECT_EQ(call.status().code, GetParam().status);
  EXPECT_TRUE(call.let_go_of());
  const GuestCounters& counters = pool->counters();
  for (std::size_t i = 0; i < guest_failures; ++i) {
    EXPECT_EQ(counters.failures[i], i == static_cast<std::size_t>(GetParam().reason) ? 1u : 0u)
        << name(static_cast<GuestFailure>(i));
  }
  EXPECT_EQ(counters.instances_made, 1u);
  EXPECT_EQ(counters.instances_discarded, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Guests, GuestEndingTest,
    testing::Values(Ending{"unreachable", GuestFailure::trap, rpc::StatusCode::internal},
                    Ending{"(call $deeper (i32.const 0))", GuestFailure::stack_overflow, rpc::StatusCode::internal},
                    Ending{"(call $exit (i32.const 3)) (i32.const 0)", GuestFailure::exit, rpc::StatusCode::internal},
                    Ending{
                        "(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)))) unreachable",
                        GuestFailure::out_of_memory, rpc::StatusCode::internal},
                    Ending{R"((drop (call $finish (local.get $call) (i32.const 5) (i32.const 0) (i32.const 0)))
                  (call $slices (i32.const 9)) (i32.const 0))",
                           GuestFailure::answered, rpc::StatusCode::not_found}),
    [](const auto& test) {
      std::string text(name(test.param.reason));
      std::replace(text.begin(), text.end(), ' ', '_');
      return text;
    });

TEST_F(GuestCallTest, GuestsThatGoOnAfterTheirDeadlineAndAfterACancellationAreToldApart) {
  serve(guest_text("(call $slices (i32.const 9)) (i32.const 0)"));
  TestCall late(rpc::MethodKind::unary), cancelled(rpc::MethodKind::unary);
  late.set_deadline(rpc::Clock::now());
  begin(late);
  turn();
  late.deadline_passes();
  run();
  begin(cancelled);
  turn();
  cancelled.client_cancels();
  run();
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::past_deadline)], 1u);
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::cancelled)], 1u);
}

TEST_F(GuestCallTest, AGuestThatFailsAllTheTimeDoesNotFillTheLog) {
  serve(guest_text("unreachable"));
  for (int i = 0; i < 100; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run();
    EXPECT_EQ(call.status().code, rpc::StatusCode::internal);
  }
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::trap)], 100u);
  EXPECT_GE(log_lines.size(), 20u);
  EXPECT_LT(log_lines.size(), 60u);
}

TEST_F(GuestCallTest, InstancesAndWaitingCallsAreCounted) {
  serve(guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)"));
  std::vector<std::unique_ptr<TestCall>> open;
  for (int i = 0; i < 6; ++i) {
    open.push_back(std::make_unique<TestCall>(rpc::MethodKind::unary));
    begin(*open.back());
  }
  run();
  ModuleCounters counted = no_guest_counters("guest");
  pool->counters().add_to(counted);
  EXPECT_EQ(counted.instances_alive, 4u);
  EXPECT_EQ(counted.instances_idle, 0u);
  EXPECT_EQ(counted.calls_waiting, 2u);
  for (const auto& call : open) call->client_cancels();
  run();
  counted = no_guest_counters("guest");
  pool->counters().add_to(counted);
  EXPECT_EQ(counted.instances_alive, 4u);
  EXPECT_EQ(counted.instances_idle, 4u);
  EXPECT_EQ(counted.calls_waiting, 0u);
  EXPECT_EQ(counted.instances_discarded, 0u);
}

}  // namespace
}  // namespace wasm_grpc::runtime
