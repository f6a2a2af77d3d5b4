// ABI 1: `compress`, and the encoding of messages.

#include "abi/guest_fixture.h"
#include "abi/v1/numbers.h"

namespace wasm_grpc::abi {
namespace {

using namespace v1;
using Numbers = std::vector<std::int32_t>;

/// Runs `body`, which notes answers, in a bidirectional call; what it noted is the last message.
Numbers answers(TestCall& call, std::string_view body) {
  Guest guest(module_text("(drop (call $declare (i32.const 3)))",
                          std::string(body) + "(drop (call $compress (local.get $call) (i32.const 0)))"
                                              "(drop (call $report (local.get $call))) (i32.const 0)"));
  EXPECT_EQ(guest.error, "");
  const auto outcome = guest.run(call);
  EXPECT_TRUE(outcome.returned) << outcome.failure;
  const auto messages = call.messages();
  return messages.empty() ? Numbers{} : numbers(messages.back());
}

constexpr std::string_view on = "(call $note (call $compress (local.get $call) (i32.const 1)))";
constexpr std::string_view off = "(call $note (call $compress (local.get $call) (i32.const 0)))";
constexpr std::string_view encoding =
    "(call $note (call $info (local.get $call) (i32.const 4) (i32.const 1024) (i32.const 8)))"
    "(call $note (i32.load (i32.const 1024)))";
constexpr std::string_view recv = "(call $note (call $recv (local.get $call) (i32.const 2048) (i32.const 1000)))";

TEST(Compress, SaysWhetherMessagesAreCompressedFromHereOn) {
  TestCall call(rpc::MethodKind::bidi_stream);
  call.client_accepts("gzip");
  EXPECT_EQ(answers(call, std::string(on).append(on).append(off).append(on)), (Numbers{1, 1, 0, 1}));
  EXPECT_EQ(call.announced(), rpc::Encoding::gzip);
}

TEST(Compress, IsZeroForAClientThatAcceptsNone) {
  TestCall call(rpc::MethodKind::bidi_stream);
  EXPECT_EQ(answers(call, on), Numbers{0});
}

TEST(Compress, MarksTheMessagesSentWhileItIsOn) {
  TestCall call(rpc::MethodKind::bidi_stream);
  call.client_accepts("deflate");
  const std::string send = "(call $note (call $send (local.get $call) (i32.const 80) (i32.const 5)))";
  EXPECT_EQ(answers(call, std::string(on) + send + std::string(off) + send), (Numbers{1, 0, 0, 0}));
  EXPECT_EQ(call.flags(), (std::vector<int>{1, 0, 0}));
  EXPECT_EQ(call.messages()[0].substr(0, 1), "\x78");  // zlib's form
  EXPECT_EQ(call.messages()[1], "value");
}

TEST(Compress, IsInvalidOnceTheHeadersLeftWithoutAnnouncingIt) {
  TestCall call(rpc::MethodKind::bidi_stream);
  call.client_accepts("gzip");
  EXPECT_EQ(answers(call, "(call $note (call $headers_send (local.get $call)))" + std::string(on) + std::string(off)),
            (Numbers{OK, INVALID, 0}));
}

TEST(Compress, KnowsOnAndOffOnly) {
  TestCall call(rpc::MethodKind::bidi_stream);
  call.client_accepts("gzip");
  EXPECT_EQ(answers(call, R"(
    (call $note (call $compress (local.get $call) (i32.const 2)))
    (call $note (call $compress (local.get $call) (i32.const -1)))
    (call $note (call $compress (i32.const 99) (i32.const 1))))"),
            (Numbers{INVALID, INVALID, CLOSED}));
}

TEST(Info, TellsTheEncodingOfTheLastMessageReceived) {
  TestCall call(rpc::MethodKind::bidi_stream);
  call.client_compresses_by(rpc::Encoding::gzip);
  call.client_sends("plain");
  // "hello" by gzip.
  call.client_sends(std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x05\x00\xfa\xff"
                                "hello\x86\xa6\x10\x36\x05\x00\x00\x00",
                                28),
                    '\1');
  const std::string ask(encoding);
  EXPECT_EQ(answers(call, ask + std::string(recv) + ask + std::string(recv) + ask +
                              "(call $note (i32.load (i32.const 2048)))"),
            (Numbers{ABSENT, 0, 5, 8, 0x6e656469, 5, 4, 0x70697a67, 0x6c6c6568}));
}

TEST(Recv, SaysCancelledForAMessageThatCannotBeDecompressed) {
  TestCall call(rpc::MethodKind::bidi_stream);
  call.client_compresses_by(rpc::Encoding::gzip);
  call.client_sends("not gzip", '\1');
  Guest guest(module_text("(drop (call $declare (i32.const 3)))",
                          "(i32.sub (i32.const 0) (call $recv (local.get $call) (i32.const 2048) (i32.const 1000)))"));
  ASSERT_EQ(guest.error, "");
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(call.status().code, rpc::StatusCode::internal);  // rather than 3, which the guest makes of CANCELLED
  EXPECT_TRUE(call.cancelled());
}

}  // namespace
}  // namespace wasm_grpc::abi
