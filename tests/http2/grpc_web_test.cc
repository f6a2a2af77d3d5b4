// gRPC-Web: what browsers speak, over HTTP/2; over HTTP/1.1 see the end-to-end tests.
#include <gtest/gtest.h>

#include <string>

#include "client.h"
#include "described.h"
#include "facade/grpc_web/text.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

constexpr char trailers_flag = '\x80';

class GrpcWeb : public testing::Test {
 protected:
  const Reply& call(std::string_view path, std::string_view body, const Fields& extra = {},
                    std::string_view type = "application/grpc-web+proto") {
    const auto id = client_.open(path, plain_fields("POST", type, extra), body.empty());
    if (!body.empty()) client_.send_raw(id, body, true);
    EXPECT_TRUE(client_.run_until_closed(id));
    return client_.reply(id);
  }
  /// The trailers frame of an answer that has one and ends with it.
  static std::string trailers(std::string_view body) {
    const auto all = envelopes(body);
    if (all.empty() || all.back().flags != 0x80) return "no trailers";
    return all.back().message;
  }
  static std::string decoded(std::string_view text) {
    facade::grpc_web::TextReader reader;
    std::string bytes;
    EXPECT_TRUE(reader.read(text, bytes) && reader.at_end()) << text;
    return bytes;
  }
  static std::string encoded(std::string_view bytes) {
    std::string text;
    facade::grpc_web::append_text(bytes, text);
    return text;
  }

  facade::Facades facades_ = describe_test_service({"https://app.example.com"});
  Server server_{ConnectionOptions(), 0, &facades_};
  Client client_{server_.port()};
};

TEST_F(GrpcWeb, AUnaryCallIsAnsweredByItsMessageAndAFrameOfTrailers) {
  const Reply& reply = call("/test.Test/Unary", framed("hello"), {{"echo-a", "b"}, {"echo-c-bin", "AAH/"}});
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(reply.field("content-type"), "application/grpc-web+proto");
  EXPECT_EQ(reply.field("echo-a"), "b");
  EXPECT_EQ(reply.field("echo-c-bin"), "AAH/");
  EXPECT_TRUE(reply.trailers.empty());
  EXPECT_EQ(reply.field("grpc-status"), "");
  const auto all = envelopes(reply.body);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0], (Envelope{0, "hello"}));
  EXPECT_EQ(all[1], (Envelope{0x80, "grpc-status: 0\r\necho-a: b\r\necho-c-bin: AAH/\r\n"}));
}

TEST_F(GrpcWeb, AFailureIsSaidInTheTrailers) {
  const Reply& reply = call("/test.Test/Fail", framed(""));
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(trailers(reply.body), "grpc-status: 5\r\ngrpc-message: no such thing: %C3%BC\r\nreason: none\r\n");
}

TEST_F(GrpcWeb, AnUnknownMethodIsAnsweredInItsOwnTerms) {
  const Reply& reply = call("/test.Test/Nothing", framed(""));
  EXPECT_EQ(reply.field("content-type"), "application/grpc-web+proto");
  EXPECT_TRUE(trailers(reply.body).starts_with("grpc-status: 12\r\n")) << trailers(reply.body);
}

TEST_F(GrpcWeb, StreamsOfAnswersComeAsTheyAreSent) {
  const Reply& reply = call("/test.Test/Spread", framed("3 100000"));
  const auto all = envelopes(reply.body);
  ASSERT_EQ(all.size(), 4U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(all[i], (Envelope{0, std::string(100'000, 's')}));
  EXPECT_EQ(all[3].message, "grpc-status: 0\r\n");
}

TEST_F(GrpcWeb, BothSidesMayStreamOverHttp2) {
  const auto id = client_.open("/test.Test/Bidi", plain_fields("POST", "application/grpc-web"));
  for (const char* message : {"one", "two"}) {
    client_.send(id, message);
    ASSERT_TRUE(client_.run_until([&] { return client_.reply(id).body.ends_with(message); }));
  }
  client_.end(id);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).field("content-type"), "application/grpc-web");
  EXPECT_EQ(trailers(client_.reply(id).body), "grpc-status: 0\r\n");
}

TEST_F(GrpcWeb, TextIsBase64BothWaysHoweverItIsCut) {
  const std::string body = encoded(framed("one")) + encoded(framed("two!"));
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    const auto id = client_.open("/test.Test/Bidi", plain_fields("POST", "application/grpc-web-text+proto"));
    client_.send_raw(id, body.substr(0, cut));
    ASSERT_TRUE(client_.run_until([&] { return client_.unsent(id) == 0; }));
    client_.send_raw(id, body.substr(cut), true);
    ASSERT_TRUE(client_.run_until_closed(id)) << cut;
    EXPECT_EQ(client_.reply(id).field("content-type"), "application/grpc-web-text+proto");
    const auto all = envelopes(decoded(client_.reply(id).body));
    ASSERT_EQ(all.size(), 3U) << cut;
    EXPECT_EQ(all[0].message, "one");
    EXPECT_EQ(all[1].message, "two!");
    EXPECT_EQ(all[2].message, "grpc-status: 0\r\n");
  }
}

TEST_F(GrpcWeb, WhatIsNoBase64EndsTheCall) {
  const Reply& reply = call("/test.Test/Unary", "AAAA!!!!", {}, "application/grpc-web-text");
  EXPECT_TRUE(trailers(decoded(reply.body)).starts_with("grpc-status: 13\r\n")) << decoded(reply.body);
  EXPECT_EQ(trailers(decoded(call("/test.Test/Unary", "AAAAA", {}, "application/grpc-web-text").body)).substr(0, 17),
            "grpc-status: 13\r\n");
}

TEST_F(GrpcWeb, ALargeMessageInTextPassesTheWindow) {
  const std::string large(1'000'000, 'x');
  const Reply& reply = call("/test.Test/Unary", encoded(framed(large)), {}, "application/grpc-web-text");
  const auto all = envelopes(decoded(reply.body));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].message == large);
}

TEST_F(GrpcWeb, TrailersOfARequestAreTakenOnceAndAtItsEnd) {
  const std::string said = envelope(trailers_flag, "a: b\r\n");
  EXPECT_EQ(trailers(call("/test.Test/Unary", framed("x") + said).body), "grpc-status: 0\r\n");
  for (const std::string& wrong :
       {framed("x") + said + said, framed("x") + said + framed("y"), framed("x") + said.substr(0, 7),
        framed("x") + envelope(trailers_flag, std::string(20'000, 'a'))}) {
    const std::string ended = trailers(call("/test.Test/Unary", wrong).body);
    EXPECT_TRUE(ended.starts_with("grpc-status: 13\r\n") || ended.starts_with("grpc-status: 8\r\n")) << ended;
  }
}

TEST_F(GrpcWeb, ARequestThatEndsInAMessageOrItsPrefixIsRefused) {
  for (const std::string& body : {std::string("\0\0\0", 3), framed("hello").substr(0, 7)}) {
    EXPECT_TRUE(trailers(call("/test.Test/Unary", body).body).starts_with("grpc-status: 13\r\n"));
  }
}

TEST_F(GrpcWeb, ADeadlineIsKept) {
  const Reply& reply = call("/test.Test/Never", framed(""), {{"grpc-timeout", "50m"}});
  EXPECT_TRUE(trailers(reply.body).starts_with("grpc-status: 4\r\n")) << trailers(reply.body);
}

TEST_F(GrpcWeb, MessagesMayBeInJson) {
  const std::string request = framed(R"({"text":"one"})") + framed(R"({"number":2})");
  constexpr std::string_view json = "application/grpc-web+json";
  const Reply& reply = call("/test.Test/Bidi", request, {}, json);
  EXPECT_EQ(reply.field("content-type"), json);
  EXPECT_EQ(reply.field("grpc-encoding"), "");
  const std::vector<Envelope> expected = {
      {0, R"({"text":"one"})"}, {0, R"({"number":"2"})"}, {0x80, "grpc-status: 0\r\n"}};
  EXPECT_EQ(envelopes(reply.body), expected);
  // In base64, and with trailers of the request, which are left out.
  const std::string with_trailers = request + trailers_flag + std::string("\0\0\0\4a: b", 8);
  const Reply& text = call("/test.Test/Bidi", encoded(with_trailers), {}, "application/grpc-web-text+json");
  EXPECT_EQ(text.field("content-type"), "application/grpc-web-text+json");
  EXPECT_EQ(envelopes(decoded(text.body)), expected);
}

TEST_F(GrpcWeb, WhatIsWrongWithJsonIsAStatusInTrailers) {
  constexpr std::string_view json = "application/grpc-web+json";
  const auto status = [&](std::string_view path, std::string_view body) {
    const std::string frame = trailers(call(path, body, {}, json).body);
    return frame.substr(0, frame.find('\r'));
  };
  EXPECT_EQ(status("/test.Test/Unary", framed("{")), "grpc-status: 3");
  EXPECT_EQ(status("/test.Test/Unary", framed("{}").substr(0, 6)), "grpc-status: 3") << "in the middle of a message";
  EXPECT_EQ(status("/test.Test/Unary", framed("{}").substr(0, 3)), "grpc-status: 3") << "in the middle of a prefix";
  EXPECT_EQ(status("/test.Test/Fail", framed("{}")), "grpc-status: 5");
  EXPECT_EQ(status("/test.Test/Abandon", framed("{}")), "grpc-status: 12") << "not described";
  EXPECT_EQ(status("/test.Test/Nothing", framed("{}")), "grpc-status: 12");
}

TEST_F(GrpcWeb, LargeJsonIsCompressedForClientsThatTakeIt) {
  const std::string text = R"({"text":")" + std::string(5000, 'x') + R"("})";
  const Reply& reply =
      call("/test.Test/Unary", framed(text), {{"grpc-accept-encoding", "gzip"}}, "application/grpc-web+json");
  EXPECT_EQ(reply.field("grpc-encoding"), "gzip");
  const auto all = envelopes(reply.body);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].flags, 1);
  EXPECT_LT(all[0].message.size(), 500U);
}

TEST_F(GrpcWeb, AnotherFormatOfMessagesIsRefusedByName) {
  const Reply& reply = call("/test.Test/Unary", framed(""), {}, "application/grpc-web+thrift");
  EXPECT_TRUE(trailers(reply.body).starts_with("grpc-status: 12\r\n"));
  EXPECT_EQ(call("/test.Test/Unary", framed(""), {}, "application/grpc-webby").field(":status"), "415");
}

TEST_F(GrpcWeb, APageOfAnAllowedOriginMayReadTheAnswer) {
  const Reply& reply = call("/test.Test/Unary", framed("x"), {{"origin", "https://app.example.com"}, {"echo-a", "b"}});
  EXPECT_EQ(reply.field("access-control-allow-origin"), "https://app.example.com");
  EXPECT_NE(reply.field("access-control-expose-headers").find("echo-a"), std::string::npos);
  EXPECT_NE(reply.field("access-control-expose-headers").find("grpc-status"), std::string::npos);
  EXPECT_EQ(reply.field("vary"), "origin");
  const Reply& other = call("/test.Test/Unary", framed("x"), {{"origin", "https://evil.example.com"}});
  EXPECT_EQ(other.field("access-control-allow-origin"), "");
}

TEST_F(GrpcWeb, APreflightSaysWhoMayCall) {
  const auto ask = [&](std::string_view path, std::string_view origin) {
    const auto id = client_.open(path,
                                 plain_fields("OPTIONS", "",
                                              {{"origin", std::string(origin)},
                                               {"access-control-request-method", "POST"},
                                               {"access-control-request-headers", "content-type,x-grpc-web"}}),
                                 true);
    EXPECT_TRUE(client_.run_until_closed(id));
    return client_.reply(id);
  };
  const Reply allowed = ask("/test.Test/Unary", "https://app.example.com");
  EXPECT_EQ(allowed.field(":status"), "204");
  EXPECT_EQ(allowed.field("access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(allowed.field("access-control-allow-headers"), "content-type,x-grpc-web");
  EXPECT_EQ(allowed.field("access-control-max-age"), "7200");
  EXPECT_EQ(allowed.field("access-control-allow-credentials"), "");
  EXPECT_EQ(allowed.field("content-type"), "");
  EXPECT_TRUE(allowed.body.empty());
  EXPECT_EQ(ask("/test.Test/Unary", "https://evil.example.com").field(":status"), "403");
  // What a handler serves by HTTP it answers itself.
  EXPECT_EQ(ask("/http", "https://app.example.com").field("request"), "OPTIONS /http");
}

}  // namespace
}  // namespace wasm_grpc::http2
