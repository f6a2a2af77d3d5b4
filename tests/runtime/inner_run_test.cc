// Calls that guests make and that are served at once, inside of these.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <utility>

#include "http2/client.h"
#include "runtime/calling_guests.h"
#include "runtime/guest_fixture.h"
#include "runtime/host_module_fixture.h"

namespace wasm_grpc::runtime {
namespace {

using std::chrono::milliseconds;

/// Guests that ask the host for a number, which serves others meanwhile: 0 uses up a slice, what is greater burns so
/// many milliseconds of the processor, and -1 traps; each call ends with NOT_FOUND.
struct InnerRunTest : GuestTest {
  explicit InnerRunTest(const GuestLimits& guest_limits = {}) : GuestTest(guest_limits) {
    budget = std::make_unique<InstanceBudget>(8, 8);
    HostModule module("host");
    module.function("nest", [this]() -> std::int32_t {
      const auto next = std::exchange(nest, nullptr);
      return next ? next() : otherwise;
    });
    EXPECT_TRUE(linker.define(std::move(module)).ok());
    serve(importing({"nest"}, guest_text(R"((local $n i32)
      (local.set $n (call $nest))
      (if (i32.eqz (local.get $n)) (then (call $slices (i32.const 1))))
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then (call $burn (local.get $n))))
      (if (i32.eq (local.get $n) (i32.const -1)) (then (unreachable)))
      (i32.const 5))")));
  }

  /// It is known that calls are cheap, and there are three instances.
  void warm_up() {
    TestCall held[3] = {TestCall(rpc::MethodKind::unary), TestCall(rpc::MethodKind::unary),
                        TestCall(rpc::MethodKind::unary)};
    otherwise = 0;
    for (TestCall& call : held) begin(call);
    run();
    otherwise = -2;
    ASSERT_EQ(pool->idle(), 3U);
  }
  /// Serves a call in which `inside` happens: what it ends with.
  rpc::StatusCode serve_one(std::function<std::int32_t()> inside) {
    TestCall call(rpc::MethodKind::unary);
    nest = std::move(inside);
    begin(call);
    run();
    EXPECT_TRUE(call.let_go_of());
    return call.status().code;
  }
  /// Serves one within which `inner` begins, whose guest is told `told`, and the other one `outer`: whether that was
  /// over when its caller went on. The caller is as good as ever.
  bool ends_at_once(TestCall& inner, std::int32_t told = -2, std::int32_t outer = -2) {
    bool at_once = false;
    const auto status = serve_one([&, told, outer] {
      nest = [told] { return told; };
      begin(inner);
      at_once = inner.let_go_of();
      return outer;
    });
    EXPECT_EQ(status, rpc::StatusCode::not_found);
    EXPECT_TRUE(inner.let_go_of());
    return at_once;
  }

  std::function<std::int32_t()> nest;  // what the next one that asks is told
  std::int32_t otherwise = -2;         // and those after it
};

TEST_F(InnerRunTest, ACheapCallIsServedBeforeItsCallerGoesOn) {
  warm_up();
  TestCall inner(rpc::MethodKind::unary);
  EXPECT_TRUE(ends_at_once(inner));
  EXPECT_EQ(inner.status().code, rpc::StatusCode::not_found);
}

TEST_F(InnerRunTest, ACallWaitsForItsTurnWhereNothingIsKnownOfItsMethod) {
  warm_up();
  cost = {};
  TestCall inner(rpc::MethodKind::unary);
  EXPECT_FALSE(ends_at_once(inner));
}

TEST_F(InnerRunTest, ACallWaitsForItsTurnWhereItsMethodTakesLong) {
  warm_up();
  for (int i = 0; i < 100; ++i) cost.add_sample(milliseconds(1));
  TestCall inner(rpc::MethodKind::unary);
  EXPECT_FALSE(ends_at_once(inner));
}

TEST_F(InnerRunTest, ACallWaitsForItsTurnWhereNoInstanceIsIdle) {
  EXPECT_EQ(serve_one(nullptr), rpc::StatusCode::not_found);
  ASSERT_EQ(pool->idle(), 1U);
  TestCall inner(rpc::MethodKind::unary);
  EXPECT_FALSE(ends_at_once(inner));
}

TEST_F(InnerRunTest, ACallFromOutsideWaitsForItsTurn) {
  warm_up();
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  EXPECT_FALSE(call.let_go_of());
  run();
  EXPECT_TRUE(call.let_go_of());
}

TEST_F(InnerRunTest, OneThatUsesUpItsSliceGoesOnBesideItsCaller) {
  warm_up();
  TestCall inner(rpc::MethodKind::unary);
  EXPECT_FALSE(ends_at_once(inner, 0));
  EXPECT_EQ(inner.status().code, rpc::StatusCode::not_found);
}

TEST_F(InnerRunTest, OneThatTrapsFailsAlone) {
  warm_up();
  TestCall inner(rpc::MethodKind::unary);
  EXPECT_TRUE(ends_at_once(inner, -1));
  EXPECT_EQ(inner.status().code, rpc::StatusCode::internal);
}

TEST_F(InnerRunTest, CallsInsideOfCallsAreServedAtOnceToo) {
  warm_up();
  std::vector<std::unique_ptr<TestCall>> made;
  std::vector<bool> at_once;
  std::function<std::int32_t()> deeper = [&] {
    TestCall& inner = *made.emplace_back(std::make_unique<TestCall>(rpc::MethodKind::unary));
    if (made.size() < 2) nest = deeper;
    begin(inner);
    at_once.push_back(inner.let_go_of());
    return -2;
  };
  static_cast<void>(serve_one(deeper));
  EXPECT_EQ(at_once, (std::vector<bool>{true, true}));
}

struct BoundedInnerRunTest : InnerRunTest {
  BoundedInnerRunTest() : InnerRunTest(limited()) {}
  static GuestLimits limited() {
    GuestLimits limits;
    limits.max_cpu_time = milliseconds(40);
    return limits;
  }
};

TEST_F(BoundedInnerRunTest, TheTimeOfOneInsideIsNotThatOfItsCaller) {
  warm_up();
  TestCall inner(rpc::MethodKind::unary);
  // Its caller is looked at when it has used up a slice, after the other has used the whole time of a call and more.
  EXPECT_TRUE(ends_at_once(inner, 60, 0));
}

TEST_F(BoundedInnerRunTest, TheTimeOfACallerThatMakesCallsIsItsOwn) {
  warm_up();
  TestCall inner(rpc::MethodKind::unary);
  EXPECT_EQ(serve_one([&] {
              begin(inner);
              const auto end = thread_time() + milliseconds(60);
              while (thread_time() < end) {
              }
              return 0;
            }),
            rpc::StatusCode::resource_exhausted);
  EXPECT_TRUE(inner.let_go_of());
}

/// Answers with the request, in event style.
CallingGuest event_echo(std::string name) {
  CallingGuest guest{.name = std::move(name), .style = 1};
  guest.more = R"((func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (local $n i32)
    (if (local.get $event) (then (return)))
    (local.set $n (call $recv (local.get $call) (i32.const 8192) (i32.const 8192)))
    (drop (call $send (local.get $call) (i32.const 8192) (local.get $n)))
    (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))";
  return guest;
}

TEST(ModuleCalls, ThatAreCheapHaveEndedWhenTheirRequestIsSent) {
  ServerOptions options;
  options.workers = 1;
  options.max_instances = 64;
  CallingGuest asks{.name = "a", .target = "b", .path = "/test.b/Method"};
  asks.body = R"((local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 4) (i32.const 1)))
    (call $note (call $status (local.get $made)))
    (drop (call $await (local.get $made) (i32.const 8)))
    (call $note (call $status (local.get $made)))
    (call $note (call $client_recv (local.get $made) (i32.const 0) (i32.const 4)))
    (call $report (local.get $call)) (i32.const 0))";
  for (const CallingGuest& called : {echo("b"), event_echo("b")}) {
    CallingServer server(options, {{asks}, {called}});
    http2::Client client(server.port());
    const auto ask = [&] {
      std::int32_t noted[3] = {1, 1, 1};
      const auto messages = client.call("/test.a/Method", "").messages();
      if (!messages.empty()) std::memcpy(noted, messages.front().data(), sizeof(noted));
      EXPECT_EQ(noted[1], 0);
      EXPECT_EQ(noted[2], 4);
      return noted[0];
    };
    EXPECT_EQ(ask(), -2) << "nothing is known of the method";
    // A tick may come in between.
    EXPECT_TRUE(server.eventually([&] { return ask() == 0; }));
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
