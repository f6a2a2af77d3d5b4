// Instances by key: when they come, and when they go.
#include "runtime/guests/event_hubs.h"

#include <deque>

#include "runtime/host_module_fixture.h"

namespace wasm_grpc::runtime {
namespace {

using rpc::MethodKind;

/// A guest with one bidi method in event style, placed by "x-key"; its start and its events do what is said.
std::string keyed_text(std::string_view start, std::string_view event) {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "placement" (func $placement (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "alarm" (func $alarm (param i64) (result i32)))
    (import "wasm_grpc_1" "ending" (func $ending (param i32) (result i32)))
    (import "test" "note" (func $note (param i32)))
    (import "host" "ask" (func $ask (result i32)))
    (import "test" "fails" (func $fails (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 64) "x-key")
    (func (export "wasm_grpc_start") )" +
         std::string(start) + R"(
      (drop (call $placement (i32.const 2) (i32.const 64) (i32.const 5)))
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 3) (i32.const 1) (i32.const 0))))
    (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32) )" +
         std::string(event) + "))";
}

struct EventHubsTest : HostModuleTest {
  ~EventHubsTest() override { hubs.reset(); }
  void serve_keys(std::string_view start = "", std::string_view event = "") {
    serve(keyed_text(start, event), life);
    hubs = std::make_unique<EventHubs>(*pool, guest_context(), 0, 1, 0);
  }
  TestCall& open(std::string_view key) {
    TestCall& call = client_calls.emplace_back(MethodKind::bidi_stream);
    call.add_request_metadata("x-key", key);
    hubs->open(call, 0);
    return call;
  }
  /// Until what is due at once has happened.
  void run_due() {
    for (int i = 0; i < 3; ++i) run_all();
  }
  InstanceLife life = no_warm_instances();
  std::deque<TestCall> client_calls;
  std::unique_ptr<EventHubs> hubs;
};

TEST_F(EventHubsTest, KeysWhoseCallsWereRefusedAreForgotten) {
  max_waiting = 0;
  serve_keys();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(open("key " + std::to_string(i)).status().code, rpc::StatusCode::resource_exhausted);
  }
  run_due();
  EXPECT_EQ(hubs->size(), 0u);
}

TEST_F(EventHubsTest, KeysThatWaitForAnInstanceAreBoundedAndForgotten) {
  max_waiting = 3;
  serve_keys();
  for (int i = 0; i < 50; ++i) open("key " + std::to_string(i));
  run_due();
  EXPECT_EQ(hubs->size(), 4u + 3u) << "those with an instance, and those that wait for one";
  for (TestCall& call : client_calls) {
    if (!call.finished()) call.client_cancels();
  }
  run_due();
  EXPECT_LE(hubs->size(), 4u);
}

TEST_F(EventHubsTest, AnIdleInstanceGivesWayToAnotherModule) {
  serve_keys();
  InstancePool other(load(guest_text("(i32.const 5)"), "other"), pool_context());
  std::vector<TestCall*> open_calls;
  for (int i = 0; i < 3; ++i) open_calls.push_back(&open("key " + std::to_string(i)));
  run_due();
  ASSERT_EQ(pool->alive(), 3u);
  // Of four instances the other module may have one at least; with all taken it gets another's.
  TestCall first(MethodKind::unary), second(MethodKind::unary);
  calls.serve(first, other, 0, cost);
  run_due();
  EXPECT_TRUE(first.finished());
  open_calls[0]->client_cancels();
  run_due();
  EXPECT_GE(hubs->size(), 2u);
  calls.serve(second, other, 0, cost);
  run_due();
  EXPECT_TRUE(second.finished());
}

TEST_F(EventHubsTest, AKeyGivenUpInTheMiddleOfAStartDoesNotKeepOthersFromStarting) {
  serve_keys("(if (call $fails) (then (drop (call $ask))))");
  starts_fail = true;  // it asks, and nobody answers
  TestCall& call = open("a");
  run_due();
  ASSERT_EQ(promises.count(), 1u);
  call.client_cancels();
  run_due();
  hubs->abandon_all();
  EXPECT_EQ(pool->alive(), 0u);
  starts_fail = false;
  TestCall& next = open("b");
  run_due();
  EXPECT_FALSE(next.finished());
  EXPECT_EQ(pool->alive(), 1u);
}

constexpr std::string_view wants_ending = "(drop (call $ending (i32.const 1)))";
constexpr std::string_view notes_ending =
    "(if (i32.eq (local.get $event) (i32.const 7)) (then (call $note (i32.const 7))))";

TEST_F(EventHubsTest, AKeyIsToldBeforeItMakesRoomForAnother) {
  serve_keys(wants_ending, notes_ending);
  for (int i = 0; i < 4; ++i) open("key " + std::to_string(i));
  run_due();
  ASSERT_EQ(pool->alive(), 4u);
  client_calls[0].client_cancels();
  run_due();
  EXPECT_EQ(notes, std::vector<std::int32_t>{});
  open("another");
  run_due();
  EXPECT_EQ(notes, std::vector<std::int32_t>{7});
  EXPECT_EQ(pool->alive(), 4u);
  EXPECT_EQ(pool->waiting(), 0u) << "the other key has its place";
  EXPECT_EQ(hubs->size(), 4u);
}

TEST_F(EventHubsTest, KeysThatHaveLostTheirInstanceAreForgottenBesideOneThatIsKeptForEver) {
  life.idle_timeout = std::chrono::milliseconds(0);
  serve_keys("", "(if (i32.eq (local.get $event) (i32.const 1)) (then unreachable))");
  TestCall& call = open("kept");
  run_due();
  call.client_cancels();
  run_due();
  for (int i = 0; i < 10; ++i) {
    TestCall& failing = open("key " + std::to_string(i));
    run_due();
    failing.client_sends("fail");
    run_due();
    EXPECT_EQ(failing.status().code, rpc::StatusCode::unavailable);
  }
  EXPECT_EQ(pool->alive(), 1u);
  EXPECT_EQ(hubs->size(), 1u);
}

TEST_F(EventHubsTest, OnlyAsManyKeysAreGivenUpAsAreWanted) {
  serve_keys(wants_ending, notes_ending);
  for (int i = 0; i < 4; ++i) open("key " + std::to_string(i));
  run_due();
  for (int i = 0; i < 3; ++i) client_calls[static_cast<std::size_t>(i)].client_cancels();
  run_due();
  open("another");
  run_due();
  EXPECT_EQ(notes, std::vector<std::int32_t>{7});
}

TEST_F(EventHubsTest, AllAreToldWhenTheServerStops) {
  serve_keys(wants_ending, notes_ending);
  for (int i = 0; i < 3; ++i) open("key " + std::to_string(i));
  run_due();
  for (TestCall& call : client_calls) call.client_cancels();
  run_due();
  EXPECT_FALSE(hubs->end_all());
  run_due();
  EXPECT_TRUE(hubs->end_all());
  EXPECT_EQ(notes, (std::vector<std::int32_t>{7, 7, 7}));
  EXPECT_EQ(pool->alive(), 0u);
}

TEST_F(EventHubsTest, NobodyIsWaitedForWhoDoesNotWantToBeTold) {
  serve_keys("", notes_ending);
  open("a").client_cancels();
  open("b");
  run_due();
  EXPECT_TRUE(hubs->end_all());
  EXPECT_EQ(notes, std::vector<std::int32_t>{});
}

TEST_F(EventHubsTest, AKeyWithAnAlarmIsKeptUntilItHasGoneOff) {
  life.idle_timeout = std::chrono::milliseconds(1);
  serve_keys("", R"(
    (if (i32.eqz (local.get $event)) (then (drop (call $alarm (i64.const 50000000)))))
    (if (i32.eq (local.get $event) (i32.const 6)) (then (call $note (i32.const 6)))))");
  TestCall& call = open("a");
  run_due();
  call.client_cancels();
  const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
  while (notes.empty() && rpc::Clock::now() < give_up) {
    EXPECT_EQ(pool->alive(), 1u);
    run_due();
  }
  EXPECT_EQ(notes, std::vector<std::int32_t>{6});
  while (hubs->size() > 0 && rpc::Clock::now() < give_up) run_due();
  EXPECT_EQ(pool->alive(), 0u) << "and not for longer";
}

}  // namespace
}  // namespace wasm_grpc::runtime
