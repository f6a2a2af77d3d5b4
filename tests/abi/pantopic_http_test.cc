// pantopic-push: HTTP.
#include "abi/pantopic_fixture.h"

namespace wasm_grpc::abi::pantopic {
namespace {

using rpc::MethodKind;
using rpc::StatusCode;

// Answers with "METHOD /path" where the body is empty, else with the body, the first byte of which it adds one to.
constexpr std::string_view answer = R"(
  (if (i32.load (i32.const 76))
    (then (call $add (i32.const 1)))
    (else (memory.copy (i32.const 4096) (i32.const 128) (i32.load (i32.const 68)))
          (call $len (i32.load (i32.const 68))))))";

std::string http(std::string_view body, std::string_view services = "") {
  Description description;
  description.services = services;
  return push_text(function("__grpc_server_http", body), description);
}

class PushHttp : public testing::Test {
 protected:
  PushHttp() { call_.client_asks_for("GET", "/a%20b?c=d"); }
  void run(std::string_view body) {
    Guest guest(http(body));
    ASSERT_EQ(guest.error, "");
    const auto outcome = guest.run(call_);
    EXPECT_TRUE(outcome.returned) << outcome.failure;
  }

  TestCall call_{MethodKind::http, "/"};
};

TEST_F(PushHttp, AModuleMayServeHttpAlone) {
  Guest guest(http(answer));
  ASSERT_EQ(guest.error, "");
  const std::vector<DeclaredMethod> expected = {{"/", MethodKind::http, 0}};
  EXPECT_EQ(guest.binding->declaration().methods, expected);
}

TEST_F(PushHttp, AModuleMayServeItBesideGrpc) {
  Guest guest(push_text(function("__grpc_server_unary", "(call $send)") + function("__grpc_server_http", answer)));
  ASSERT_EQ(guest.error, "");
  const std::vector<DeclaredMethod> expected = {{"/test.Service/Method", MethodKind::unary, 0},
                                                {"/", MethodKind::http, 1}};
  EXPECT_EQ(guest.binding->declaration().methods, expected);
}

TEST_F(PushHttp, WithoutTheExportAnEmptyListIsRefused) {
  Description description;
  description.services = "";
  EXPECT_NE(Guest(push_text("", description)).error.find("it is empty"), std::string::npos);
}

TEST_F(PushHttp, TheGuestIsToldTheMethodAndTheDecodedPathWithoutTheQuery) {
  call_.client_ends();
  run(answer);
  EXPECT_EQ(call_.body(), "GET /a b");
  EXPECT_EQ(call_.http_status(), 200);
  EXPECT_TRUE(call_.status().ok());
}

TEST_F(PushHttp, TheBodyComesWhole) {
  call_.client_sends_body("hel");
  call_.client_sends_body("lo");
  call_.client_ends();
  run(answer);
  EXPECT_EQ(call_.body(), "iello");
}

TEST_F(PushHttp, TheErrorCodeIsTheStatus) {
  call_.client_ends();
  run("(call $code (i32.const 404))");
  EXPECT_EQ(call_.http_status(), 404);
  EXPECT_EQ(call_.body(), "");
  EXPECT_TRUE(call_.status().ok());
}

TEST_F(PushHttp, ACodeThatIsNoStatusIsAFaultOfTheGuest) {
  for (const int code : {1, 199, 600, -1}) {
    TestCall call{MethodKind::http, "/"};
    call.client_asks_for("GET", "/");
    call.client_ends();
    Guest guest(http("(call $code (i32.const " + std::to_string(code) + "))"));
    ASSERT_TRUE(guest.run(call).returned);
    EXPECT_EQ(call.http_status(), 500) << code;
    EXPECT_EQ(call.status().code, StatusCode::internal) << code;
  }
}

TEST_F(PushHttp, ABodyLargerThanTheBufferIsNotTaken) {
  call_.client_sends_body(std::string(200, 'x'));
  call_.client_sends_body(std::string(57, 'x'));
  run("unreachable");
  EXPECT_EQ(call_.http_status(), 413);
  EXPECT_EQ(call_.body(), "the service has room for 256 bytes of a body\n");
}

TEST_F(PushHttp, APathLongerThanTheBufferIsNotTaken) {
  call_.client_asks_for("GET", "/" + std::string(252, 'x'));
  call_.client_ends();
  run("unreachable");
  EXPECT_EQ(call_.http_status(), 414);
}

TEST_F(PushHttp, AnAnswerOutsideTheBufferIsAFaultOfTheGuest) {
  call_.client_ends();
  run("(call $len (i32.const 257))");
  EXPECT_EQ(call_.http_status(), 500);
  EXPECT_EQ(call_.status().code, StatusCode::internal);
}

TEST_F(PushHttp, SendIsForGrpc) {
  call_.client_ends();
  Guest guest(http("(call $send)"));
  ASSERT_EQ(guest.error, "");
  EXPECT_FALSE(guest.run(call_).returned);
}

}  // namespace
}  // namespace wasm_grpc::abi::pantopic
