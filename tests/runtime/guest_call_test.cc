#include <algorithm>

#include "abi/pantopic_fixture.h"
#include "runtime/guest_fixture.h"
#include "runtime/guests/guest_calls.h"

namespace wasm_grpc::runtime {
namespace {

/// Counts how many calls this instance has begun, and notes it.
constexpr std::string_view counter = R"(
  (global $calls (mut i32) (i32.const 0))
  (func $count (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (call $note (global.get $calls))))";

struct GuestCallTest : GuestTest {
  using GuestTest::GuestTest;

  /// Two calls, whose clients go after the first turn, in which the guest uses up a slice (or only waits).
  void cancel_two_calls(bool goes_on = true) {
    for (int i = 1; i <= 2; ++i) {
      TestCall call(rpc::MethodKind::unary);
      begin(call);
      ASSERT_EQ(turn(), goes_on);
      call.client_cancels();
      run();
      EXPECT_TRUE(call.let_go_of());
    }
  }
};

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

TEST_F(GuestCallTest, AGuestThatGoesOnAfterItsEndIsDropped) {
  serve(guest_text(R"((call $count)
    (drop (call $finish (local.get $call) (i32.const 5) (i32.const 0) (i32.const 0)))
    (call $slices (i32.const 99)) (call $note (i32.const -1)) (i32.const 0))",
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
  cancel_two_calls();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2}));
}

TEST_F(GuestCallTest, AComputingGuestWhoseClientHasGoneIsDroppedAfterThatSlice) {
  serve(guest_text(R"((call $count) (call $slices (i32.const 99)) (i32.const 0))", counter));
  cancel_two_calls();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 1}));
}

struct TwentyMillisecondSlicesTest : GuestCallTest {
  TwentyMillisecondSlicesTest() : GuestCallTest({.time_slice = std::chrono::milliseconds(20)}) {}

  /// Two calls of a guest that waits, and does `then` when it is told of the end; what it counted is in `notes`.
  void end_two_calls_that_wait(const std::string& then) {
    serve(guest_text(
        "(call $count) (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))" + then + "(i32.const 0)",
        counter));
    cancel_two_calls(false);
  }
};

TEST_F(TwentyMillisecondSlicesTest, AGuestThatIsToldOfTheEndOfItsCallHasFourToCleanUp) {
  end_two_calls_that_wait("(call $burn (i32.const 30)) (call $slices (i32.const 1)) (call $burn (i32.const 10))");
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2})) << "its instance goes on";
}

TEST_F(TwentyMillisecondSlicesTest, AGuestThatIsToldOfTheEndOfItsCallAndTakesLongerIsDropped) {
  end_two_calls_that_wait("(call $burn (i32.const 100)) (call $slices (i32.const 1)) (call $count)");
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 1}));
}

TEST_F(TwentyMillisecondSlicesTest, AGuestThatLooksWhetherItsCallHasEndedHasFourToCleanUpToo) {
  serve(guest_text(R"((call $count) (call $slices (i32.const 1))
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const 0)))
    (call $burn (i32.const 30)) (call $slices (i32.const 1)) (i32.const 0))",
                   counter));
  cancel_two_calls();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2}));
}

TEST_F(TwentyMillisecondSlicesTest, AGuestThatDoesNotLookHasOne) {
  serve(
      guest_text("(call $count) (call $slices (i32.const 1)) (call $burn (i32.const 30)) (call $slices (i32.const 1))"
                 "(i32.const 0)",
                 counter));
  cancel_two_calls();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 1}));
}

struct LongSlicesTest : GuestCallTest {
  LongSlicesTest() : GuestCallTest({.time_slice = std::chrono::milliseconds(1000)}) {}
};

TEST_F(LongSlicesTest, ThoseInWhichAGuestHardlyRanDoNotCountAfterItsEnd) {
  serve(guest_text("(call $count) (call $slices (i32.const 5)) (i32.const 0)", counter));
  cancel_two_calls();
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2})) << "its instance goes on";
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
                  (call $slices (i32.const 99)) (i32.const 0))",
                           GuestFailure::answered, rpc::StatusCode::not_found}),
    [](const auto& test) {
      std::string text(name(test.param.reason));
      std::replace(text.begin(), text.end(), ' ', '_');
      return text;
    });

TEST_F(GuestCallTest, GuestsThatGoOnAfterTheirDeadlineAndAfterACancellationAreToldApart) {
  serve(guest_text("(call $slices (i32.const 99)) (i32.const 0)"));
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
  EXPECT_GE(log_lines().size(), 20u);
  EXPECT_LT(log_lines().size(), 60u);
}

TEST_F(GuestCallTest, InstancesAndWaitingCallsAreCounted) {
  serve(guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)"));
  std::vector<std::unique_ptr<TestCall>> open;
  for (int i = 0; i < 6; ++i) {
    open.push_back(std::make_unique<TestCall>(rpc::MethodKind::unary));
    begin(*open.back());
  }
  run();
  ModuleCounters counted = counters_of(pool->module());
  pool->counters().add_to(counted);
  EXPECT_EQ(counted.instances_alive, 4u);
  EXPECT_EQ(counted.instances_idle, 0u);
  EXPECT_EQ(counted.calls_waiting, 2u);
  for (const auto& call : open) call->client_cancels();
  run();
  counted = counters_of(pool->module());
  pool->counters().add_to(counted);
  EXPECT_EQ(counted.instances_alive, 4u);
  EXPECT_EQ(counted.instances_idle, 4u);
  EXPECT_EQ(counted.calls_waiting, 0u);
  EXPECT_EQ(counted.instances_discarded, 0u);
}

/// A guest that is called for each message of a stream, echoes it, and notes which call of its instance it is.
std::string guest_called_by_message() {
  abi::pantopic::Description description;
  description.services = "/test.Service/b.Method";
  return abi::pantopic::push_text(
      R"((global $calls (mut i32) (i32.const 0)))" + abi::pantopic::function("__grpc_server_bidirectional_recv", R"(
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (i32.store8 (i32.const 4096) (i32.add (i32.const 48) (global.get $calls)))
            (call $send))"),
      description);
}

TEST_F(GuestCallTest, AGuestIsCalledOnceForEachMessageOfAStream) {
  serve(guest_called_by_message());
  TestCall call(rpc::MethodKind::bidi_stream);
  begin(call);
  run();
  EXPECT_EQ(pool->idle(), 0U) << "the stream keeps its instance";
  call.client_sends("a");
  run();
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"1"}));
  call.client_sends("b");
  call.client_sends("c");
  run();
  EXPECT_EQ(call.messages(), (std::vector<std::string>{"1", "2", "3"}));
  call.client_ends();
  run();
  EXPECT_EQ(call.status().code, rpc::StatusCode::ok);
  EXPECT_TRUE(call.finished() && call.let_go_of());
  EXPECT_EQ(pool->idle(), 1U);
}

TEST_F(GuestCallTest, AGuestBetweenTheMessagesOfAStreamKeepsItsInstanceWhenTheClientGoes) {
  serve(guest_called_by_message());
  for (const char* expected : {"1", "2", "3"}) {
    TestCall call(rpc::MethodKind::bidi_stream);
    begin(call);
    call.client_sends("a");
    run();
    EXPECT_EQ(call.messages(), (std::vector<std::string>{expected})) << "the same instance each time";
    call.client_cancels();
    run();
    EXPECT_TRUE(call.let_go_of());
    EXPECT_EQ(pool->idle(), 1U);
  }
}

TEST_F(GuestCallTest, AStreamWhoseClientGoesWhenAMessageHasJustComeIsNotToldOfIt) {
  serve(guest_called_by_message());
  TestCall call(rpc::MethodKind::bidi_stream);
  begin(call);
  run();
  call.client_sends("a");
  call.client_cancels();
  run();
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(pool->idle(), 1U);
  EXPECT_TRUE(call.messages().empty());
}

TEST_F(GuestCallTest, AComputingGuestWhoseCallEndsGoesBeforeTheOthers) {
  serve(guest_text("(call $slices (i32.const 99)) (i32.const 0)"));
  TestCall first(rpc::MethodKind::unary), second(rpc::MethodKind::unary), third(rpc::MethodKind::unary);
  for (TestCall* call : {&first, &second, &third}) begin(*call);
  for (int i = 0; i < 11; ++i) turn();
  for (TestCall* call : {&first, &second, &third}) {
    call->client_cancels();
    for (int i = 0; i < 20; ++i) turn();  // slices in which it hardly runs
    EXPECT_TRUE(call->let_go_of()) << "it had its last slice at once";
  }
}

constexpr std::chrono::milliseconds cpu_budget{300};

struct CpuTimeTest : GuestTest {
  CpuTimeTest() : GuestTest(GuestLimits{.max_cpu_time = cpu_budget}) {}
  /// Turns until the call has its status, as the worker would: sleeps while nobody is ready.
  void run_to_end(const TestCall& call) {
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
    while (!call.finished() && rpc::Clock::now() < give_up) {
      if (!turn()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

TEST_F(CpuTimeTest, IsLimited) {
  serve(
      guest_text("(loop $more (call $note (i32.const 1)) (call $compute (i32.const 50)) (call $slices (i32.const 1))"
                 "(br $more)) (i32.const 0)"));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_to_end(call);
  EXPECT_EQ(call.status().code, rpc::StatusCode::resource_exhausted);
  EXPECT_EQ(call.status().message, "the call used its 300 ms of CPU time");
  EXPECT_TRUE(call.let_go_of());
  // The first slice counts as one millisecond here, where it is longer than a real one can be.
  EXPECT_LE(notes.size(), 1u + 6u);
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::cpu_time)], 1u);
  EXPECT_EQ(pool->counters().instances_discarded, 1u);
  EXPECT_TRUE(logged("/test.Service/Method: used its 300 ms of CPU time"));
}

TEST_F(CpuTimeTest, IsNotUsedByWaiting) {
  serve(guest_text(R"((local $i i32)
    (loop $more
      (drop (call $wait (local.get $call) (i32.const 0) (i64.const 100000000)))
      (br_if $more (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
    (i32.const 5))"));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_to_end(call);
  EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
}

TEST_F(CpuTimeTest, IsNotUsedByTheSlicesOfOthers) {
  serve(guest_text(R"((if (i32.eqz (local.get $tag))
      (then (call $slices (i32.const 20)))
      (else (call $slices (i32.const 1)) (call $compute (i32.const 200)) (call $slices (i32.const 1))))
    (i32.const 5))"));
  TestCall patient(rpc::MethodKind::unary), first(rpc::MethodKind::unary), second(rpc::MethodKind::unary);
  begin(patient);
  calls.serve(first, *pool, 1, cost);
  calls.serve(second, *pool, 1, cost);
  run_to_end(patient);
  EXPECT_EQ(patient.status().code, rpc::StatusCode::not_found);
}

TEST_F(CpuTimeTest, BeginsAnewWithEachCall) {
  serve(
      guest_text("(call $slices (i32.const 1)) (call $compute (i32.const 120)) (call $slices (i32.const 1))"
                 "(i32.const 5)"));
  for (int i = 0; i < 4; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run_to_end(call);
    EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
  }
  EXPECT_EQ(pool->counters().instances_made, 1u);
}

}  // namespace
}  // namespace wasm_grpc::runtime
