// ABI 1: HTTP.
#include "abi/guest_fixture.h"

namespace wasm_grpc::abi {
namespace {

// The path is "/test" for itself, the kind HTTP.
constexpr std::string_view declare_http =
    "(drop (call $method (i32.const 0) (i32.const 5) (i32.const 4) (i32.const 0) (i32.const 7)))";

class HttpTest : public testing::Test {
 protected:
  HttpTest() { call_.client_asks_for("PATCH", "/test/a?b=c"); }
  /// Runs a guest with that body.
  void run(std::string_view body) {
    Guest guest(module_text(declare_http, body));
    ASSERT_EQ(guest.error, "");
    const auto outcome = guest.run(call_);
    EXPECT_TRUE(outcome.returned) << outcome.failure;
  }

  TestCall call_{rpc::MethodKind::http, "/test"};
};

TEST_F(HttpTest, IsDeclaredByAPathAndTheKind) {
  Guest guest(module_text(declare_http, "(i32.const 0)"));
  ASSERT_EQ(guest.error, "");
  const std::vector<DeclaredMethod> expected = {{"/test", rpc::MethodKind::http, 7}};
  EXPECT_EQ(guest.binding->declaration().methods, expected);
}

TEST_F(HttpTest, APathThatIsNoneIsRefused) {
  // "test", without the slash.
  Guest guest(module_text("(drop (call $method (i32.const 1) (i32.const 4) (i32.const 4) (i32.const 0) (i32.const 7)))",
                          "(i32.const 0)"));
  EXPECT_NE(guest.error.find("a path of HTTP is / or /segment/segment"), std::string::npos) << guest.error;
}

TEST_F(HttpTest, AModuleOfHttpHasNoService) {
  Guest guest(module_text(
      std::string(declare_http) + R"((call $note (call $health_set (i32.const 1) (i32.const 4) (i32.const 1))))",
      "(drop (call $report (local.get $call))) (i32.const 0)"));
  ASSERT_EQ(guest.error, "");
  EXPECT_TRUE(guest.run(call_).returned);
  EXPECT_EQ(numbers(call_.body()), (std::vector<std::int32_t>{-4}));
}

TEST_F(HttpTest, InfoTellsMethodAndTarget) {
  run(R"(
    (drop (call $send (local.get $call) (i32.const 512)
                      (call $info (local.get $call) (i32.const 5) (i32.const 512) (i32.const 64))))
    (drop (call $send (local.get $call) (i32.const 512)
                      (call $info (local.get $call) (i32.const 0) (i32.const 512) (i32.const 64))))
    (i32.const 0))");
  EXPECT_EQ(call_.body(), "PATCH/test/a?b=c");
  EXPECT_TRUE(call_.status().ok());
}

TEST_F(HttpTest, InfoTellsNoMethodOfGrpc) {
  TestCall call(rpc::MethodKind::unary);
  Guest guest(module_text("(drop (call $declare (i32.const 0)))", R"(
    (call $note (call $info (local.get $call) (i32.const 5) (i32.const 512) (i32.const 64)))
    (call $note (call $http_status (local.get $call) (i32.const 200)))
    (drop (call $report (local.get $call)))
    (i32.const 0))"));
  call.client_sends("x");
  call.client_ends();
  ASSERT_TRUE(guest.run(call).returned);
  EXPECT_EQ(numbers(call.messages().at(0)), (std::vector<std::int32_t>{-4, -6})) << "ABSENT, INVALID";
}

TEST_F(HttpTest, PiecesOfTheBodyAreReceivedUntilItsEnd) {
  call_.client_sends_body("one");
  call_.client_sends_body("two");
  call_.client_sends_body(std::string(20'000, 'x'));
  call_.client_ends();
  run(R"(
    (call $note (call $recv (local.get $call) (i32.const 8192) (i32.const 20000)))
    (call $note (call $recv (local.get $call) (i32.const 8192) (i32.const 20000)))
    (call $note (call $recv (local.get $call) (i32.const 8192) (i32.const 20000)))
    (drop (call $report (local.get $call)))
    (i32.const 0))");
  EXPECT_EQ(numbers(call_.body()), (std::vector<std::int32_t>{16'384, 20'006 - 16'384, -1}))
      << "what was not taken is one piece, 16 KiB at most";
  EXPECT_EQ(call_.consumed(), 20'006u);
}

TEST_F(HttpTest, StatusAndHeadersAreTheGuests) {
  run(R"(
    (call $note (call $http_status (local.get $call) (i32.const 199)))
    (call $note (call $http_status (local.get $call) (i32.const 600)))
    (call $note (call $http_status (local.get $call) (i32.const 418)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5)
                                    (i32.const 80) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5)
                                    (i32.const 80) (i32.const 5)))
    (drop (call $report (local.get $call)))
    (i32.store (i32.const 256) (call $http_status (local.get $call) (i32.const 200)))
    (drop (call $send (local.get $call) (i32.const 256) (i32.const 4)))
    (i32.const 0))");
  EXPECT_EQ(numbers(call_.body()), (std::vector<std::int32_t>{-6, -6, 0, 0, -6, -6}));
  EXPECT_EQ(call_.http_status(), 418);
  EXPECT_EQ(call_.headers().get("x-key"), "value");
}

TEST_F(HttpTest, FieldsOfTheProtocolAreTheHosts) {
  for (const char* name : {"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer",
                           "te", ":status", "Upper", "grpc-status"}) {
    EXPECT_FALSE(call_.add_header(name, "1")) << name;
  }
  EXPECT_TRUE(call_.add_header("content-type", "text/html"));
  EXPECT_FALSE(call_.add_header("x", "line\r\nbreak"));
}

TEST_F(HttpTest, AFailureIsAStatusOfHttpOrBreaksTheAnswerOff) {
  run("(i32.const 5)");
  EXPECT_EQ(call_.http_status(), 404);
  EXPECT_EQ(call_.status().code, rpc::StatusCode::not_found);
  EXPECT_EQ(call_.body(), "");
  EXPECT_FALSE(call_.broken_off());

  TestCall begun(rpc::MethodKind::http, "/test");
  EXPECT_EQ(begun.send_headers(), rpc::SendResult::ok);
  EXPECT_EQ(begun.finish({rpc::StatusCode::unavailable, "gone"}), rpc::SendResult::ok);
  EXPECT_TRUE(begun.broken_off());
  EXPECT_EQ(begun.http_status(), 200);
}

}  // namespace
}  // namespace wasm_grpc::abi
