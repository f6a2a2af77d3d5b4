#include "http1/bridge.h"

#include <gtest/gtest.h>

#include <string>

#include "server.h"

namespace wasm_grpc::http1 {
namespace {

Reply greet(const Request& request) { return {.body = "hello " + std::string(request.field(":path")), .trailers = {}}; }

class Http1Bridge : public testing::Test {
 protected:
  Bridge bridge{"http", 8192};
};

TEST_F(Http1Bridge, ARequestIsAStreamWithItsFieldsInLowerCase) {
  Server server(bridge, greet);
  server.client_sends(
      "PUT /a?b=c#d HTTP/1.1\r\nHost: example.com\r\nX-Thing:  Some Value \r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_EQ(server.requests().size(), 1U);
  const Request& request = server.requests()[0];
  EXPECT_EQ(request.field(":method"), "PUT");
  EXPECT_EQ(request.field(":scheme"), "http");
  EXPECT_EQ(request.field(":authority"), "example.com");
  EXPECT_EQ(request.field(":path"), "/a?b=c");
  EXPECT_EQ(request.field("x-thing"), "Some Value");
  EXPECT_EQ(request.body, "abc");
  EXPECT_TRUE(request.ended);
}

TEST_F(Http1Bridge, WhereItIsNotSpokenEachRequestIsToldSo) {
  Bridge silent("http", 8192, false);
  Server server(silent, greet);
  server.client_sends("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string text = written(silent);
  EXPECT_TRUE(text.starts_with("HTTP/1.1 505 HTTP Version Not Supported\r\n")) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\nHTTP/1.1 is not spoken at this address, but HTTP/2.\n")) << text;
  EXPECT_TRUE(silent.is_over());
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(Http1Bridge, FieldsOfTheConnectionStayBehind) {
  Server server(bridge, greet);
  server.client_sends(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: "
      "gzip\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: x\r\nProxy-Connection: y\r\nX-Theirs: 2\r\n\r\n");
  ASSERT_EQ(server.requests().size(), 1U);
  for (const char* name :
       {"host", "connection", "x-mine", "keep-alive", "te", "upgrade", "http2-settings", "proxy-connection"}) {
    EXPECT_EQ(server.requests()[0].field(name), "") << name;
  }
  EXPECT_EQ(server.requests()[0].field("x-theirs"), "2");
}

TEST_F(Http1Bridge, AUrlIsATargetAndSaysTheHost) {
  Server server(bridge, greet);
  server.client_sends("GET HTTP://there:81?q HTTP/1.1\r\nHost: here\r\n\r\n");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].field(":authority"), "there:81");
  EXPECT_EQ(server.requests()[0].field(":path"), "/?q");
}

TEST_F(Http1Bridge, AnAnswerWithoutALengthComesInChunks) {
  Server server(bridge, greet);
  server.client_sends("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(bridge), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\nhello /x\r\n0\r\n\r\n");
  EXPECT_FALSE(bridge.is_over());
}

TEST_F(Http1Bridge, AnAnswerWithALengthComesAsItIs) {
  Server server(bridge, [](const Request&) {
    return Reply{.fields = {{":status", "404"}, {"content-length", "2"}}, .body = "no", .trailers = {}};
  });
  server.client_sends("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(bridge), "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno");
}

TEST_F(Http1Bridge, AnAnswerWithoutABodySaysSoWhereItMay) {
  Server server(bridge, [](const Request& request) {
    return Reply{.fields = {{":status", std::string(request.field(":path").substr(1))}}, .body = {}, .trailers = {}};
  });
  server.client_sends("GET /200 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(bridge), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  server.client_sends("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(bridge), "HTTP/1.1 204 No Content\r\n\r\n");
  server.client_sends("GET /304 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(bridge), "HTTP/1.1 304 Not Modified\r\n\r\n");
  server.client_sends("HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(bridge), "HTTP/1.1 200 OK\r\n\r\n");
}

TEST_F(Http1Bridge, TrailersOfAnAnswerAreDropped) {
  Server server(bridge, [](const Request&) { return Reply{.body = "x", .trailers = {{"checksum", "1"}}}; });
  server.client_sends("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(bridge), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
}

TEST_F(Http1Bridge, RequestsSentAheadAreServedOneAfterTheOther) {
  Server server(bridge, nullptr);
  server.client_sends("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(server.requests().size(), 1U);
  server.reply(server.requests()[0].stream, greet(server.requests()[0]));
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[1].field(":path"), "/2");
}

TEST_F(Http1Bridge, BytesOneByOneMeanTheSameAsAllAtOnce) {
  const std::string text =
      "\r\nPOST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nt: 1\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: a\r\n\r\nPUT /c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxyBAD\r\n\r\n";
  Server at_once(bridge, greet);
  at_once.client_sends(text);
  Bridge other("http", 8192);
  Server one_by_one(other, greet);
  for (const char& byte : text) one_by_one.client_sends({&byte, 1});
  EXPECT_EQ(at_once.requests(), one_by_one.requests());
  EXPECT_EQ(at_once.requests().size(), 3U);
  EXPECT_EQ(written(bridge), written(other));
  EXPECT_TRUE(bridge.is_over() && other.is_over());
}

TEST_F(Http1Bridge, TheServerIsNotSpokenToBeforeThereIsARequest) {
  bridge.take(std::as_bytes(std::span(std::string_view("GET / HTTP/1.1\r\nHost: a\r\n"))));
  EXPECT_FALSE(bridge.has_frames());
  EXPECT_TRUE(bridge.next_frames().empty());
  EXPECT_EQ(bridge.incomplete(), 1U);
  bridge.take(std::as_bytes(std::span(std::string_view("\r\n"))));
  EXPECT_TRUE(bridge.has_frames());
  EXPECT_EQ(bridge.incomplete(), 0U);
}

TEST_F(Http1Bridge, WhatDoesNotNameHttpIsNotAnswered) {
  for (const std::string_view text :
       {std::string_view("INVALID CONNECTION PREFACE\r\n\r\n"), std::string_view("\x16\x03\x01", 3),
        std::string_view("hello\r\n"), std::string_view("\0\0\0", 3)}) {
    Bridge other("http", 8192);
    other.take(std::as_bytes(std::span(text)));
    EXPECT_TRUE(other.is_over());
    EXPECT_EQ(other.complaint(), "This is neither HTTP/2 nor HTTP/1.1.");
    EXPECT_EQ(written(other), "");
  }
}

TEST_F(Http1Bridge, WhatIsBadHttpIsAnswered) {
  bridge.take(std::as_bytes(std::span(std::string_view("GET / HTTP/1.1\nHost: a\n\n"))));
  EXPECT_TRUE(bridge.is_over());
  EXPECT_TRUE(written(bridge).starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_F(Http1Bridge, AHeadThatIsTooLargeIsAnswered) {
  Server server(bridge, greet);
  server.client_sends("GET / HTTP/1.1\r\nHost: a\r\nx: " + std::string(8192, 'y'));
  EXPECT_TRUE(written(bridge).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(bridge.is_over());
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(Http1Bridge, ABodyThatIsNotReadHoldsUpTheClient) {
  Server server(bridge, nullptr, 1000);
  server.client_sends("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  std::size_t sent = 0;
  for (; bridge.wants_input() && sent < 900'000; sent += 1000) server.client_sends(std::string(1000, 'z'));
  EXPECT_LT(sent, 200'000U);
  const Request& request = server.requests().at(0);
  for (std::size_t read = 0; read < request.body.size();) {
    const std::size_t size = request.body.size() - read;
    server.read(request.stream, size);
    read += size;
  }
  EXPECT_EQ(request.body.size(), sent);
  EXPECT_TRUE(bridge.wants_input());
}

TEST_F(Http1Bridge, WhatIsSentAheadIsBounded) {
  Server server(bridge, nullptr);
  std::size_t sent = 0;
  for (; bridge.wants_input() && sent < 1'000'000; sent += 30) server.client_sends("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_LT(sent, 100'000U);
}

TEST_F(Http1Bridge, WhatALargeExchangeNeededIsGivenBackWhenItIsOver) {
  Server server(bridge, [](const Request& request) {
    return Reply{.body = request.body.empty() ? std::string(600'000, 'x') : request.body, .trailers = {}};
  });
  server.client_sends("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_GT(bridge.output().size(), 600'000U);
  bridge.output().clear();
  bridge.shrink_when_idle();
  EXPECT_LT(bridge.output().capacity(), 10'000U);

  server.client_sends("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  bridge.shrink_when_idle();  // it is not
  server.client_sends("67890");
  EXPECT_NE(written(bridge).find("1234567890"), std::string::npos);
}

TEST_F(Http1Bridge, AnAnswerThatIsResetEndsTheConnectionWithoutItsLastChunk) {
  Server server(bridge, nullptr);
  server.client_sends("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  const std::int32_t stream = server.requests().at(0).stream;
  server.reply(stream, {.body = "begun", .trailers = {}});
  server.reset(stream, NGHTTP2_INTERNAL_ERROR);
  EXPECT_EQ(written(bridge).find("\r\n0\r\n"), std::string::npos);
  EXPECT_TRUE(bridge.is_over());
}

TEST_F(Http1Bridge, ARequestThatIsResetBeforeItsAnswerIsAnsweredByTheBridge) {
  Server server(bridge, nullptr);
  server.client_sends("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.reset(server.requests().at(0).stream, NGHTTP2_REFUSED_STREAM);
  EXPECT_TRUE(written(bridge).starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_TRUE(bridge.is_over());
  EXPECT_EQ(bridge.complaint(), "") << "it is not the client's fault";
}

TEST_F(Http1Bridge, AServerThatLeavesAnswersAndTakesNoMore) {
  Server server(bridge, nullptr);
  server.client_sends("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  server.say_goodbye();
  server.reply(server.requests().at(0).stream, {.body = "x", .trailers = {}});
  EXPECT_NE(written(bridge).find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(bridge.is_over());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Http1Bridge, ABodyThatIsNotWellFormedResetsItsRequest) {
  Server server(bridge, nullptr);
  server.client_sends("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n");
  server.client_sends("ab\r\n");
  EXPECT_TRUE(written(bridge).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(bridge.is_over());
  EXPECT_FALSE(server.requests().at(0).ended);
}

}  // namespace
}  // namespace wasm_grpc::http1
