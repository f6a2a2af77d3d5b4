// HTTP requests that are not gRPC, to methods of that kind.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "client.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

class Http : public testing::Test {
 protected:
  std::int32_t open(std::string_view method, std::string_view target, Fields fields = {}, bool end = false) {
    fields.emplace_back(":method", method);
    fields.emplace_back("te", "");
    fields.emplace_back("content-type", "");
    return client_.open(target, fields, end);
  }
  const Reply& exchange(std::string_view method, std::string_view target, const Fields& fields = {},
                        std::string_view body = "") {
    const auto id = open(method, target, fields, body.empty());
    if (!body.empty()) client_.send_raw(id, body, true);
    EXPECT_TRUE(client_.run_until_closed(id));
    return client_.reply(id);
  }

  Server server_;
  Client client_{server_.port()};
};

TEST_F(Http, AHandlerSeesMethodTargetHeadersAndBodyAndAnswersThemItself) {
  const Reply& reply = exchange("PUT", "/http/x?y=z", {{"want-status", "201"}, {"echo-a", "b"}}, "hello");
  EXPECT_EQ(reply.field(":status"), "201");
  EXPECT_EQ(reply.field("request"), "PUT /http/x?y=z");
  EXPECT_EQ(reply.field("echo-a"), "b");
  EXPECT_EQ(reply.body, "hello");
  EXPECT_TRUE(reply.trailers.empty());
  EXPECT_EQ(reply.header_blocks, 1);
  EXPECT_FALSE(reply.reset_code.has_value());
}

TEST_F(Http, ThePathMatchesAtSegmentsAndTheLongestWins) {
  EXPECT_EQ(exchange("GET", "/http").field(":status"), "200");
  EXPECT_EQ(exchange("GET", "/http?q").field(":status"), "200");
  EXPECT_EQ(exchange("GET", "/http/").field(":status"), "200");
  EXPECT_EQ(exchange("GET", "/http/fail").field(":status"), "404");
  EXPECT_EQ(exchange("GET", "/http/fail/more").field(":status"), "404");
  EXPECT_EQ(exchange("GET", "/http/failure").field(":status"), "200");
  EXPECT_EQ(exchange("GET", "/httpd").body, "This is a gRPC server: it has nothing at this path.\n");
}

TEST_F(Http, CookiesThatCameInSeveralFieldsAreOne) {
  EXPECT_EQ(exchange("GET", "/http", {{"cookie", "a=1"}}).field("cookies"), "a=1");
  const Reply& reply =
      exchange("GET", "/http", {{"cookie", "a=1"}, {"echo-x", "y"}, {"cookie", "b=2"}, {"cookie", "c=3"}});
  EXPECT_EQ(reply.field("cookies"), "a=1; b=2; c=3");
  EXPECT_EQ(reply.field("echo-x"), "y");
}

TEST_F(Http, AWholeAnswerSaysItsLength) {
  const Reply& empty = exchange("GET", "/http");
  EXPECT_EQ(empty.field("content-length"), "0");
  EXPECT_EQ(exchange("GET", "/http/fail").field("content-length"), "13");
}

TEST_F(Http, AnswersHaveADateUnlessTheHandlerGivesOne) {
  for (const char* path : {"/http", "/http/fail", "/"}) {
    const std::string date(exchange("GET", path).field("date"));
    std::tm time{};
    const char* const end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
    ASSERT_TRUE(end != nullptr && *end == '\0') << path << ": " << date;
    EXPECT_LT(std::abs(std::difftime(timegm(&time), std::time(nullptr))), 60.0);
  }
  EXPECT_EQ(exchange("GET", "/http", {{"date", "yesterday"}}).field("date"), "yesterday");
}

TEST_F(Http, BinaryHeadersAreNotDecodedAndContentTypeIsOneOfThem) {
  const Reply& reply = exchange("GET", "/http", {{"echo-x-bin", "no base64!"}});
  EXPECT_EQ(reply.field("echo-x-bin"), "no base64!");
  const auto id = client_.open("/http", {{":method", "PUT"}, {"content-type", "text/css"}, {"te", ""}}, true);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).field("content-type"), "text/css");
}

TEST_F(Http, BodiesLargerThanTheWindowsGoBothWaysAtOnce) {
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i) + ",";
  const Reply& reply = exchange("POST", "/http", {}, body);
  EXPECT_EQ(reply.body.size(), body.size());
  EXPECT_TRUE(reply.body == body);
  EXPECT_TRUE(eventually([&] { return server_.live_streams() == 0; }));
}

TEST_F(Http, ABodyInSmallPiecesArrivesWhole) {
  const auto id = open("POST", "/http");
  std::string all;
  for (int i = 0; i < 300; ++i) {
    client_.send_raw(id, std::to_string(i));
    all += std::to_string(i);
    ASSERT_TRUE(client_.run_until([&] { return client_.unsent(id) == 0; }));
  }
  client_.end(id);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).body, all);
}

TEST_F(Http, HeadHasTheLengthAndNoBody) {
  const Reply& reply = exchange("HEAD", "/http", {}, std::string(200'000, 'x'));
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(reply.field("content-length"), "200000");
  EXPECT_TRUE(reply.body.empty());
}

TEST_F(Http, AnswersThatHaveNoContentAreSentWithoutIt) {
  for (const char* status : {"204", "304"}) {
    const Reply& reply = exchange("POST", "/http", {{"want-status", status}}, "not sent");
    EXPECT_EQ(reply.field(":status"), status);
    EXPECT_EQ(reply.field("content-length"), "");
    EXPECT_TRUE(reply.body.empty());
  }
}

TEST_F(Http, AFailureBeforeTheHeadersIsAnHttpStatusWithItsText) {
  const Reply& reply = exchange("GET", "/http/fail");
  EXPECT_EQ(reply.field(":status"), "404");
  EXPECT_EQ(reply.field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply.body, "no such page\n");
}

TEST_F(Http, AFailureAfterThemResetsTheStream) {
  const Reply& reply = exchange("GET", "/http/break");
  EXPECT_FALSE(reply.ended);
  EXPECT_EQ(reply.reset_code, std::uint32_t{NGHTTP2_INTERNAL_ERROR});
  EXPECT_EQ(exchange("GET", "/http").field(":status"), "200") << "and the connection stays";
}

TEST_F(Http, FailuresOfHandlersAreNotTheClients) {
  for (int i = 0; i < 2'000; ++i) {
    const Reply& reply = exchange("GET", "/http/break");
    ASSERT_EQ(reply.reset_code, std::uint32_t{NGHTTP2_INTERNAL_ERROR}) << i;
  }
  EXPECT_FALSE(client_.connection_ended());
}

TEST_F(Http, StatusesThatAreNoAnswerAreRefused) {
  EXPECT_EQ(exchange("GET", "/http", {{"want-status", "103"}}).field(":status"), "200");
  EXPECT_EQ(exchange("GET", "/http", {{"want-status", "600"}}).field(":status"), "200");
}

TEST_F(Http, GrpcGoesToItsMethodsFirst) {
  EXPECT_EQ(client_.call("/http", "x").status(), 12) << "application/grpc is gRPC, whatever the path";
  EXPECT_EQ(client_.call("/test.Test/Unary", "x").status(), 0);
}

TEST_F(Http, OversizedHeadersAreHttp431) {
  EXPECT_EQ(exchange("GET", "/http", {{"x", std::string(17'000, 'x')}}).field(":status"), "431");
}

}  // namespace
}  // namespace wasm_grpc::http2
