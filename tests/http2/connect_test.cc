// Connect, over HTTP/2; over HTTP/1.1 and by its own clients see the end-to-end tests.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "client.h"
#include "described.h"
#include "gzip.h"
#include "rpc/base64.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

using nlohmann::json;

class Connect : public testing::Test {
 protected:
  const Reply& ask(std::string_view method, std::string_view target, std::string_view type, std::string_view body,
                   const Fields& extra = {}) {
    const auto id = client_.open(target, plain_fields(method, type, extra), body.empty());
    if (!body.empty()) client_.send_raw(id, body, true);
    EXPECT_TRUE(client_.run_until_closed(id));
    return client_.reply(id);
  }
  const Reply& post(std::string_view path, std::string_view type, std::string_view body, const Fields& extra = {}) {
    return ask("POST", path, type, body, extra);
  }
  const Reply& get(std::string_view target) { return ask("GET", target, "", ""); }
  /// The end of a stream's answer.
  static json end_of(const Reply& reply) {
    const auto all = envelopes(reply.body);
    return all.empty() || all.back().flags != 2 ? json() : json::parse(all.back().message);
  }

  facade::Facades facades_ = describe_test_service({"*"});
  Server server_{ConnectionOptions(), 0, &facades_};
  Client client_{server_.port()};
};

// ---- Unary ----

TEST_F(Connect, AMessageInProtobufIsTheBodyBothWays) {
  const Reply& reply =
      post("/test.Test/Unary", "application/proto", "hello", {{"echo-a", "b"}, {"echo-c-bin", "AAH/"}});
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(reply.field("content-type"), "application/proto");
  EXPECT_EQ(reply.field("content-length"), "5");
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.field("echo-a"), "b");
  EXPECT_EQ(reply.field("trailer-echo-a"), "b");
  EXPECT_EQ(reply.field("trailer-echo-c-bin"), "AAH/");
  EXPECT_TRUE(reply.trailers.empty());
}

TEST_F(Connect, AMessageInJsonIsReadByTheDescriptors) {
  const Reply& reply = post("/test.Test/Unary", "application/json; charset=utf-8", R"({"text": "hi", "number": "7"})");
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(reply.field("content-type"), "application/json");
  EXPECT_EQ(reply.body, R"({"text":"hi","number":"7"})");
}

TEST_F(Connect, AnEmptyMessageIsOneInProtobufAndNoneInJson) {
  EXPECT_EQ(post("/test.Test/Unary", "application/proto", "").field(":status"), "200");
  EXPECT_EQ(post("/test.Test/Unary", "application/json", "").field(":status"), "400");
}

TEST_F(Connect, AFailureIsAnHttpStatusAndJson) {
  const Reply& reply = post("/test.Test/Fail", "application/proto", "");
  EXPECT_EQ(reply.field(":status"), "404");
  EXPECT_EQ(reply.field("content-type"), "application/json");
  EXPECT_EQ(json::parse(reply.body), (json{{"code", "not_found"}, {"message", "no such thing: \u00fc"}}));
  EXPECT_EQ(reply.field("trailer-reason"), "none");
}

TEST_F(Connect, JsonThatIsWrongIsRefusedWithThePlace) {
  for (const char* wrong : {"{", "[]", R"({"txt": "a"})", R"({"number": 1e400})", R"({"text": "a", "text": "b"})",
                            "{} {}", R"({"number": "x"})"}) {
    const Reply& reply = post("/test.Test/Unary", "application/json", wrong);
    EXPECT_EQ(reply.field(":status"), "400") << wrong;
    EXPECT_EQ(json::parse(reply.body)["code"], "invalid_argument") << wrong;
  }
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += R"({"more":[)";
  EXPECT_EQ(post("/test.Test/Unary", "application/json", deep).field(":status"), "400");
  EXPECT_EQ(post("/test.Test/Unary", "application/json", std::string(4'000'000, ' ')).field(":status"), "400");
}

TEST_F(Connect, ABodyLargerThanAMessageMayBeIsRefused) {
  const std::string large(5'000'000, 'x');
  const Reply& reply = post("/test.Test/Unary", "application/proto", large);
  EXPECT_EQ(reply.field(":status"), "429");
  EXPECT_EQ(json::parse(reply.body)["code"], "resource_exhausted");
}

TEST_F(Connect, ABodyLargerThanTheWindowIsLetInWithAndWithoutALength) {
  const std::string large(3'000'000, 'x');
  EXPECT_TRUE(post("/test.Test/Unary", "application/proto", large).body == large);
  EXPECT_TRUE(post("/test.Test/Unary", "application/proto", large, {{"content-length", "3000000"}}).body == large);
  EXPECT_TRUE(eventually([&] { return server_.live_streams() == 0; }));
}

TEST_F(Connect, RequestsMayBeCompressed) {
  const Fields gzip = {{"content-encoding", "gzip"}};
  EXPECT_EQ(post("/test.Test/Unary", "application/proto", gzipped("hello"), gzip).body, "hello");
  EXPECT_EQ(post("/test.Test/Unary", "application/json", gzipped(R"({"text":"a"})"), gzip).body, R"({"text":"a"})");
  EXPECT_EQ(post("/test.Test/Unary", "application/json", "no gzip", gzip).field(":status"), "400");
  const Reply& unknown = post("/test.Test/Unary", "application/proto", "x", {{"content-encoding", "br"}});
  EXPECT_EQ(unknown.field(":status"), "501");
  // What is too much to be decompressed at once.
  EXPECT_EQ(post("/test.Test/Unary", "application/json", std::string(70'000, 'x'), gzip).field(":status"), "429");
}

TEST_F(Connect, WhatIsDecompressedMayNotBeMoreThanAMessageEither) {
  ConnectionOptions settings;
  settings.max_message_size = 1000;
  Server server(settings, 0, &facades_);
  Client client(server.port());
  for (const char* type : {"application/json", "application/proto"}) {
    const auto id = client.open("/test.Test/Unary", plain_fields("POST", type, {{"content-encoding", "gzip"}}));
    client.send_raw(id, gzipped(std::string(2000, ' ')), true);
    ASSERT_TRUE(client.run_until_closed(id));
    EXPECT_EQ(client.reply(id).field(":status"), "429") << type;
  }
}

TEST_F(Connect, LargeJsonIsCompressedForThoseThatTakeIt) {
  const std::string text = R"({"text":")" + std::string(2000, 'a') + R"("})";
  const Reply& reply = post("/test.Test/Unary", "application/json", text, {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(reply.field("content-encoding"), "gzip");
  EXPECT_EQ(gunzipped(reply.body), text);
  EXPECT_EQ(post("/test.Test/Unary", "application/json", text).field("content-encoding"), "");
}

TEST_F(Connect, ADeadlineIsKeptAndAWrongOneRefused) {
  const Reply& reply = post("/test.Test/Never", "application/proto", "", {{"connect-timeout-ms", "50"}});
  EXPECT_EQ(reply.field(":status"), "504");
  EXPECT_EQ(json::parse(reply.body)["code"], "deadline_exceeded");
  for (const char* wrong : {"", "-1", "1s", "12345678901"}) {
    EXPECT_EQ(post("/test.Test/Unary", "application/proto", "", {{"connect-timeout-ms", wrong}}).field(":status"),
              "400")
        << wrong;
  }
}

TEST_F(Connect, AVersionThatIsNotOneIsRefused) {
  EXPECT_EQ(post("/test.Test/Unary", "application/proto", "", {{"connect-protocol-version", "2"}}).field(":status"),
            "400");
  EXPECT_EQ(post("/test.Test/Unary", "application/proto", "", {{"connect-protocol-version", "1"}}).field(":status"),
            "200");
}

TEST_F(Connect, AnUnknownMethodIsSaidToThoseWhoSpeakConnect) {
  const Reply& reply = post("/test.Test/Nothing", "application/json", "{}", {{"connect-protocol-version", "1"}});
  EXPECT_EQ(reply.field(":status"), "501");
  EXPECT_EQ(json::parse(reply.body)["code"], "unimplemented");
  EXPECT_EQ(post("/test.Test/Nothing", "application/json", "{}").field(":status"), "415");
}

TEST_F(Connect, AContentTypeThatDoesNotFitTheMethodIsRefusedWithThoseThatDo) {
  const Reply& stream = post("/test.Test/Bidi", "application/proto", "");
  EXPECT_EQ(stream.field(":status"), "415");
  EXPECT_EQ(stream.field("accept-post"), "application/connect+proto, application/connect+json");
  EXPECT_EQ(post("/test.Test/Unary", "application/connect+proto", "").field("accept-post"),
            "application/proto, application/json");
  EXPECT_EQ(post("/test.Test/Forget", "application/json", "{}").field(":status"), "415");  // it is not described
}

TEST_F(Connect, AHandlersFieldsCannotChangeHowTheAnswerIsFramed) {
  const Reply& reply = post("/test.Test/Unary", "application/proto", "hello", {{"origin", "https://a.test"}});
  EXPECT_EQ(reply.field("access-control-allow-origin"), "*");
  EXPECT_EQ(reply.field("content-length"), "5");
}

// ---- GET ----

TEST_F(Connect, AMethodFreeOfSideEffectsIsCalledByGet) {
  EXPECT_EQ(get("/test.Test/Unary?connect=v1&encoding=json&message=%7B%22text%22%3A%22a+b%22%7D").body,
            R"({"text":"a b"})");
  EXPECT_EQ(get("/test.Test/Unary?connect=v1&encoding=proto&base64=1&message=CgL_-g").body, "\x0a\x02\xff\xfa");
  std::string message;
  rpc::base64_encode(gzipped("hello"), message);
  for (char& c : message) c = c == '+' ? '-' : c == '/' ? '_' : c;
  EXPECT_EQ(get("/test.Test/Unary?connect=v1&encoding=proto&compression=gzip&base64=1&message=" + message).body,
            "hello");
}

TEST_F(Connect, OthersAreNot) {
  const Reply& reply = get("/test.Test/Fail?connect=v1&encoding=json&message={}");
  EXPECT_EQ(reply.field(":status"), "405");
  EXPECT_EQ(reply.field("allow"), "POST");
  EXPECT_EQ(get("/test.Test/Unary?connect=v1&encoding=xml&message={}").field(":status"), "415");
  EXPECT_EQ(get("/test.Test/Unary?connect=v1&encoding=json").field(":status"), "400");
  EXPECT_EQ(get("/test.Test/Unary?connect=v1&encoding=proto&base64=1&message=!").field(":status"), "400");
  EXPECT_EQ(get("/test.Test/Unary").field(":status"), "405");
}

// ---- Streams ----

TEST_F(Connect, AStreamsEnvelopesAreMessagesAndItsEndIsJson) {
  const Reply& reply = post("/test.Test/Bidi", "application/connect+proto", framed("one") + framed("two"));
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(reply.field("content-type"), "application/connect+proto");
  const auto all = envelopes(reply.body);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0], (Envelope{0, "one"}));
  EXPECT_EQ(all[1], (Envelope{0, "two"}));
  EXPECT_EQ(all[2], (Envelope{2, "{}"}));
}

TEST_F(Connect, AStreamInJsonIsReadByTheDescriptorsHoweverItIsCut) {
  const std::string body = framed(R"({"text":"one"})") + framed(R"({"number":2})");
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    const auto id = client_.open("/test.Test/Bidi", plain_fields("POST", "application/connect+json"));
    client_.send_raw(id, body.substr(0, cut));
    ASSERT_TRUE(client_.run_until([&] { return client_.unsent(id) == 0; }));
    client_.send_raw(id, body.substr(cut), true);
    ASSERT_TRUE(client_.run_until_closed(id)) << cut;
    const auto all = envelopes(client_.reply(id).body);
    ASSERT_EQ(all.size(), 3U) << cut;
    EXPECT_EQ(all[0].message, R"({"text":"one"})");
    EXPECT_EQ(all[1].message, R"({"number":"2"})");
    EXPECT_EQ(all[2], (Envelope{2, "{}"}));
  }
}

TEST_F(Connect, AStreamThatCannotBeReadEndsWithItsErrorAfterWhatWasAnswered) {
  const Reply& reply = post("/test.Test/Bidi", "application/connect+json", framed(R"({"text":"one"})") + framed("{"));
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(end_of(reply)["error"]["code"], "invalid_argument");
  EXPECT_EQ(end_of(post("/test.Test/Bidi", "application/connect+json", envelope(2, "{}")))["error"]["code"],
            "invalid_argument");
  EXPECT_EQ(end_of(post("/test.Test/Bidi", "application/connect+json", framed("{}").substr(0, 6)))["error"]["code"],
            "invalid_argument");
  EXPECT_EQ(end_of(post("/test.Test/Nothing", "application/connect+proto", framed("")))["error"]["code"],
            "unimplemented");
}

TEST_F(Connect, AnAnswerThatIsNotItsMessageCannotBeSaidInJson) {
  const Reply& reply = post("/test.Test/Info", "application/json", "{}");  // it answers with text
  EXPECT_EQ(reply.field(":status"), "500");
  EXPECT_EQ(json::parse(reply.body)["code"], "internal");
}

TEST_F(Connect, EnvelopesMayBeCompressed) {
  const Fields gzip = {{"connect-content-encoding", "gzip"}, {"connect-accept-encoding", "gzip"}};
  const std::string text = R"({"text":")" + std::string(2000, 'a') + R"("})";
  const Reply& reply =
      post("/test.Test/Bidi", "application/connect+json", envelope(1, gzipped(text)) + framed("{}"), gzip);
  EXPECT_EQ(reply.field("connect-content-encoding"), "gzip");
  const auto all = envelopes(reply.body);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].flags, 1);
  EXPECT_EQ(gunzipped(all[0].message), text);
  EXPECT_EQ(all[1], (Envelope{0, "{}"}));
  EXPECT_EQ(envelopes(post("/test.Test/Bidi", "application/connect+proto", envelope(1, gzipped("hello")), gzip).body)[0]
                .message,
            "hello");
}

TEST_F(Connect, ManyAndLargeMessagesInJsonAreHeldUpByTheWindow) {
  const Reply& reply = post("/test.Test/Spread", "application/connect+proto", framed("50 100000"));
  const auto all = envelopes(reply.body);
  ASSERT_EQ(all.size(), 51U);
  EXPECT_EQ(all[49].message.size(), 100'000U);
  std::string body;
  for (int i = 0; i < 200; ++i) body += framed(R"({"text":")" + std::string(10'000, 'x') + R"("})");
  EXPECT_EQ(envelopes(post("/test.Test/Bidi", "application/connect+json", body).body).size(), 201U);
}

TEST_F(Connect, AStreamsDeadlineEndsIt) {
  const auto id = client_.open("/test.Test/Stall",
                               plain_fields("POST", "application/connect+proto", {{"connect-timeout-ms", "50"}}));
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(end_of(client_.reply(id))["error"]["code"], "deadline_exceeded");
}

}  // namespace
}  // namespace wasm_grpc::http2
