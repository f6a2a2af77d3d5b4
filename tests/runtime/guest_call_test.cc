#include "runtime/guest_call.h"

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

}  // namespace
}  // namespace wasm_grpc::runtime
