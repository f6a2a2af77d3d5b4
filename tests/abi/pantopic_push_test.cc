#include "abi/pantopic/push.h"
#include "abi/pantopic_fixture.h"

namespace wasm_grpc::abi::pantopic {
namespace {

using rpc::MethodKind;
using rpc::StatusCode;
using Messages = std::vector<std::string>;

constexpr std::string_view echo = "(call $send)";

std::string unary(std::string_view body) { return function("__grpc_server_unary", body); }

/// How the text of a load error, or of a trap or status, is looked for.
void expect_has(std::string_view text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string_view::npos) << "\"" << text << "\" has no \"" << part << '"';
}

// ---- What a guest is told, and what it says ----

TEST(Push, HandsOverMethodAndMessageAndTakesTheAnswer) {
  Guest guest(push_text(unary(R"(
    (if (i32.ne (i32.load (i32.const 68)) (i32.const 20)) (then unreachable))
    (if (i32.ne (i32.load8_u (i32.const 128)) (i32.const 47)) (then unreachable))  ;; a slash
    (if (i32.ne (i32.load8_u (i32.const 147)) (i32.const 100)) (then unreachable))  ;; the last d of Method
    (if (i32.ne (i32.load (i32.const 80)) (i32.const 0)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 76)) (i32.const 5)) (then unreachable))
    (call $add (i32.const 1)) (call $send))")));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages(), Messages{"iello"});
  EXPECT_EQ(call.status().code, StatusCode::ok);
  EXPECT_EQ(call.consumed(), 10U) << "the client may send more";
}

TEST(Push, ErrorCodesAreGrpcsAndOthersAreUnknown) {
  for (const int code : {1, 16, 17, -1}) {
    Guest guest(push_text(unary("(call $code (i32.const " + std::to_string(code) + ")) (call $send)")));
    TestCall call(MethodKind::unary);
    ask(call, "why");
    ASSERT_TRUE(guest.run(call).returned);
    EXPECT_EQ(call.status().code, code > 0 && code < 17 ? static_cast<StatusCode>(code) : StatusCode::unknown);
    EXPECT_EQ(call.status().message, "why");
  }
}

TEST(Push, AnErrorLeftBehindIsAStatusToo) {
  Guest guest(push_text(unary("(call $code (i32.const 5)) (call $len (i32.const 0))")));
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.status().code, StatusCode::not_found);
  EXPECT_EQ(call.status().message, "the service failed with code 5") << "it gave no text";
}

TEST(Push, ASecondAnswerIsRefusedByAnErrorCode) {
  Guest guest(push_text(unary(R"((call $send)
    (call $send) (if (i32.ne (i32.load (i32.const 80)) (i32.const 9)) (then unreachable)))")));
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages(), Messages{"hello"});
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(Push, OpensAStreamBeforeItsFirstMessageAndClosesItAtItsEnd) {
  Description description;
  description.services = "/test.Service/b.Method";
  // Each export sends its letter; recv, what it was sent.
  const auto letter = [](std::string_view name, char c) {
    return function("__grpc_server_bidirectional_" + std::string(name),
                    "(i32.store8 (i32.const 4096) (i32.const " + std::to_string(int{c}) +
                        ")) (call $len (i32.const 1)) (call $send)");
  };
  Guest guest(push_text(letter("open", 'o') + letter("close", 'c') + function("__grpc_server_bidirectional_recv", echo),
                        description));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::done);
  ASSERT_EQ(guest.binding->continue_call(), CallStep::waits);
  EXPECT_EQ(call.messages(), Messages{"o"});

  call.client_sends("one");
  ASSERT_EQ(guest.binding->continue_call(), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::done);
  ASSERT_EQ(guest.binding->continue_call(), CallStep::waits);
  call.client_sends("two");
  call.client_ends();
  ASSERT_EQ(guest.binding->continue_call(), CallStep::fiber);
  ASSERT_TRUE(guest.finish_run().returned);
  EXPECT_EQ(call.messages(), (Messages{"o", "one", "two", "c"}));
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(Push, DoesWithoutTheExportsThatOpenAndClose) {
  Description description;
  description.services = "/test.Service/b.Method";
  Guest guest(push_text(function("__grpc_server_bidirectional_recv", echo), description));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::bidi_stream);
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::waits);
  call.client_sends("one");
  ASSERT_EQ(guest.binding->continue_call(), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::done);
  call.client_ends();
  EXPECT_EQ(guest.binding->continue_call(), CallStep::over);
  EXPECT_EQ(call.messages(), Messages{"one"});
  EXPECT_EQ(call.status().code, StatusCode::ok);
}

TEST(Push, HoldsUpAGuestThatSendsMoreThanIsRead) {
  Description description;
  description.services = "/test.Service/s.Method";
  description.message_capacity = 32768;
  Guest guest(push_text(function("__grpc_server_server_stream_open", R"((local $left i32)
    (local.set $left (i32.const 10))
    (call $len (i32.const 32768))
    (loop $again
      (call $send)
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left))))"),
                        description));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::server_stream);
  ask(call, "");
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  EXPECT_EQ(guest.instance->suspension().interests, interest::writable | interest::cancelled);
  EXPECT_EQ(call.messages().size(), 2U);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  wasm::Progress progress{};
  do call.client_reads_everything();
  while ((progress = guest.instance->poll()) == wasm::Progress::suspended);
  ASSERT_EQ(progress, wasm::Progress::done);
  EXPECT_EQ(guest.binding->continue_call(), CallStep::over);
  EXPECT_EQ(call.messages().size(), 10U);
}

TEST(Push, TellsAGuestThatSendsOfACancellation) {
  Description description;
  description.services = "/test.Service/s.Method";
  description.message_capacity = 32768;
  Guest guest(push_text(function("__grpc_server_server_stream_open", R"(
    (call $len (i32.const 32768))
    (loop $again (call $send) (br_if $again (i32.eqz (i32.load (i32.const 80)))))
    (if (i32.ne (i32.load (i32.const 80)) (i32.const 1)) (then unreachable)))"),
                        description));
  TestCall call(MethodKind::server_stream);
  ask(call, "");
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  call.client_cancels();
  EXPECT_TRUE(guest.finish_run().returned);
}

// ---- Hostile guests ----

TEST(HostilePush, PointersOutsideTheMemoryFailTheStart) {
  for (std::size_t i = 0; i < 7; ++i) {
    for (const std::uint32_t address : {65537U, 0xffffffffU}) {
      Description description;
      description.table[i] = address;
      expect_has(Guest(push_text(unary(echo), description)).error, std::to_string(address));
    }
  }
  Description description;
  for (const std::uint32_t address : {65536U - 27, 0xffffffffU}) {
    description.address = address;
    expect_has(Guest(push_text(unary(echo), description)).error, "table of seven pointers is at");
  }
}

TEST(HostilePush, BuffersThatReachOutOfTheMemoryFailTheStart) {
  Description description;
  description.message_capacity = 65536 - place::message + 1;
  expect_has(Guest(push_text(unary(echo), description)).error,
             "its message buffer of 61441 bytes at 4096 is not inside");
  description.message_capacity = 256;
  description.method_capacity = 0xffffffff;
  expect_has(Guest(push_text(unary(echo), description)).error, "its method buffer of 4294967295 bytes");
  description.method_capacity = 19;
  expect_has(Guest(push_text(unary(echo), description)).error, "has no room for /test.Service/Method");
}

TEST(HostilePush, AListLongerThanItsBufferFailsTheStart) {
  Description description;
  description.message_capacity = 10;
  expect_has(Guest(push_text(unary(echo), description)).error, "it gives 22 bytes in its message buffer of 10");
}

TEST(HostilePush, AListThatChangesFailsTheStart) {
  Declaration other;
  other.methods = {{"/test.Service/Other", MethodKind::unary, 0, Style::handler}};
  expect_has(Guest(push_text(unary(echo)), &other).error, "not the one it had when it was loaded");
}

TEST(HostilePush, ALengthBeyondTheBufferTrapsTheGuestThatSendsIt) {
  Guest guest(push_text(unary("(call $len (i32.const 257)) (call $send)")));
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  expect_has(guest.run(call).failure, "it gives 257 bytes in its message buffer of 256");
}

TEST(HostilePush, ABufferThatGrowsOutOfTheMemoryIsNotRead) {
  Guest guest(push_text(unary(R"((i32.store (i32.const 72) (i32.const -1))
                                 (call $len (i32.const 1000000)) (call $send))")));
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  expect_has(guest.run(call).failure, "is not inside its memory");
  Guest later(push_text(unary("(call $send) (i32.store (i32.const 72) (i32.const -1))")));
  TestCall first(MethodKind::unary);
  ask(first, "hello");
  ASSERT_TRUE(later.run(first).returned);
  EXPECT_EQ(first.status().code, StatusCode::ok);
  TestCall second(MethodKind::unary);
  ask(second, "hello");
  EXPECT_EQ(later.binding->begin_call(second, 0), CallStep::over);
  EXPECT_EQ(second.status().code, StatusCode::internal);
  expect_has(second.status().message, "is not inside its memory");
}

TEST(HostilePush, AMessageWithoutRoomIsRefusedBeforeTheGuestRuns) {
  Guest guest(push_text(unary("unreachable")));
  TestCall call(MethodKind::unary);
  ask(call, std::string(257, 'x'));
  EXPECT_EQ(guest.binding->begin_call(call, 0), CallStep::over);
  EXPECT_EQ(call.status().code, StatusCode::resource_exhausted);
  expect_has(call.status().message, "has 257 bytes; the service has room for 256");
}

TEST(HostilePush, AnErrorWithAnImpossibleTextIsAStatusWithoutIt) {
  Guest guest(push_text(unary("(call $code (i32.const 3)) (call $len (i32.const -1)) (call $send)")));
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.status().code, StatusCode::internal);
  expect_has(call.status().message, "it gives 4294967295 bytes");
}

TEST(HostilePush, SendingInTheStartTraps) {
  expect_has(Guest(push_text(unary(echo) + function("_start", echo))).error, "sends while it serves no call");
}

TEST(HostilePush, BuffersMayLieInEachOther) {
  Description description;
  description.table.fill(place::message);
  description.services = "";
  EXPECT_NE(Guest(push_text(unary(echo), description)).error, "");
  description = {};
  description.table[1] = place::message;  // the method's length in the message
  description.table[6] = place::message + 4;
  Guest guest(push_text(unary("(call $send)"), description));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::unary);
  ask(call, "hello");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_TRUE(call.finished());
}

// ---- Modules ----

TEST(PushModule, IsRecognisedByItsExportOrItsImport) {
  expect_has(Guest("(module (func (export \"__grpc_server\") (result i32) (i32.const 0)))").error,
             "it speaks ABI pantopic-push but lacks the exports \"memory\"");
  expect_has(Guest("(module (import \"pantopic/wazero-grpc-server\" \"__grpc_server_send\" (func)))").error,
             "it speaks ABI pantopic-push but lacks the exports \"memory\", \"__grpc_server\"");
}

TEST(PushModule, LacksTheExportForAMethodItNames) {
  expect_has(Guest(push_text("")).error, "the method /test.Service/Method and no export \"__grpc_server_unary\"");
}

TEST(PushModule, HasExportsOfOtherTypes) {
  expect_has(Guest(push_text(function("__grpc_server_unary", "(param i32)"))).error,
             "a function (i32) -> (); ABI pantopic-push expects a function () -> ()");
}

TEST(PushModule, KeepsToOneAbi) {
  const std::string both = R"((module (import "grpc" "Recv" (func)))" + described("__grpc_server") + unary("") + ")";
  expect_has(Guest(both).error, "it speaks ABI pantopic-push and imports \"grpc.Recv\" of ABI pantopic-pull");
  const std::string ours = R"((module (import "wasm_grpc_1" "send" (func (param i32 i32 i32) (result i32))))" +
                           described("__grpc_server") + unary("") + ")";
  expect_has(Guest(ours).error, "it speaks ABI wasm_grpc_1 but lacks the exports");
  std::string theirs = module_text("", "(i32.const 0)");
  theirs.insert(theirs.find('(', 1), R"((import "pantopic/wazero-grpc-server" "__grpc_server_send" (func)))");
  expect_has(Guest(theirs).error,
             "it speaks ABI wasm_grpc_1 and imports \"pantopic/wazero-grpc-server.__grpc_server_send\"");
}

}  // namespace
}  // namespace wasm_grpc::abi::pantopic
