// Instances by key: when they come, and when they go.
#include "runtime/guests/event_hubs.h"

#include <deque>

#include "runtime/host_module_fixture.h"

namespace wasm_grpc::runtime {
namespace {

using rpc::MethodKind;

/// A guest with one bidi method in event style, placed by "x-key", that does nothing; its start does what is said.
std::string keyed_text(std::string_view start) {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "placement" (func $placement (param i32 i32 i32) (result i32)))
    (import "host" "ask" (func $ask (result i32)))
    (import "test" "fails" (func $fails (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 64) "x-key")
    (func (export "wasm_grpc_start") )" +
         std::string(start) + R"(
      (drop (call $placement (i32.const 2) (i32.const 64) (i32.const 5)))
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 3) (i32.const 1) (i32.const 0))))
    (func (export "wasm_grpc_event") (param i32 i32 i32))))";
}

struct EventHubsTest : HostModuleTest {
  ~EventHubsTest() override { hubs.reset(); }
  void serve_keys(std::string_view start = "") {
    serve(keyed_text(start));
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

}  // namespace
}  // namespace wasm_grpc::runtime
