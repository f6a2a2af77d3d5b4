#include "abi/pantopic/pull.h"
#include "abi/pantopic_fixture.h"

namespace wasm_grpc::abi::pantopic {
namespace {

using rpc::MethodKind;
using rpc::StatusCode;
using Messages = std::vector<std::string>;

Description of_kind(std::string_view letter) {
  Description description;
  description.services = "/test.Service/" + std::string(letter) + ".Method";
  return description;
}

TEST(Pull, TheAnswerOfAUnaryCallIsWhatIsInTheBuffer) {
  Guest guest(pull_text("(call $add (i32.const 1))"));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages(), Messages{"iello"});
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(Pull, AnAnswerThatWasSentIsNotSentAgain) {
  Guest guest(pull_text("(call $send)"));
  TestCall call(MethodKind::unary);
  ask(call, "once");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages(), Messages{"once"});
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(Pull, ReceivingSuspendsUntilAMessageArrives) {
  Guest guest(pull_text("(loop $again (call $send) (call $recv) (br_if $again (i32.eqz (i32.load (i32.const 80)))))",
                        of_kind("b")));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::waits) << "for the first message";
  call.client_sends("one");
  ASSERT_EQ(guest.binding->continue_call(), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  EXPECT_EQ(guest.instance->suspension().interests, interest::readable)
      << "a cancellation would look like the end of the messages: a guest is not told of it, but dropped";
  call.client_sends("two");
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  call.client_ends();
  ASSERT_TRUE(guest.finish_run().returned);
  EXPECT_EQ(call.messages(), (Messages{"one", "two"}));
  EXPECT_EQ(call.status().code, StatusCode::ok) << "the code that says the messages have ended is no error";
}

TEST(Pull, AStreamWithoutMessagesBeginsAtItsEnd) {
  Guest guest(pull_text(R"((if (i32.ne (i32.load (i32.const 80)) (i32.const 1)) (then unreachable))
                           (if (i32.load (i32.const 76)) (then unreachable)))",
                        of_kind("c")));
  TestCall call(MethodKind::client_stream);
  call.client_ends();
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages(), Messages{""});
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(Pull, AMessageWithoutRoomEndsTheCallAndTheMessages) {
  Guest guest(
      pull_text("(call $recv) (if (i32.ne (i32.load (i32.const 80)) (i32.const 1)) (then unreachable))", of_kind("c")));
  TestCall call(MethodKind::client_stream);
  call.client_sends("fits");
  call.client_sends(std::string(257, 'x'));
  call.client_ends();
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.status().code, StatusCode::resource_exhausted);
  EXPECT_EQ(call.messages(), Messages{});
}

TEST(Pull, DoneIsNoErrorOnlyAfterTheMessagesHaveEnded) {
  Guest guest(pull_text("(call $code (i32.const 1))"));
  TestCall call(MethodKind::unary);
  ask(call, "why");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.status().code, StatusCode::unknown);
  EXPECT_EQ(call.status().message, "why");
}

TEST(Pull, CodesWithoutATextSayTheirName) {
  const std::pair<int, std::string_view> names[] = {{3, "invalid"},   {4, "unrecognized"}, {5, "not implemented"},
                                                    {6, "malformed"}, {7, "unexpected"},   {8, "marshal"},
                                                    {2, "unknown"},   {9, "unknown"},      {-1, "unknown"}};
  for (const auto& [code, name] : names) {
    Guest guest(pull_text("(call $code (i32.const " + std::to_string(code) + ")) (call $len (i32.const 0))"));
    TestCall call(MethodKind::unary);
    ask(call, "");
    ASSERT_TRUE(guest.run(call).returned);
    EXPECT_EQ(call.status().message, name);
  }
}

TEST(HostilePull, LengthsBeyondTheBufferAreNotRead) {
  Guest sends(pull_text("(call $len (i32.const 257)) (call $send)"));
  TestCall call(MethodKind::unary);
  ask(call, "");
  EXPECT_NE(sends.run(call).failure.find("it gives 257 bytes in its message buffer of 256"), std::string::npos);

  Guest returns(pull_text("(call $len (i32.const -1))"));
  TestCall other(MethodKind::unary);
  ask(other, "");
  ASSERT_TRUE(returns.run(other).returned);
  EXPECT_EQ(other.status().code, StatusCode::internal);
}

TEST(HostilePull, ReceivingIntoABufferThatLeftTheMemoryEndsTheCall) {
  Guest guest(pull_text("(i32.store (i32.const 72) (i32.const -1)) (call $recv)", of_kind("b")));
  TestCall call(MethodKind::bidi_stream);
  call.client_sends("one");
  call.client_sends("two");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.status().code, StatusCode::internal);
}

TEST(HostilePull, ReceivingInTheStartTraps) {
  std::string text = pull_text("");
  text.insert(text.rfind(')'), function("_initialize", "(call $recv)"));
  EXPECT_NE(Guest(text).error.find("receives while it serves no call"), std::string::npos);
}

TEST(PullModule, LacksExports) {
  EXPECT_EQ(Guest("(module (import \"grpc\" \"Send\" (func)) (memory (export \"memory\") 1))").error,
            "it speaks ABI pantopic-pull but lacks the exports \"__grpcServerInit\", \"__grpcServerCall\"");
}

}  // namespace
}  // namespace wasm_grpc::abi::pantopic
