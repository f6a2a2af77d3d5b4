// Calls of every protocol are asked for before anything serves them, and refused in the words of their protocol.
#include "wasm_grpc/rpc/gate.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "client.h"
#include "described.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

using nlohmann::json;

struct Refuser final : rpc::Gate {
  std::optional<rpc::Refusal> refuse(rpc::Request& request, const rpc::Target& target) override {
    asked.push_back((target.is_method ? "method " : "path ") + std::string(target.path));
    if (request.metadata.get("let-in")) return std::nullopt;
    return refusal;
  }
  rpc::Refusal refusal{{rpc::StatusCode::permission_denied, "not permitted"}, {}, {}};
  std::vector<std::string> asked;
};

class Gate : public testing::Test {
 protected:
  Gate() {
    server_.on_thread([this](Endpoint& endpoint) { endpoint.use_gate(&gate_); });
  }
  ~Gate() override { EXPECT_EQ(server_.seen().started, 0); }

  const Reply& ask(std::string_view method, std::string_view target, std::string_view type, std::string_view body,
                   const Fields& extra = {}) {
    const auto id = client_.open(target, plain_fields(method, type, extra), body.empty());
    if (!body.empty()) client_.send_raw(id, body, true);
    EXPECT_TRUE(client_.run_until_closed(id));
    return client_.reply(id);
  }
  /// What the gate was asked for last.
  [[nodiscard]] std::string last() const { return gate_.asked.empty() ? "nothing" : gate_.asked.back(); }

  Refuser gate_;
  facade::Facades facades_ = describe_test_service({"https://app.example.com"});
  Server server_{ConnectionOptions(), 0, &facades_};
  Client client_{server_.port()};
};

TEST_F(Gate, RefusesGrpcByAStatusAndBeforeTheRequestHasEnded) {
  const Reply& reply = client_.call("/test.Test/Unary", "hello");
  EXPECT_EQ(reply.status(), 7);
  EXPECT_EQ(reply.message(), "not permitted");
  EXPECT_EQ(reply.header_blocks, 1);
  EXPECT_EQ(last(), "method /test.Test/Unary");
  const auto id = client_.open("/test.Test/Bidi");
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).status(), 7);
}

TEST_F(Gate, DoesNotTellThatAMethodIsNotThere) {
  EXPECT_EQ(client_.call("/test.Test/Nothing", "").status(), 7);
  EXPECT_EQ(last(), "path /test.Test/Nothing");
  EXPECT_EQ(client_.call("/test.Test/Nothing", "", {{"let-in", "1"}}).status(), 12);
  EXPECT_EQ(client_.call("/test.Test/Unary", "", {{"grpc-timeout", "much"}}).status(), 7);
  EXPECT_EQ(ask("GET", "/nothing", "", "").field(":status"), "403");
  EXPECT_EQ(ask("GET", "/nothing", "", "", {{"let-in", "1"}}).field(":status"), "404");
  EXPECT_EQ(ask("POST", "/v1/no/rule", "application/json", "{}").field(":status"), "403");
}

TEST_F(Gate, RefusesGrpcWebInItsTrailers) {
  const Reply& reply = ask("POST", "/test.Test/Unary", "application/grpc-web+proto", framed("hello"));
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_NE((reply.field("grpc-status") + reply.body).find("7"), std::string::npos);
  EXPECT_EQ(last(), "method /test.Test/Unary");
}

TEST_F(Gate, RefusesConnectByItsError) {
  const Reply& reply = ask("POST", "/test.Test/Unary", "application/json", "{}");
  EXPECT_EQ(reply.field(":status"), "403");
  EXPECT_EQ(json::parse(reply.body), (json{{"code", "permission_denied"}, {"message", "not permitted"}}));
  EXPECT_EQ(last(), "method /test.Test/Unary");
  const Reply& stream = ask("POST", "/test.Test/Bidi", "application/connect+json", envelope(0, "{}"));
  EXPECT_EQ(stream.field(":status"), "200");
  const auto all = envelopes(stream.body);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(json::parse(all[0].message)["error"]["code"], "permission_denied");
}

TEST_F(Gate, AsksForTheMethodBehindARuleOfRest) {
  const Reply& reply = ask("GET", "/v1/texts/a?number=7", "", "");
  EXPECT_EQ(reply.field(":status"), "403");
  EXPECT_EQ(last().substr(0, 17), "method /test.Test");
}

TEST_F(Gate, RefusesHttpByAStatusOfItsOwn) {
  const Reply& reply = ask("POST", "/http/x?y=z", "text/plain", "hello", {{"origin", "https://app.example.com"}});
  EXPECT_EQ(reply.field(":status"), "403");
  EXPECT_EQ(reply.body, "not permitted\n");
  EXPECT_EQ(reply.field("access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(last(), "path /http/x");
  const Reply& head = ask("HEAD", "/http/x", "", "");
  EXPECT_EQ(head.field(":status"), "403");
  EXPECT_EQ(head.body, "");
}

TEST_F(Gate, SaysByWhatMeansToComeAndWhenToComeAgain) {
  gate_.refusal = {{rpc::StatusCode::unauthenticated, "who is it?"}, "Bearer", std::chrono::milliseconds(1500)};
  const Reply& http = ask("GET", "/http/x", "", "");
  EXPECT_EQ(http.field(":status"), "401");
  EXPECT_EQ(http.field("www-authenticate"), "Bearer");
  EXPECT_EQ(http.field("retry-after"), "2");
  const Reply& connect = ask("POST", "/test.Test/Unary", "application/json", "{}");
  EXPECT_EQ(connect.field(":status"), "401");
  EXPECT_EQ(connect.field("www-authenticate"), "Bearer");
  EXPECT_EQ(connect.field("retry-after"), "2");
  EXPECT_EQ(connect.field("trailer-grpc-retry-pushback-ms"), "");
  const Reply& grpc = client_.call("/test.Test/Unary", "hello");
  EXPECT_EQ(grpc.status(), 16);
  EXPECT_EQ(grpc.field("grpc-retry-pushback-ms"), "1500");
  EXPECT_EQ(grpc.field("www-authenticate"), "");
}

TEST_F(Gate, IsNotAskedWhatABrowserAsksBeforeACallNorAboutHalfOfTheHeaders) {
  const Reply& preflight = ask("OPTIONS", "/test.Test/Unary", "", "",
                               {{"origin", "https://app.example.com"}, {"access-control-request-method", "POST"}});
  EXPECT_EQ(preflight.field(":status"), "204");
  EXPECT_EQ(client_.call("/test.Test/Unary", "", {{"much", std::string(20'000, 'x')}}).status(), 8);
  EXPECT_EQ(last(), "nothing");
}

TEST(OpenGate, LetsACallThroughWithWhatItHasMadeOfTheMetadata) {
  struct Changer final : rpc::Gate {
    std::optional<rpc::Refusal> refuse(rpc::Request& request, const rpc::Target&) override {
      request.metadata.clear();
      request.metadata.add("echo-by", "the gate");
      return std::nullopt;
    }
  } gate;
  Server server;
  server.on_thread([&](Endpoint& endpoint) { endpoint.use_gate(&gate); });
  Client client(server.port());
  const Reply& reply = client.call("/test.Test/Unary", "hello", {{"echo-by", "the client"}});
  EXPECT_EQ(reply.status(), 0);
  EXPECT_EQ(reply.field("echo-by"), "the gate");
}

}  // namespace
}  // namespace wasm_grpc::http2
