// Requests that are answered without a handler.
#include <gtest/gtest.h>

#include <string>

#include "client.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

constexpr int resource_exhausted = 8;
constexpr int unimplemented = 12;
constexpr int internal = 13;

class Refusals : public testing::Test {
 protected:
  // What a client that has not yet sent its message gets to see: the refusal, and that it need not go on.
  const Reply& refuse(std::string_view path, const Fields& extra = {}) {
    const auto id = client_.open(path, extra);
    EXPECT_TRUE(client_.run_until_closed(id));
    const Reply& reply = client_.reply(id);
    EXPECT_TRUE(reply.ended);
    EXPECT_EQ(reply.reset_code, std::uint32_t{NGHTTP2_NO_ERROR});
    EXPECT_EQ(server_.counters().calls_started, 0u);
    return reply;
  }

  Server server_;
  Client client_{server_.port()};
};

TEST_F(Refusals, AnUnknownMethodAndAnUnknownServiceAreUnimplemented) {
  const Reply& method = refuse("/test.Test/Nope");
  EXPECT_EQ(method.status(), unimplemented);
  EXPECT_EQ(method.message(), "unknown method \"Nope\" of service \"test.Test\"");
  const Reply& service = refuse("/other.Test/Unary");
  EXPECT_EQ(service.status(), unimplemented);
  EXPECT_EQ(service.message(), "unknown service \"other.Test\"");
  EXPECT_EQ(refuse("/").status(), unimplemented);
  EXPECT_EQ(refuse("/test.Test/Unary/more").status(), unimplemented);
}

TEST_F(Refusals, AnotherContentTypeIsHttp415) {
  for (const char* type : {"application/json", "application/grpc-web", "text/plain"}) {
    const Reply& reply = refuse("/test.Test/Unary", {{"content-type", type}});
    EXPECT_EQ(reply.field(":status"), "415");
    EXPECT_EQ(reply.status(), -1) << "not an answer in gRPC's terms";
    EXPECT_NE(reply.body.find(type), std::string::npos) << reply.body;
  }
  EXPECT_EQ(refuse("/test.Test/Unary", {{"content-type", ""}}).field(":status"), "415");
}

TEST_F(Refusals, AnotherHttpMethodIsHttp405) {
  const auto id = client_.open("/test.Test/Unary", {{":method", "GET"}, {"content-type", ""}}, true);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).field(":status"), "405");
  EXPECT_EQ(client_.reply(id).field("allow"), "POST");
  EXPECT_NE(client_.reply(id).body.find("gRPC server"), std::string::npos);
  const auto head = client_.open("/test.Test/Unary", {{":method", "HEAD"}, {"content-type", ""}}, true);
  ASSERT_TRUE(client_.run_until_closed(head));
  EXPECT_EQ(client_.reply(head).field(":status"), "405");
  EXPECT_TRUE(client_.reply(head).body.empty());
  const auto put = client_.open("/", {{":method", "PUT"}, {"content-type", ""}}, true);
  ASSERT_TRUE(client_.run_until_closed(put));
  EXPECT_EQ(client_.reply(put).field(":status"), "405");
}

TEST_F(Refusals, ABrowserIsToldWhatThisIs) {
  const auto id = client_.open("/", {{":method", "GET"}, {"content-type", ""}}, true);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).field(":status"), "200");
  EXPECT_EQ(client_.reply(id).field("content-type"), "text/plain; charset=utf-8");
  EXPECT_NE(client_.reply(id).body.find("gRPC server"), std::string::npos);
  const auto head = client_.open("/", {{":method", "HEAD"}, {"content-type", ""}}, true);
  ASSERT_TRUE(client_.run_until_closed(head));
  EXPECT_EQ(client_.reply(head).field(":status"), "200");
  EXPECT_TRUE(client_.reply(head).body.empty());
}

TEST_F(Refusals, AnUnknownCompressionIsUnimplementedAndToldWhatIsKnown) {
  const Reply& reply = refuse("/test.Test/Unary", {{"grpc-encoding", "br"}});
  EXPECT_EQ(reply.status(), unimplemented);
  EXPECT_EQ(reply.field("grpc-accept-encoding"), "identity, deflate, gzip");
}

TEST_F(Refusals, ACompressedMessageWithoutAnEncodingIsInternal) {
  const auto id = client_.open("/test.Test/Unary");
  client_.send_raw(id, std::string_view("\1\0\0\0\1x", 6), true);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).status(), internal);
}

TEST_F(Refusals, AMalformedTimeoutIsInternal) {
  EXPECT_EQ(refuse("/test.Test/Unary", {{"grpc-timeout", "1 minute"}}).status(), internal);
}

TEST_F(Refusals, MetadataThatIsNotBase64IsInternal) {
  EXPECT_EQ(refuse("/test.Test/Unary", {{"x-bin", "?"}}).status(), internal);
}

TEST_F(Refusals, HeadersOverTheLimitAreResourceExhausted) {
  const Reply& reply = refuse("/test.Test/Unary", {{"x", std::string(17'000, 'x')}});
  EXPECT_EQ(reply.status(), resource_exhausted);
  EXPECT_NE(reply.message().find("16384"), std::string::npos) << reply.message();
  EXPECT_EQ(client_.setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), 16384u);
}

TEST_F(Refusals, AMessageOverTheLimitIsResourceExhaustedBeforeItIsSent) {
  const auto id = client_.open("/test.Test/Unary");
  client_.send(id, std::string(4 * 1024 * 1024 + 1, 'x'), true);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).status(), resource_exhausted);
  EXPECT_NE(client_.reply(id).message().find("4194305"), std::string::npos) << client_.reply(id).message();
  EXPECT_GT(client_.unsent(id), 3u * 1024 * 1024) << "the server asked for it all the same";
}

TEST_F(Refusals, TheWrongNumberOfMessagesIsUnimplemented) {
  const auto none = client_.open("/test.Test/Unary", {}, true);
  const auto two = client_.open("/test.Test/Unary");
  client_.send(two, "a");
  client_.send(two, "b");
  ASSERT_TRUE(client_.run_until_closed(none));
  ASSERT_TRUE(client_.run_until_closed(two));
  EXPECT_EQ(client_.reply(none).status(), unimplemented);
  EXPECT_EQ(client_.reply(two).status(), unimplemented);
}

TEST_F(Refusals, AnEndInsideAMessageIsInternal) {
  for (const char* path : {"/test.Test/Unary", "/test.Test/Bidi"}) {
    const auto id = client_.open(path);
    client_.send_raw(id, framed("cut").substr(0, 6), true);
    ASSERT_TRUE(client_.run_until_closed(id));
    EXPECT_EQ(client_.reply(id).status(), internal) << path;
  }
  EXPECT_EQ(server_.seen().cancelled, 1) << "the handler of Bidi is told";
}

TEST_F(Refusals, TheConnectionStaysUsable) {
  refuse("/test.Test/Nope");
  refuse("/test.Test/Unary", {{"content-type", "text/plain"}});
  EXPECT_EQ(client_.call("/test.Test/Unary", "still here").status(), 0);
}

TEST(RefusedConnections, AreThoseOverTheLimit) {
  Server server(ConnectionOptions(), 1);
  Client first(server.port());
  EXPECT_EQ(first.call("/test.Test/Unary", "x").status(), 0);
  Client second(server.port());
  EXPECT_FALSE(second.run_until([] { return false; }));
  EXPECT_TRUE(second.connection_ended());
  EXPECT_EQ(first.call("/test.Test/Unary", "x").status(), 0);
  EXPECT_EQ(server.counters().connections_refused, 1u);
  EXPECT_EQ(server.counters().connections_ended[static_cast<std::size_t>(EndReason::too_many)], 1u);
}

}  // namespace
}  // namespace wasm_grpc::http2
