// JSON by google.api.http rules: which request means which method is tested in facade/rest; here that calls come of it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "client.h"
#include "described.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

using nlohmann::json;

class Rest : public testing::Test {
 protected:
  const Reply& ask(std::string_view method, std::string_view target, std::string_view body = "",
                   const Fields& extra = {}) {
    const auto id =
        client_.open(target, plain_fields(method, body.empty() ? "" : "application/json", extra), body.empty());
    if (!body.empty()) client_.send_raw(id, body, true);
    EXPECT_TRUE(client_.run_until_closed(id));
    return client_.reply(id);
  }

  facade::Facades facades_ = describe_test_service({"https://app.example.com"});
  Server server_{ConnectionOptions(), 0, &facades_};
  Client client_{server_.port()};
};

TEST_F(Rest, PathAndQueryAreTheRequestAndTheReplyIsJson) {
  const Reply& reply = ask("GET", "/v1/texts/a/b%20c?number=7", "", {{"echo-a", "b"}});
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(reply.field("content-type"), "application/json");
  EXPECT_EQ(json::parse(reply.body), (json{{"text", "a/b c"}, {"number", "7"}}));
  EXPECT_EQ(reply.field("content-length"), std::to_string(reply.body.size()));
  EXPECT_EQ(reply.field("echo-a"), "b");
  EXPECT_EQ(reply.field("trailer-echo-a"), "b");
}

TEST_F(Rest, ABodyIsTheRequest) { EXPECT_EQ(ask("POST", "/v1/texts", R"({"text":"hi"})").body, R"({"text":"hi"})"); }

TEST_F(Rest, AFailureIsAnHttpStatusAndAStatusInJson) {
  const Reply& reply = ask("GET", "/v1/failures");
  EXPECT_EQ(reply.field(":status"), "404");
  EXPECT_EQ(json::parse(reply.body), (json{{"code", 5}, {"message", "no such thing: \u00fc"}}));
  const Reply& wrong = ask("GET", "/v1/texts/a?numbr=7");
  EXPECT_EQ(wrong.field(":status"), "400");
  EXPECT_NE(json::parse(wrong.body)["message"].get<std::string>().find("numbr"), std::string::npos);
  EXPECT_EQ(ask("POST", "/v1/texts", "{").field(":status"), "400");
  EXPECT_EQ(ask("GET", "/v1/info").field(":status"), "500");  // it answers with what is no test.Text
}

TEST_F(Rest, AnotherMethodOfThePathIsRefusedWithThoseThatItTakes) {
  const Reply& reply = ask("DELETE", "/v1/texts/a");
  EXPECT_EQ(reply.field(":status"), "405");
  EXPECT_EQ(reply.field("allow"), "GET");
  EXPECT_EQ(ask("GET", "/v1/nothing").field(":status"), "404");
}

TEST_F(Rest, ABodyThatIsNoJsonIsRefused) {
  const auto id = client_.open("/v1/texts", plain_fields("POST", "application/x-www-form-urlencoded"));
  client_.send_raw(id, "text=hi", true);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).field(":status"), "415");
}

TEST_F(Rest, ABodyIsBoundedAsAMessageIs) {
  const Reply& reply = ask("POST", "/v1/texts", std::string(5'000'000, ' '));
  EXPECT_EQ(reply.field(":status"), "429");
}

TEST_F(Rest, StreamsAreLines) {
  const Reply& reply = ask("POST", "/v1/echoes", "{\"text\":\"one\"}\n\n{\"number\":2}\n{}");
  EXPECT_EQ(reply.field("content-type"), "application/x-ndjson");
  EXPECT_EQ(reply.body, "{\"text\":\"one\"}\n{\"number\":\"2\"}\n{}\n");
}

TEST_F(Rest, LinesAreTakenHoweverTheyAreCut) {
  const std::string body = "{\"text\":\"one\"}\n{\"number\":2}";
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    const auto id = client_.open("/v1/echoes", plain_fields("POST", "application/json"));
    client_.send_raw(id, body.substr(0, cut));
    ASSERT_TRUE(client_.run_until([&] { return client_.unsent(id) == 0; }));
    client_.send_raw(id, body.substr(cut), true);
    ASSERT_TRUE(client_.run_until_closed(id)) << cut;
    EXPECT_EQ(client_.reply(id).body, "{\"text\":\"one\"}\n{\"number\":\"2\"}\n") << cut;
  }
}

TEST_F(Rest, AStreamThatFailsSaysSoInItsLastLine) {
  const auto id = client_.open("/v1/echoes", plain_fields("POST", "application/json"));
  client_.send_raw(id, "{\"text\":\"one\"}\n");
  ASSERT_TRUE(client_.run_until([&] { return !client_.reply(id).body.empty(); }));
  client_.send_raw(id, "{", true);
  ASSERT_TRUE(client_.run_until_closed(id));
  const std::string& all = client_.reply(id).body;
  ASSERT_TRUE(all.starts_with("{\"text\":\"one\"}\n")) << all;
  EXPECT_EQ(json::parse(all.substr(all.find('\n')))["error"]["code"], 3);
  // One that fails at once is an HTTP status.
  const Reply& reply = ask("POST", "/v1/echoes", "{");
  EXPECT_EQ(reply.field(":status"), "400");
  EXPECT_EQ(json::parse(reply.body)["code"], 3);
}

TEST_F(Rest, LongLinesPassTheWindow) {
  const std::string line = R"({"text":")" + std::string(500'000, 'x') + "\"}\n";
  const Reply& reply = ask("POST", "/v1/echoes", line + line);
  EXPECT_TRUE(reply.body == line + line) << reply.body.size();
  EXPECT_TRUE(eventually([&] { return server_.live_streams() == 0; }));
}

TEST_F(Rest, ADeadlineIsKept) {
  EXPECT_EQ(ask("GET", "/v1/never", "", {{"grpc-timeout", "50m"}}).field(":status"), "504");
}

TEST_F(Rest, APagesPreflightIsAnsweredForPathsOfRules) {
  const auto asked = [&](std::string_view method) {
    return ask("OPTIONS", "/v1/texts/a", "",
               {{"origin", "https://app.example.com"}, {"access-control-request-method", std::string(method)}})
        .field(":status");
  };
  EXPECT_EQ(asked("GET"), "204");
}

}  // namespace
}  // namespace wasm_grpc::http2
