// Calls in event style: what the guest of a hub is told of them, and when.
#include "runtime/guests/event_hub.h"

#include <deque>

#include "abi/v1/numbers.h"
#include "runtime/guest_fixture.h"
#include "runtime/guests/event_hubs.h"

namespace wasm_grpc::runtime {
namespace {

using namespace abi::v1;
using rpc::MethodKind;

constexpr std::int32_t opened = 0;
constexpr std::int32_t message = 100;
constexpr std::int32_t half_closed = 200;
constexpr std::int32_t writable = 300;
constexpr std::int32_t timer = 400;
constexpr std::int32_t cancelled = 500;
constexpr std::int32_t alarm_of_no_call = 600;
constexpr std::int32_t ending_of_no_call = 700;

/// A module with one method in event style. Its guest notes the event times 100 plus the number of the call, and then
/// does what `body` says, whose parameters are $call, $event and $value. `more` is put into the module.
std::string event_text(MethodKind kind, std::string_view body, std::string_view more = "") {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_1" "timer" (func $timer (param i32 i64) (result i32)))
    (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "alarm" (func $alarm (param i64) (result i32)))
    (import "wasm_grpc_1" "ending" (func $ending (param i32) (result i32)))
    (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
    (import "test" "tick" (func $tick))
    (import "test" "compute" (func $compute (param i32)))
    (import "test" "note" (func $note (param i32)))
    (memory (export "memory") 4)
    (data (i32.const 0) "/test.Service/Method")
    (func $is (param $event i32) (param $wanted i32) (result i32) (i32.eq (local.get $event) (local.get $wanted)))
    (func (export "wasm_grpc_start")
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const )" +
         std::to_string(static_cast<int>(kind)) + R"() (i32.const 1) (i32.const 7))))
    (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
      (call $note (i32.add (i32.mul (local.get $event) (i32.const 100)) (local.get $call)))
      )" +
         std::string(body) + ") " + std::string(more) + ")";
}

struct EventHubTest : GuestTest, EventHubOwner {
  EventHubTest() : GuestTest({.max_cpu_time = std::chrono::milliseconds(20)}) { max_waiting = 3; }
  ~EventHubTest() override { hub.reset(); }

  void hub_idle() noexcept override { idle = true; }
  void hub_in_use() noexcept override { idle = false; }
  void instance_ended() noexcept override { ++ended; }

  void serve_events(MethodKind kind, std::string_view body, std::string_view more = "") {
    serve(event_text(kind, body, more));
    hub = std::make_unique<EventHub>(*pool, guest_context(), *this);
  }
  /// A call that outlives the hub.
  TestCall& make_call(MethodKind kind) { return client_calls.emplace_back(kind); }
  void open(TestCall& call) { hub->open(call, 7); }
  std::vector<std::int32_t> take_notes() { return std::exchange(notes, {}); }

  std::deque<TestCall> client_calls;
  std::unique_ptr<EventHub> hub;
  bool idle = true;
  int ended = 0;
};

using Notes = std::vector<std::int32_t>;

TEST_F(EventHubTest, AUnaryCallIsAnsweredAsItIsOpened) {
  serve_events(MethodKind::unary, R"(
    (call $note (local.get $value))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $note (call $send (local.get $call) (i32.const 1024) (i32.const 5)))
    (call $note (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $send (local.get $call) (i32.const 1024) (i32.const 5))))");
  TestCall& call = make_call(MethodKind::unary);
  call.client_sends("hello");
  call.client_ends();
  open(call);
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, 7, 5, OK, OK, CLOSED})) << "no event but that";
  EXPECT_EQ(call.messages(), std::vector<std::string>{"hello"});
  EXPECT_EQ(call.status().code, rpc::StatusCode::ok);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_TRUE(idle);
}

TEST_F(EventHubTest, CallsAreAnsweredLaterInAnyOrderFromTheEventsOfOthers) {
  serve_events(MethodKind::unary, R"(
    (if (i32.eq (local.get $call) (i32.const 3)) (then
      (call $answer (i32.const 2)) (call $answer (i32.const 3)) (call $answer (i32.const 1)))))",
               R"((func $answer (param $call i32)
      (drop (call $send (local.get $call) (i32.const 0) (i32.const 1)))
      (call $note (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))");
  TestCall& first = make_call(MethodKind::unary);
  TestCall& second = make_call(MethodKind::unary);
  TestCall& third = make_call(MethodKind::unary);
  for (TestCall* call : {&first, &second}) {
    call->client_sends("x");
    call->client_ends();
    open(*call);
    run();
    EXPECT_FALSE(call->finished());
    EXPECT_FALSE(idle);
  }
  third.client_sends("x");
  third.client_ends();
  open(third);
  run();
  for (TestCall* call : {&first, &second, &third}) {
    EXPECT_TRUE(call->finished());
    EXPECT_EQ(call->messages(), std::vector<std::string>{"/"});
    EXPECT_TRUE(call->let_go_of());
  }
  EXPECT_TRUE(idle);
}

TEST_F(EventHubTest, MessagesAreToldOfUntilTheClientHasEnded) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 1)) (then
      (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
      (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))))
    (if (call $is (local.get $event) (i32.const 2)) (then
      (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0))))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  call.client_sends("one");
  open(call);
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, message + 1, 3, AGAIN}));
  call.client_sends("three");
  call.client_sends("four");
  run();
  EXPECT_EQ(take_notes(), (Notes{message + 1, 5, 4})) << "one event for both";
  call.client_ends();
  run();
  EXPECT_EQ(take_notes(), (Notes{half_closed + 1, END}));
  EXPECT_TRUE(call.finished());
  EXPECT_TRUE(call.let_go_of());
}

TEST_F(EventHubTest, WhatTheClientDidBeforeItWasOpenedIsToldInOrder) {
  serve_events(MethodKind::bidi_stream, "");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  call.client_sends("one");
  call.client_ends();
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, message + 1, half_closed + 1}));
}

TEST_F(EventHubTest, TheEndOfACallForItsClientIsTold) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 5)) (then
      (call $note (call $send (local.get $call) (i32.const 0) (i32.const 1)))
      (call $note (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (if (i32.eq (local.get $call) (i32.const 2)) (then
      (call $note (call $send (i32.const 1) (i32.const 0) (i32.const 1))))))");
  TestCall& gone = make_call(MethodKind::bidi_stream);
  TestCall& other = make_call(MethodKind::bidi_stream);
  open(gone);
  run();
  gone.client_sends("that nobody hears of");
  gone.client_cancels();
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, cancelled + 1, CANCELLED, CANCELLED}));
  EXPECT_TRUE(gone.let_go_of());
  open(other);
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 2, CLOSED})) << "its number is that of no call any more";
}

TEST_F(EventHubTest, ACallThatEndsBeforeItWasOpenedIsNotToldOf) {
  serve_events(MethodKind::bidi_stream, "");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  call.client_cancels();
  EXPECT_TRUE(call.let_go_of());
  run();
  EXPECT_EQ(take_notes(), Notes{});
}

TEST_F(EventHubTest, ATimerGoesOffOnceAndMayBeSetAnewOrTakenBack) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (call $note (call $timer (local.get $call) (i64.const 3600000000000)))
      (call $note (call $timer (local.get $call) (i64.const 0)))))
    (if (call $is (local.get $event) (i32.const 1)) (then
      (drop (call $timer (local.get $call) (i64.const 0)))
      (drop (call $timer (local.get $call) (i64.const -1)))))
    (call $note (call $timer (i32.const 99) (i64.const 0))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, OK, OK, CLOSED, timer + 1, CLOSED}));
  call.client_sends("x");
  run();
  run();
  EXPECT_EQ(take_notes(), (Notes{message + 1, CLOSED}));
  EXPECT_EQ(timers.size(), 0u);
}

TEST_F(EventHubTest, ATimerThatIsTakenBackAfterItWentOffIsNotToldOf) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (i32.eq (local.get $call) (i32.const 2)) (then
      (drop (call $timer (local.get $call) (i64.const 0))))
    (else
      (if (call $is (local.get $event) (i32.const 1)) (then
        (call $note (call $timer (i32.const 2) (i64.const -1))))))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  TestCall& other = make_call(MethodKind::bidi_stream);
  open(call);
  open(other);
  EXPECT_FALSE(turn());
  call.client_sends("x");
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, opened + 2, message + 1, OK}));
}

TEST_F(EventHubTest, RoomForMoreIsToldOfAfterThereWasNone) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (i32.ne (local.get $event) (i32.const 5)) (then
      (loop $again
        (br_if $again (i32.eqz (call $send (local.get $call) (i32.const 0) (i32.const 10000))))))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  EXPECT_EQ(take_notes(), Notes{opened + 1});
  const std::size_t sent = call.messages().size();
  EXPECT_GE(sent, 6u);
  call.client_reads_everything();
  run();
  EXPECT_EQ(take_notes(), Notes{writable + 1});
  EXPECT_GE(call.messages().size(), 2 * sent);
}

TEST_F(EventHubTest, AGuestThatFailsTakesItsCallsAlongAndOthersMeetANewOne) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 1)) (then unreachable)))");
  TestCall& first = make_call(MethodKind::bidi_stream);
  TestCall& second = make_call(MethodKind::bidi_stream);
  TestCall& later = make_call(MethodKind::bidi_stream);
  open(first);
  open(second);
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, opened + 2}));
  second.client_sends("the end");
  open(later);
  run();
  EXPECT_EQ(take_notes(), (Notes{message + 2, opened + 1})) << "the new one counts from 1";
  for (TestCall* call : {&first, &second}) {
    EXPECT_EQ(call->status().code, rpc::StatusCode::unavailable);
    EXPECT_EQ(call->status().message, "the service's instance failed, and with it what it knew");
    EXPECT_TRUE(call->let_go_of());
  }
  EXPECT_FALSE(later.finished());
  EXPECT_TRUE(logged("/test.Service/Method: "));
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::trap)], 1u);
}

TEST_F(EventHubTest, AnEventIsCutIntoSlicesAndHasATimeToCompute) {
  serve_events(MethodKind::bidi_stream, "(loop $again (call $tick) (call $tick) (br $again))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  TestCall& other = make_call(MethodKind::bidi_stream);
  open(call);
  EXPECT_TRUE(turn()) << "it goes on";
  open(other);
  other.client_cancels();
  EXPECT_TRUE(other.let_go_of()) << "while the guest computes";
  run();
  EXPECT_EQ(call.status().code, rpc::StatusCode::unavailable);
  EXPECT_TRUE(logged("used its 20 ms of CPU time in one event"));
}

TEST_F(EventHubTest, NothingWaitsInAnEvent) {
  serve_events(MethodKind::bidi_stream, R"(
    (call $note (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
    (call $note (call $wait (local.get $call) (i32.const 2) (i64.const -1)))
    (call $note (call $wait (local.get $call) (i32.const 1) (i64.const 0))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, INVALID, 2, 0}));
}

TEST_F(EventHubTest, CallsThatTheGuestDoesNotTakeAreBounded) {
  serve_events(MethodKind::bidi_stream, "");
  std::vector<TestCall*> many;
  for (int i = 0; i < 5; ++i) {
    many.push_back(&make_call(MethodKind::bidi_stream));
    open(*many.back());
  }
  EXPECT_FALSE(many[2]->finished());
  EXPECT_EQ(many[3]->status().code, rpc::StatusCode::resource_exhausted);
  EXPECT_EQ(many[4]->status().code, rpc::StatusCode::resource_exhausted);
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, opened + 2, opened + 3}));
}

TEST_F(EventHubTest, AHubThatIsAbandonedLetsGoOfAll) {
  serve_events(MethodKind::bidi_stream, "");
  TestCall& opened_one = make_call(MethodKind::bidi_stream);
  TestCall& new_one = make_call(MethodKind::bidi_stream);
  open(opened_one);
  run();
  open(new_one);
  hub->abandon();
  EXPECT_TRUE(opened_one.let_go_of());
  EXPECT_TRUE(new_one.let_go_of());
  EXPECT_EQ(pool->alive(), 0u);
  run();
}

TEST_F(EventHubTest, AnEventThatWaitsForEverLosesItsInstance) {
  limits.max_event_time = std::chrono::milliseconds(5);
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 1)) (then
      (loop $again (call $compute (i32.const 1)) (call $tick) (call $tick) (br $again)))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  TestCall& other = make_call(MethodKind::bidi_stream);
  open(call);
  open(other);
  run();
  call.client_sends("x");
  run();
  for (TestCall* known : {&call, &other}) {
    EXPECT_EQ(known->status().code, rpc::StatusCode::unavailable);
    EXPECT_TRUE(known->let_go_of());
  }
  EXPECT_TRUE(logged("was not done with an event within 5 ms"));
  EXPECT_EQ(pool->counters().failures[static_cast<std::size_t>(GuestFailure::event_time)], 1u);
}

/// With a guest whose timer goes off at once, again and again, and that computes for a while each time.
constexpr std::string_view timer_loop = R"(
    (if (i32.or (i32.eqz (local.get $event)) (call $is (local.get $event) (i32.const 4))) (then
      (call $compute (i32.const 2)) (call $tick) (call $tick) (loop)
      (drop (call $timer (local.get $call) (i64.const 0))))))";

TEST_F(EventHubTest, ACallThatComputesInAllItsEventsIsToldItsEndAndOthersLiveOn) {
  serve_events(MethodKind::bidi_stream, timer_loop);
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
  while (!call.finished() && rpc::Clock::now() < give_up) turn();
  EXPECT_EQ(call.status().code, rpc::StatusCode::resource_exhausted);
  EXPECT_EQ(call.status().message, "the call used its 20 ms of CPU time in its events");
  run();
  EXPECT_EQ(take_notes().back(), cancelled + 1);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(pool->alive(), 1u) << "what it knows of other calls is not lost";
}

TEST_F(EventHubTest, AnInstanceThatHasAPartOfACoreIsPausedAboveIt) {
  limits.max_cpu_time = {};
  limits.max_instance_cpu_percent = 1;
  serve_events(MethodKind::bidi_stream, R"(
    (if (i32.eqz (local.get $event)) (then (call $compute (i32.const 1100)) (call $tick) (call $tick) (loop))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  call.client_sends("x");
  run();
  EXPECT_EQ(take_notes(), Notes{opened + 1}) << "a second at once, and then as much as its part";
  EXPECT_EQ(timers.size(), 1u) << "it goes on later";
  EXPECT_FALSE(call.finished());
}

// ---- What is of the instance ----

TEST_F(EventHubTest, AnAlarmGoesOffOnceWithoutACallAndMayBeSetAnewOrTakenBack) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (call $note (call $alarm (i64.const 3600000000000)))
      (call $note (call $alarm (i64.const 0)))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (if (call $is (local.get $event) (i32.const 6)) (then
      (if (i32.eqz (global.get $alarms)) (then
        (global.set $alarms (i32.const 1))
        (drop (call $alarm (i64.const 0)))
        (drop (call $alarm (i64.const -1))))))))",
               "(global $alarms (mut i32) (i32.const 0))");
  open(make_call(MethodKind::bidi_stream));
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, OK, OK}));
  EXPECT_TRUE(hub->has_alarm());
  EXPECT_TRUE(idle);
  run();
  EXPECT_EQ(take_notes(), Notes{alarm_of_no_call});
  EXPECT_FALSE(hub->has_alarm());
  run();
  EXPECT_EQ(take_notes(), Notes{});
  EXPECT_EQ(timers.size(), 0u);
}

TEST_F(EventHubTest, AlarmsThatAlwaysFollowLeaveCallsTheirTurn) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (i32.eqz (local.get $call)) (then (global.set $alarms (i32.add (global.get $alarms) (i32.const 1)))))
    (if (i32.lt_s (global.get $alarms) (i32.const 5)) (then
      (drop (call $alarm (i64.const 0))))))",
               "(global $alarms (mut i32) (i32.const 0))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  open(make_call(MethodKind::bidi_stream));
  for (int i = 0; i < 10; ++i) run();
  const Notes heard = take_notes();
  EXPECT_EQ(std::count(heard.begin(), heard.end(), alarm_of_no_call), 5);
  ASSERT_GE(heard.size(), 4u);
  const auto second = std::find(heard.begin(), heard.end(), opened + 2);
  EXPECT_LE(second - heard.begin(), 3) << "after the first call and two alarms at most";
}

TEST_F(EventHubTest, AnAlarmThatComputesTooLongLosesTheInstance) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 0)) (then (drop (call $alarm (i64.const 0)))))
    (if (call $is (local.get $event) (i32.const 6)) (then
      (loop $again (call $tick) (call $tick) (br $again)))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  run();
  EXPECT_EQ(call.status().code, rpc::StatusCode::unavailable);
  EXPECT_TRUE(logged("its alarm: used its 20 ms of CPU time in one event"));
  EXPECT_FALSE(hub->has_instance());
}

TEST_F(EventHubTest, AnInstanceIsToldBeforeItIsGivenUpWhereItWantsToBe) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 0)) (then
      (drop (call $ending (i32.eq (local.get $call) (i32.const 1))))))
    (if (call $is (local.get $event) (i32.const 7)) (then
      (call $note (call $alarm (i64.const 0)))
      (call $note (call $send (i32.const 1) (i32.const 0) (i32.const 1))))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  EXPECT_FALSE(hub->wants_ending());
  open(call);
  run();
  EXPECT_TRUE(hub->wants_ending());
  call.client_cancels();
  run();
  take_notes();
  hub->end_instance();
  EXPECT_TRUE(hub->ending());
  run();
  EXPECT_EQ(take_notes(), (Notes{ending_of_no_call, OK, CLOSED}));
  EXPECT_FALSE(hub->has_instance());
  EXPECT_FALSE(hub->ending());
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(timers.size(), 0u) << "its alarm is gone with it";

  TestCall& next = make_call(MethodKind::bidi_stream);
  open(next);
  run();
  EXPECT_EQ(take_notes(), Notes{opened + 1}) << "a new instance";
  open(make_call(MethodKind::bidi_stream));
  run();
  EXPECT_FALSE(hub->wants_ending()) << "it has changed its mind";
}

TEST_F(EventHubTest, ACallThatComesWhileAnInstanceEndsMeetsANewOne) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 0)) (then (drop (call $ending (i32.const 1))))))");
  TestCall& first = make_call(MethodKind::bidi_stream);
  open(first);
  run();
  first.client_cancels();
  run();
  take_notes();
  hub->end_instance();
  TestCall& second = make_call(MethodKind::bidi_stream);
  open(second);
  run();
  EXPECT_EQ(take_notes(), (Notes{ending_of_no_call, opened + 1}));
  EXPECT_FALSE(second.finished());
  EXPECT_TRUE(hub->has_instance());
}

TEST_F(EventHubTest, AnInstanceThatDoesNotComeToItsEndIsGivenUpAllTheSame) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 0)) (then (drop (call $ending (i32.const 1)))))
    (if (call $is (local.get $event) (i32.const 7)) (then
      (loop $again (call $tick) (call $tick) (br $again)))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  call.client_cancels();
  run();
  hub->end_instance();
  run();
  EXPECT_FALSE(hub->has_instance());
  EXPECT_EQ(ended, 1);
  EXPECT_TRUE(logged("its ending: used its 20 ms of CPU time in one event"));
}

TEST_F(EventHubTest, TheGuestMayAskWhyACallHasEnded) {
  serve_events(MethodKind::bidi_stream, R"(
    (if (call $is (local.get $event) (i32.const 5)) (then
      (call $note (call $info (local.get $call) (i32.const 6) (i32.const 1024) (i32.const 100)))
      (call $note (i32.load (i32.const 1024))))))");
  TestCall& call = make_call(MethodKind::bidi_stream);
  open(call);
  run();
  call.client_cancels();
  run();
  EXPECT_EQ(take_notes(), (Notes{opened + 1, cancelled + 1, 6, 0x65696c63})) << "clie(nt)";
}

}  // namespace
}  // namespace wasm_grpc::runtime
