// What the SDK makes of HTTP requests, with a fake host below it.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using testing::FakeCall;
using testing::FakeHost;

class Http : public ::testing::Test {
 protected:
  template <typename Handler>
  std::int32_t serve(Handler handler, FakeCall call = {}) {
    registry_.http("/path", handler);
    host_.calls[1] = std::move(call);
    const std::int32_t code = registry_.dispatch(1, host_.methods.back().tag);
    served_ = std::move(host_.calls[1]);
    return code;
  }

  FakeHost host_;
  Registry registry_;
  FakeCall served_;
};

TEST_F(Http, IsDeclaredByItsPath) {
  registry_.http("/", [](Context&, HttpRequest&, HttpResponse&) { return Status(); });
  ASSERT_EQ(host_.methods.size(), 1u);
  EXPECT_EQ(host_.methods[0].path, "/");
  EXPECT_EQ(host_.methods[0].kind, abi::http);
  EXPECT_EQ(host_.methods[0].style, abi::handler_style);
}

TEST_F(Http, AHandlerReadsTheRequestAndReplies) {
  FakeCall call;
  call.info = {{abi::path, "/path?x"}, {abi::http_method, "PUT"}};
  call.metadata = {{"accept", "*/*"}};
  call.requests = {"one", "two"};
  const auto handler = [](Context&, HttpRequest& request, HttpResponse& response) {
    const std::string text = request.method() + request.target() + request.header("accept").value_or("") +
                             request.read_all(6).value_or("too large");
    EXPECT_FALSE(request.header("host").has_value());
    return response.reply(201, "text/plain", Bytes(text));
  };
  EXPECT_EQ(serve(handler, std::move(call)), 0);
  EXPECT_EQ(served_.http_status, 201);
  EXPECT_EQ(served_.headers, (std::vector<std::pair<std::string, std::string>>{{"content-type", "text/plain"}}));
  EXPECT_EQ(served_.sent, (std::vector<std::string>{"PUT/path?x*/*onetwo"}));
}

TEST_F(Http, ABodyOverTheLimitIsNotKept) {
  FakeCall call;
  call.requests = {"one", "two"};
  bool refused = false;
  const auto handler = [&](Context&, HttpRequest& request, HttpResponse&) {
    refused = !request.read_all(5).has_value();
    return Status();
  };
  EXPECT_EQ(serve(handler, std::move(call)), 0);
  EXPECT_TRUE(refused);
}

TEST_F(Http, AStatusWithAMessageIsGivenToTheHost) {
  const auto handler = [](Context&, HttpRequest&, HttpResponse&) { return Status(StatusCode::not_found, "none"); };
  EXPECT_EQ(serve(handler), 5);
  ASSERT_TRUE(served_.finished.has_value());
  EXPECT_EQ(*served_.finished, (std::pair<std::int32_t, std::string>(5, "none")));
}

}  // namespace
}  // namespace wasm_grpc::guest
