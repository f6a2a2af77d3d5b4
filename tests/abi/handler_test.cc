// ABI 1 in handler style, function by function, as docs/abi.md states it.

#include "abi/guest_fixture.h"
#include "abi/v1/numbers.h"

namespace wasm_grpc::abi {
namespace {

using namespace v1;
using rpc::MethodKind;
using rpc::StatusCode;
using Numbers = std::vector<std::int32_t>;

constexpr std::string_view declare_bidi = "(drop (call $declare (i32.const 3)))";
constexpr std::string_view declare_unary = "(drop (call $declare (i32.const 0)))";

/// Runs `body`, which notes answers, in a bidirectional call, and returns the notes.
Numbers answers(TestCall& call, std::string_view body, std::string_view more = "") {
  Guest guest(
      module_text(declare_bidi, std::string(body) + "(drop (call $report (local.get $call))) (i32.const 0)", more));
  EXPECT_EQ(guest.error, "");
  const auto outcome = guest.run(call);
  EXPECT_TRUE(outcome.returned) << outcome.failure;
  const auto messages = call.messages();
  return messages.empty() ? Numbers{} : numbers(messages.back());
}

/// Runs `body`, which must trap.
std::string trap_of(std::string_view body) {
  Guest guest(module_text(declare_bidi, std::string(body) + "(i32.const 0)"));
  EXPECT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("hello");
  const auto outcome = guest.run(call);
  EXPECT_FALSE(outcome.returned);
  return outcome.failure;
}

TEST(Recv, GivesMessagesInOrderThenEndForEver) {
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("hello");
  call.client_sends("");
  call.client_ends();
  const std::string recv = "(call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))";
  EXPECT_EQ(answers(call, recv + recv + recv + recv), (Numbers{5, 0, END, END}));
}

TEST(Recv, LeavesAMessageThatDoesNotFit) {
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("hello");
  call.client_ends();
  EXPECT_EQ(answers(call, R"(
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 4)))
    (call $note (i32.load (i32.const 1024)))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 5)))
    (call $note (i32.load (i32.const 1024))))"),
            (Numbers{5, 0, 5, 0x6c6c6568}));
}

TEST(Recv, SaysAgainWhenNothingHasArrived) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, "(call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))"),
            (Numbers{AGAIN}));
}

TEST(Recv, CreditsTheClientOnlyForWhatWasTaken) {
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("hello");
  call.client_sends("world");
  answers(call, "(call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))");
  EXPECT_EQ(call.consumed(), 10U);
}

TEST(Send, DeliversMessagesOfAnySize) {
  TestCall call(MethodKind::bidi_stream);
  Guest guest(module_text(declare_bidi, R"(
    (drop (call $send (local.get $call) (i32.const 80) (i32.const 5)))
    (drop (call $send (local.get $call) (i32.const 0) (i32.const 0)))
    (drop (call $send (local.get $call) (i32.const 0) (i32.const 65536)))
    (i32.const 0))"));
  ASSERT_TRUE(guest.run(call).returned);
  const auto messages = call.messages();
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0], "value");
  EXPECT_EQ(messages[1], "");
  EXPECT_EQ(messages[2].size(), 65536U);
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(Send, SaysAgainWhenTheClientDoesNotReadAndTakesNothing) {
  TestCall call(MethodKind::bidi_stream);
  Guest guest(module_text(declare_bidi, R"(
    (drop (call $send (local.get $call) (i32.const 0) (i32.const 65536)))
    (call $send (local.get $call) (i32.const 0) (i32.const 10))
    (call $note)
    (drop (call $wait (local.get $call) (i32.const 2) (i64.const 0)))
    (i32.sub (i32.const 0) (i32.load (i32.const 4096))))"));
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages().size(), 1U);
  EXPECT_EQ(static_cast<int>(call.status().code), -AGAIN);
}

TEST(Send, RefusesASecondMessageOfAUnaryMethod) {
  Guest guest(module_text(declare_unary, R"(
    (drop (call $send (local.get $call) (i32.const 80) (i32.const 5)))
    (i32.sub (i32.const 0) (call $send (local.get $call) (i32.const 80) (i32.const 5))))"));
  TestCall call(MethodKind::unary);
  call.client_sends("x");
  call.client_ends();
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages().size(), 1U);
  EXPECT_EQ(static_cast<int>(call.status().code), -INVALID);
}

TEST(Send, IsClosedAfterFinish) {
  TestCall call(MethodKind::bidi_stream);
  Guest guest(module_text(declare_bidi, R"(
    (drop (call $finish (local.get $call) (i32.const 5) (i32.const 80) (i32.const 5)))
    (call $note (call $send (local.get $call) (i32.const 80) (i32.const 5)))
    (call $note (call $finish (local.get $call) (i32.const 6) (i32.const 80) (i32.const 5)))
    (call $log (i32.const 2) (i32.const 4096) (i32.const 8))
    (i32.const 3))"));
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_TRUE(call.messages().empty());
  EXPECT_EQ(call.status().code, StatusCode::not_found);
  EXPECT_EQ(call.status().message, "value");
  ASSERT_EQ(guest.log.lines.size(), 1U);
  EXPECT_EQ(guest.log.lines[0], "guest 2 \\xfb\\xff\\xff\\xff\\xfb\\xff\\xff\\xff") << "both answered CLOSED (-5)";
}

TEST(Status, IsWhatTheCallReturns) {
  for (const int code : {1, 5, 16}) {
    Guest guest(module_text(declare_bidi, "(i32.const " + std::to_string(code) + ")"));
    TestCall call(MethodKind::bidi_stream);
    ASSERT_TRUE(guest.run(call).returned);
    EXPECT_EQ(static_cast<int>(call.status().code), code);
    EXPECT_EQ(call.status().message, "");
  }
}

TEST(Status, IsUnknownWhenTheCallReturnsNoCode) {
  for (const int code : {-1, 17, 1000000}) {
    Guest guest(module_text(declare_bidi, "(i32.const " + std::to_string(code) + ")"));
    TestCall call(MethodKind::bidi_stream);
    ASSERT_TRUE(guest.run(call).returned);
    EXPECT_EQ(call.status().code, StatusCode::unknown);
    EXPECT_NE(call.status().message.find(std::to_string(code)), std::string::npos);
  }
}

TEST(Status, IsInternalWhenAUnaryMethodEndsWellWithoutAMessage) {
  Guest guest(module_text(declare_unary, "(i32.const 0)"));
  TestCall call(MethodKind::unary);
  call.client_sends("x");
  call.client_ends();
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.status().code, StatusCode::internal);
}

TEST(Finish, RefusesWhatIsNoCode) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, R"(
    (call $note (call $finish (local.get $call) (i32.const 17) (i32.const 0) (i32.const 0)))
    (call $note (call $finish (local.get $call) (i32.const -1) (i32.const 0) (i32.const 0))))"),
            (Numbers{INVALID, INVALID}));
}

TEST(CallIds, OfOthersAreClosed) {
  TestCall call(MethodKind::bidi_stream);
  const Numbers all = answers(call, R"(
    (call $note (call $recv (i32.add (local.get $call) (i32.const 1)) (i32.const 0) (i32.const 0)))
    (call $note (call $send (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $wait (i32.const -1) (i32.const 1) (i64.const -1)))
    (call $note (call $finish (i32.const 99) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $metadata_get (i32.const 99) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $metadata_list (i32.const 99) (i32.const 0) (i32.const 0)))
    (call $note (call $metadata_add (i32.const 99) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 80) (i32.const 5)))
    (call $note (call $headers_send (i32.const 99)))
    (call $note (call $info (i32.const 99) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (i32.wrap_i64 (call $deadline (i32.const 99)))))");
  EXPECT_EQ(all, Numbers(10, CLOSED));
}

TEST(CallIds, OfEarlierCallsAreClosed) {
  Guest guest(module_text(declare_bidi, R"(
    (call $note (call $headers_send (global.get $last)))
    (global.set $last (local.get $call))
    (drop (call $report (local.get $call)))
    (i32.const 0))",
                          "(global $last (mut i32) (i32.const 77))"));
  TestCall first(MethodKind::bidi_stream);
  TestCall second(MethodKind::bidi_stream);
  ASSERT_TRUE(guest.run(first).returned);
  ASSERT_TRUE(guest.run(second).returned);
  EXPECT_EQ(numbers(second.messages().at(0)), (Numbers{CLOSED, CLOSED}));
}

TEST(Wait, SuspendsUntilAMessageArrives) {
  Guest guest(module_text(declare_bidi, R"(
    (call $note (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (drop (call $report (local.get $call))) (i32.const 0))"));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  EXPECT_EQ(guest.instance->suspension().interests, interest::readable | interest::cancelled);
  EXPECT_EQ(guest.instance->suspension().until, wasm::Suspension::never);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended) << "a poll for nothing leaves it suspended";
  call.client_sends("hello");
  ASSERT_TRUE(guest.finish_run().returned);
  EXPECT_EQ(numbers(call.messages().at(0)), (Numbers{wait_readable, 5}));
}

TEST(Wait, EndsAtItsTimeout) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, "(call $note (call $wait (local.get $call) (i32.const 1) (i64.const 1000000)))"),
            (Numbers{0}));
}

TEST(Wait, WithoutTimeOnlyLooks) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, R"(
    (call $note (call $wait (local.get $call) (i32.const 1) (i64.const 0)))
    (call $note (call $wait (local.get $call) (i32.const 3) (i64.const 0)))
    (call $note (call $wait (local.get $call) (i32.const 4) (i64.const 0))))"),
            (Numbers{0, wait_writable, INVALID}));
}

TEST(Wait, SaysCancelledAndSoDoesEverythingAfter) {
  Guest guest(module_text(declare_bidi, R"(
    (call $note (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $note (call $send (local.get $call) (i32.const 0) (i32.const 1)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 80) (i32.const 5)))
    (call $note (call $headers_send (local.get $call)))
    (call $note (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $log (i32.const 2) (i32.const 4096) (i32.const 24))
    (i32.const 0))"));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  call.client_cancels();
  ASSERT_TRUE(guest.finish_run().returned);
  std::string expected = "guest 2 ";
  for (int i = 0; i < 6; ++i) expected += "\\xfd\\xff\\xff\\xff";
  ASSERT_EQ(guest.log.lines.size(), 1U);
  EXPECT_EQ(guest.log.lines[0], expected) << "all answered CANCELLED (-3)";
}

TEST(Metadata, IsReadByKeyAndIndex) {
  TestCall call(MethodKind::bidi_stream);
  call.add_request_metadata("x-key", "first");
  call.add_request_metadata("other", "thing");
  call.add_request_metadata("x-key", "2nd");
  EXPECT_EQ(answers(call, R"(
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 1024) (i32.const 4)))
    (call $note (i32.load (i32.const 1024)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 1) (i32.const 1024) (i32.const 4)))
    (call $note (i32.load (i32.const 1024)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 2) (i32.const 1024) (i32.const 4)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const -1) (i32.const 1024) (i32.const 4))))"),
            (Numbers{5, 0, 3, 0x00646e32, ABSENT, INVALID}));
}

TEST(Metadata, IsListedInOrderWhenItFits) {
  TestCall call(MethodKind::bidi_stream);
  call.add_request_metadata("a", "1");
  call.add_request_metadata("b-bin", std::string_view("\0\xff", 2));
  Guest guest(module_text(declare_bidi, R"(
    (call $note (call $metadata_list (local.get $call) (i32.const 1024) (i32.const 24)))
    (drop (call $report (local.get $call)))
    (drop (call $send (local.get $call) (i32.const 1024) (call $metadata_list (local.get $call) (i32.const 1024) (i32.const 1000))))
    (i32.const 0))"));
  ASSERT_TRUE(guest.run(call).returned);
  const std::string expected("\1\0\0\0\1\0\0\0a1\5\0\0\0\2\0\0\0b-bin\0\xff", 25);
  ASSERT_EQ(call.messages().size(), 2U);
  EXPECT_EQ(numbers(call.messages()[0]), (Numbers{25}));
  EXPECT_EQ(call.messages()[1], expected);
}

TEST(Metadata, OfTheResponseIsAddedInTime) {
  TestCall call(MethodKind::bidi_stream);
  const std::string add = " (i32.const 64) (i32.const 5) (i32.const 80) (i32.const 5)))";
  EXPECT_EQ(answers(call, "(call $note (call $metadata_add (local.get $call) (i32.const 0)" + add +
                              "(call $note (call $metadata_add (local.get $call) (i32.const 1)" + add +
                              "(call $note (call $metadata_add (local.get $call) (i32.const 2)" + add +
                              "(call $note (call $headers_send (local.get $call)))"
                              "(call $note (call $metadata_add (local.get $call) (i32.const 0)" +
                              add + "(call $note (call $metadata_add (local.get $call) (i32.const 1)" + add),
            (Numbers{OK, OK, INVALID, OK, INVALID, OK}));
  EXPECT_EQ(call.headers().get("x-key"), "value");
  EXPECT_EQ(call.headers().size(), 1U);
  EXPECT_EQ(call.trailers().size(), 2U);
}

TEST(Metadata, WithABadKeyOrValueIsRefused) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(
      answers(call, R"(
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 200) (i32.const 5) (i32.const 80) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 210) (i32.const 11) (i32.const 80) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 80) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 230) (i32.const 3))))",
              R"((data (i32.const 200) "X-Key") (data (i32.const 210) "grpc-status") (data (i32.const 230) "a\nb"))"),
      (Numbers{INVALID, INVALID, INVALID, INVALID}));
}

TEST(Info, TellsPathAuthorityAndPeer) {
  TestCall call(MethodKind::bidi_stream);
  Guest guest(module_text(declare_bidi, R"(
    (drop (call $send (local.get $call) (i32.const 1024) (call $info (local.get $call) (i32.const 0) (i32.const 1024) (i32.const 100))))
    (drop (call $send (local.get $call) (i32.const 1024) (call $info (local.get $call) (i32.const 1) (i32.const 1024) (i32.const 100))))
    (drop (call $send (local.get $call) (i32.const 1024) (call $info (local.get $call) (i32.const 2) (i32.const 1024) (i32.const 100))))
    (call $note (call $info (local.get $call) (i32.const 3) (i32.const 1024) (i32.const 100)))
    (call $note (call $info (local.get $call) (i32.const 5) (i32.const 1024) (i32.const 100)))
    (call $note (call $info (local.get $call) (i32.const 1000) (i32.const 1024) (i32.const 100)))
    (call $note (call $info (local.get $call) (i32.const 2) (i32.const 1024) (i32.const 3)))
    (drop (call $report (local.get $call))) (i32.const 0))"));
  ASSERT_TRUE(guest.run(call).returned);
  const auto messages = call.messages();
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0], "/test.Service/Method");
  EXPECT_EQ(messages[1], "example.com");
  EXPECT_EQ(messages[2], "127.0.0.1:4711");
  EXPECT_EQ(numbers(messages[3]), (Numbers{ABSENT, ABSENT, INVALID, 14}));
}

TEST(Deadline, IsWhatIsLeft) {
  const std::string_view body =
      "(i64.store (i32.const 1024) (call $deadline (local.get $call)))"
      "(drop (call $send (local.get $call) (i32.const 1024) (i32.const 8))) (i32.const 0)";
  const auto left = [&](TestCall& call) {
    Guest guest(module_text(declare_bidi, body));
    EXPECT_TRUE(guest.run(call).returned);
    std::int64_t value = 0;
    std::memcpy(&value, call.messages().at(0).data(), sizeof(value));
    return value;
  };
  TestCall none(MethodKind::bidi_stream);
  EXPECT_EQ(left(none), std::numeric_limits<std::int64_t>::max());
  TestCall past(MethodKind::bidi_stream);
  past.set_deadline(rpc::Clock::now() - std::chrono::seconds(1));
  EXPECT_EQ(left(past), 0);
  TestCall soon(MethodKind::bidi_stream);
  soon.set_deadline(rpc::Clock::now() + std::chrono::hours(1));
  EXPECT_GT(left(soon), 3'000'000'000'000);
}

TEST(Log, EscapesControlCharactersAndCutsLongLines) {
  Guest guest(module_text(declare_bidi, R"(
    (call $log (i32.const 3) (i32.const 200) (i32.const 7))
    (call $log (i32.const 99) (i32.const 80) (i32.const 5))
    (call $log (i32.const -1) (i32.const 80) (i32.const 5))
    (call $log (i32.const 0) (i32.const 4096) (i32.const 20000))
    (i32.const 0))",
                          R"((data (i32.const 200) "a\nb\1b[1m"))"));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_TRUE(guest.run(call).returned);
  ASSERT_EQ(guest.log.lines.size(), 4U);
  EXPECT_EQ(guest.log.lines[0], "guest 3 a\\x0ab\\x1b[1m");
  EXPECT_EQ(guest.log.lines[1], "guest 4 value");
  EXPECT_EQ(guest.log.lines[2], "guest 4 value");
  EXPECT_EQ(guest.log.lines[3].size(), 8 + max_log_bytes * 4);
}

TEST(Pointers, OutsideMemoryTrapTheGuest) {
  const char* outside[] = {
      "(drop (call $recv (local.get $call) (i32.const 65530) (i32.const 7)))",
      "(drop (call $recv (local.get $call) (i32.const -1) (i32.const -1)))",
      "(drop (call $recv (local.get $call) (i32.const 0x80000000) (i32.const 0x80000000)))",
      "(drop (call $send (local.get $call) (i32.const 65536) (i32.const 1)))",
      "(drop (call $send (local.get $call) (i32.const 0) (i32.const 0x7fffffff)))",
      "(drop (call $finish (local.get $call) (i32.const 0) (i32.const 65535) (i32.const 2)))",
      "(drop (call $metadata_get (local.get $call) (i32.const 65535) (i32.const 9) (i32.const 0) (i32.const 0) "
      "(i32.const 0)))",
      "(drop (call $metadata_get (local.get $call) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 65535) "
      "(i32.const 9)))",
      "(drop (call $metadata_list (local.get $call) (i32.const 65535) (i32.const 9)))",
      "(drop (call $metadata_add (local.get $call) (i32.const 0) (i32.const -1) (i32.const 1) (i32.const 0) (i32.const "
      "1)))",
      "(drop (call $metadata_add (local.get $call) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const "
      "-1)))",
      "(drop (call $info (local.get $call) (i32.const 0) (i32.const 65536) (i32.const 1)))",
      "(call $log (i32.const 0) (i32.const 70000) (i32.const 1))",
      // A bad pointer traps even where the call id is bad too.
      "(drop (call $recv (i32.const 99) (i32.const 65530) (i32.const 7)))",
  };
  for (const char* body : outside) {
    EXPECT_NE(trap_of(body).find("outside its memory of 65536 bytes"), std::string::npos) << body;
  }
}

TEST(Pointers, ToTheEndOfMemoryAreInside) {
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("hello");
  EXPECT_EQ(answers(call, R"(
    (call $note (call $recv (local.get $call) (i32.const 65531) (i32.const 5)))
    (call $note (call $send (local.get $call) (i32.const 65536) (i32.const 0))))"),
            (Numbers{5, OK}));
}

TEST(Pointers, ReachMemoryThatHasGrown) {
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("hello");
  EXPECT_EQ(answers(call, R"(
    (drop (memory.grow (i32.const 1)))
    (call $note (call $recv (local.get $call) (i32.const 131067) (i32.const 5))))"),
            (Numbers{5}));
}

TEST(Traps, EndTheCallWithTheirReason) {
  EXPECT_NE(trap_of("(unreachable)").find("unreachable"), std::string::npos);
  EXPECT_NE(trap_of("(drop (i32.load (i32.const 100000)))").find("out of bounds"), std::string::npos);
  EXPECT_NE(trap_of("(drop (i32.div_s (i32.const 1) (i32.const 0)))").find("divide by zero"), std::string::npos);
}

TEST(Traps, HaveABacktrace) {
  Guest guest(module_text(declare_bidi, "(call $deep) (i32.const 0)", "(func $deep (unreachable))"));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_FALSE(guest.run(call).returned);
  const auto& frames = guest.instance->failure().backtrace;
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].substr(0, 4), "deep");
}

TEST(Traps, OfEndlessRecursionAreContained) {
  Guest guest(module_text(declare_bidi, "(call $deep) (i32.const 0)", "(func $deep (call $deep) (call $deep))"));
  TestCall call(MethodKind::bidi_stream);
  const auto outcome = guest.run(call);
  ASSERT_FALSE(outcome.returned);
  EXPECT_NE(outcome.failure.find("stack exhausted"), std::string::npos) << outcome.failure;
}

TEST(Slices, StopAnEndlessLoopSoThatItCanBeDropped) {
  wasm::EpochTicker ticker(engine());
  wasm::EpochTicker::Activity activity(ticker);
  Guest guest(module_text(declare_bidi, "(loop $l (br $l)) (i32.const 0)"));
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  activity.enter();
  EXPECT_EQ(guest.instance->poll(), wasm::Progress::sliced);
  EXPECT_EQ(guest.instance->poll(), wasm::Progress::sliced);
  activity.leave();
  guest.instance->drop();
  EXPECT_FALSE(guest.instance->running());
}

}  // namespace
}  // namespace wasm_grpc::abi
