// pantopic-ext: what differs from pantopic-push.
#include "abi/pantopic/ext.h"
#include "abi/pantopic_fixture.h"

namespace wasm_grpc::abi::pantopic {
namespace {

using rpc::MethodKind;
using rpc::StatusCode;
using Messages = std::vector<std::string>;

std::string unary(std::string_view body) { return function("__grpc_server_unary", body); }

std::string send_at(std::uint32_t address, std::uint32_t size) {
  return "(call $send_at (i32.const " + std::to_string(address) + ") (i32.const " + std::to_string(size) + "))";
}

void expect_has(std::string_view text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string_view::npos) << "\"" << text << "\" has no \"" << part << '"';
}

/// Calls a guest's one unary method with "hello".
struct Asked {
  explicit Asked(std::string_view body) : guest(ext_text(unary(body) + data(60'000, "elsewhere"))) {
    EXPECT_EQ(guest.error, "");
    ask(call, "hello");
    outcome = guest.run(call);
  }
  Guest guest;
  TestCall call{MethodKind::unary};
  Guest::Outcome outcome;
};

TEST(Ext, SendsFromAnywhereInItsMemory) {
  const Asked asked(send_at(60'000, 9));
  ASSERT_TRUE(asked.outcome.returned) << asked.outcome.failure;
  EXPECT_EQ(asked.call.messages(), Messages{"elsewhere"});
  EXPECT_EQ(asked.call.status().code, StatusCode::ok);
}

TEST(Ext, SendsFromItsMessageBufferToo) {
  EXPECT_EQ(Asked("(call $add (i32.const 1))" + send_at(place::message, 5)).call.messages(), Messages{"iello"});
}

TEST(Ext, AnEmptyMessageIsNowhere) {
  for (const std::uint32_t address : {0U, 65'536U, 0xffff'ffffU}) {
    const Asked asked(send_at(address, 0));
    ASSERT_TRUE(asked.outcome.returned) << asked.outcome.failure;
    EXPECT_EQ(asked.call.messages(), Messages{""});
  }
}

TEST(Ext, AnErrorsTextIsWhatIsSent) {
  const Asked asked("(call $code (i32.const 5))" + send_at(60'000, 9));
  ASSERT_TRUE(asked.outcome.returned) << asked.outcome.failure;
  EXPECT_EQ(asked.call.status().code, StatusCode::not_found);
  EXPECT_EQ(asked.call.status().message, "elsewhere");
  EXPECT_EQ(Asked("(call $code (i32.const 5))" + send_at(0, 0)).call.status().message,
            "the service failed with code 5");
}

TEST(Ext, AnErrorLeftBehindHasItsTextInTheMessageBuffer) {
  const Asked asked("(call $code (i32.const 5)) (call $len (i32.const 4))");
  EXPECT_EQ(asked.call.status().code, StatusCode::not_found);
  EXPECT_EQ(asked.call.status().message, "hell");
}

TEST(Ext, ASecondAnswerIsRefusedByAnErrorCode) {
  const Asked asked(send_at(60'000, 4) + send_at(60'000, 9) +
                    "(if (i32.ne (i32.load (i32.const 80)) (i32.const 9)) (then unreachable))");
  ASSERT_TRUE(asked.outcome.returned) << asked.outcome.failure;
  EXPECT_EQ(asked.call.messages(), Messages{"else"});
}

TEST(Ext, AMessageWithoutRoomIsAnInvalidArgument) {
  Guest guest(ext_text(unary("unreachable")));
  TestCall call(MethodKind::unary);
  ask(call, std::string(257, 'x'));
  EXPECT_EQ(guest.binding->begin_call(call, 0), CallStep::over);
  EXPECT_EQ(call.status().code, StatusCode::invalid_argument);
  expect_has(call.status().message, "has 257 bytes; the service has room for 256");
}

// Each message from another place, so that one which has waited is seen to be the right one.
TEST(Ext, WhatAGuestSendsToASlowReaderIsWhatItSaid) {
  Description description;
  description.services = "/test.Service/s.Method";
  Guest guest(ext_text(function("__grpc_server_server_stream_open", R"((local $at i32)
    (loop $again
      (i32.store8 (i32.add (i32.const 8192) (local.get $at)) (i32.add (i32.const 48) (local.get $at)))
      (call $send_at (i32.add (i32.const 8192) (local.get $at)) (i32.const 32768))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 10)))))"),
                       description));
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::server_stream);
  ask(call, "");
  ASSERT_EQ(guest.binding->begin_call(call, 0), CallStep::fiber);
  ASSERT_EQ(guest.instance->poll(), wasm::Progress::suspended);
  EXPECT_EQ(guest.instance->suspension().interests, interest::writable | interest::cancelled);
  wasm::Progress progress{};
  do call.client_reads_everything();
  while ((progress = guest.instance->poll()) == wasm::Progress::suspended);
  ASSERT_EQ(progress, wasm::Progress::done);
  EXPECT_EQ(guest.binding->continue_call(), CallStep::over);
  const Messages messages = call.messages();
  ASSERT_EQ(messages.size(), 10U);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].size(), 32768U);
    EXPECT_EQ(messages[i][0], static_cast<char>('0' + i));
  }
}

// ---- Hostile guests ----

TEST(HostileExt, SendingWhatIsOutsideItsMemoryTraps) {
  struct Range {
    std::uint32_t address;
    std::uint32_t size;
  };
  for (const Range& range : {Range{65'536, 1}, Range{65'535, 2}, Range{0, 65'537}, Range{1, 0xffff'ffff},
                             Range{0xffff'ffff, 1}, Range{0xffff'ffff, 0xffff'ffff}}) {
    const Asked asked(send_at(range.address, range.size));
    ASSERT_FALSE(asked.outcome.returned);
    expect_has(asked.outcome.failure, "it sends " + std::to_string(range.size) + " bytes at " +
                                          std::to_string(range.address) +
                                          ", which are not inside its memory of 65536 bytes");
    EXPECT_TRUE(asked.call.messages().empty());
  }
  EXPECT_EQ(Asked(send_at(65'535, 1)).call.messages(), Messages{std::string(1, '\0')}) << "its last byte";
}

TEST(HostileExt, AnErrorWithATextOutsideItsMemoryIsAStatusWithoutIt) {
  const Asked asked("(call $code (i32.const 3))" + send_at(65'535, 2));
  ASSERT_TRUE(asked.outcome.returned) << asked.outcome.failure;
  EXPECT_EQ(asked.call.status().code, StatusCode::internal);
  expect_has(asked.call.status().message, "it sends 2 bytes at 65535");
}

TEST(HostileExt, SendingInTheStartTraps) {
  expect_has(Guest(ext_text(unary("") + function("_start", send_at(0, 1)))).error, "sends while it serves no call");
}

TEST(HostileExt, SendingInAnHttpExchangeTraps) {
  Description description;
  description.services = "";
  Guest guest(ext_text(function("__grpc_server_http", send_at(0, 1)), description));
  TestCall call(MethodKind::http, "/");
  call.client_asks_for("GET", "/");
  call.client_ends();
  expect_has(guest.run(call).failure, "it sends in an HTTP exchange");
}

// ---- Modules ----

std::string_view abi_of(const std::string& text) {
  const auto module = wasm::Module::compile(engine(), "guest", std::as_bytes(std::span(text)));
  if (!module.ok()) return "none: it does not compile";
  const auto abi = detect(*module.value());
  return abi.ok() ? abi.value()->name() : "none: it is refused";
}

TEST(ExtModule, IsToldFromTheOldOneByWhatItImports) {
  EXPECT_EQ(abi_of(ext_text(unary(""))), "pantopic-ext");
  EXPECT_EQ(abi_of(push_text(unary(""))), "pantopic-push");
  EXPECT_EQ(abi_of("(module " + described("__grpc_server") + unary("") + ")"), "pantopic-push") << "it imports neither";
  EXPECT_EQ(abi_of(pull_text("")), "pantopic-pull");
}

TEST(ExtModule, MayImportTheFunctionUnderItsOldName) {
  const std::string text = ext_text(unary(send_at(60'000, 3)) + data(60'000, "old"), {}, "pantopic/wazero-grpc-server");
  EXPECT_EQ(abi_of(text), "pantopic-ext");
  Guest guest(text);
  ASSERT_EQ(guest.error, "");
  TestCall call(MethodKind::unary);
  ask(call, "");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.messages(), Messages{"old"});
}

TEST(ExtModule, KeepsToOneAbi) {
  std::string both = ext_text(unary(""));
  both.insert(both.find('(', 1), R"((import "pantopic/wazero-grpc-server" "__grpc_server_send" (func)))");
  expect_has(Guest(both).error,
             "it speaks ABI pantopic-ext and imports "
             "\"pantopic/wazero-grpc-server.__grpc_server_send\" of ABI pantopic-push");
  std::string ours = module_text("", "(i32.const 0)");
  ours.insert(ours.find('(', 1), R"((import "pantopic/ext-grpc-server" "__grpc_server_send" (func (param i64))))");
  expect_has(Guest(ours).error,
             "it speaks ABI wasm_grpc_1 and imports \"pantopic/ext-grpc-server.__grpc_server_send\"");
}

TEST(ExtModule, IsToldWhatItLacks) {
  expect_has(Guest(R"((module (import "pantopic/ext-grpc-server" "__grpc_server_send" (func (param i64)))))").error,
             "it speaks ABI pantopic-ext but lacks the exports \"memory\", \"__grpc_server\"");
}

TEST(ExtModule, IsToldWhichTypesTheFunctionHas) {
  const std::string text =
      "(module (import \"pantopic/wazero-grpc-server\" \"__grpc_server_send\" (func (param i32)))" +
      described("__grpc_server") + unary("") + ")";
  expect_has(Guest(text).error, "this host offers it as a function () -> () or (i64) -> ()");
}

}  // namespace
}  // namespace wasm_grpc::abi::pantopic
