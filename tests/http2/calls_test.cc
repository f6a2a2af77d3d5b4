// Calls that go well, in all four kinds.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

using Strings = std::vector<std::string>;

TEST(Calls, AUnaryCallIsAnsweredWithHeadersMessageAndTrailers) {
  Server server;
  Client client(server.port());
  const Reply& reply = client.call("/test.Test/Unary", "hello");
  EXPECT_EQ(reply.headers[0], (std::pair<std::string, std::string>(":status", "200")));
  EXPECT_EQ(reply.field("content-type"), "application/grpc");
  EXPECT_EQ(reply.messages(), Strings{"hello"});
  EXPECT_EQ(reply.header_blocks, 2);
  EXPECT_EQ(reply.trailers, (Fields{{"grpc-status", "0"}}));
  EXPECT_TRUE(reply.ended);
  EXPECT_FALSE(reply.reset_code.has_value());
}

TEST(Calls, ManyFollowEachOtherOnOneConnection) {
  Server server;
  Client client(server.port());
  for (int i = 0; i < 300; ++i) {
    const std::string message = "message " + std::to_string(i);
    ASSERT_EQ(client.call("/test.Test/Unary", message).messages(), Strings{message});
  }
  EXPECT_TRUE(eventually([&] { return server.live_streams() == 0; }));
  EXPECT_EQ(server.counters().calls_started, 300u);
}

TEST(Calls, AnEmptyMessageIsAMessage) {
  Server server;
  Client client(server.port());
  EXPECT_EQ(client.call("/test.Test/Unary", "").messages(), Strings{""});
}

TEST(Calls, ClientStreamingJoinsWhatWasSent) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Collect");
  client.send(id, "one ");
  client.send(id, "");
  client.run_for(std::chrono::milliseconds(20));
  client.send(id, "two ");
  client.send(id, "three", true);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).messages(), Strings{"one two three"});
  EXPECT_EQ(client.reply(id).status(), 0);
}

TEST(Calls, ClientStreamingMayBeEmpty) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Collect", {}, true);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).messages(), Strings{""});
  EXPECT_EQ(client.reply(id).status(), 0);
}

TEST(Calls, ServerStreamingSendsManyMessages) {
  Server server;
  Client client(server.port());
  const Reply& reply = client.call("/test.Test/Spread", "1000 50");
  EXPECT_EQ(reply.messages(), Strings(1000, std::string(50, 's')));
  EXPECT_EQ(reply.status(), 0);
}

TEST(Calls, ServerStreamingMayBeEmpty) {
  Server server;
  Client client(server.port());
  const Reply& reply = client.call("/test.Test/Spread", "0 0");
  EXPECT_TRUE(reply.body.empty());
  EXPECT_EQ(reply.status(), 0);
  EXPECT_EQ(reply.header_blocks, 1) << "trailers-only";
}

TEST(Calls, BidiAnswersEachMessageBeforeTheNextIsSent) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Bidi");
  Strings sent;
  for (int i = 0; i < 50; ++i) {
    sent.push_back(std::string(static_cast<std::size_t>(i * i), 'b'));
    client.send(id, sent.back());
    ASSERT_TRUE(client.run_until([&] { return client.reply(id).messages().size() == sent.size(); })) << i;
  }
  EXPECT_EQ(client.reply(id).messages(), sent);
  EXPECT_FALSE(client.reply(id).ended);
  client.end(id);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 0);
}

TEST(Calls, MessagesLargerThanTheWindowPassBothWays) {
  Server server;
  Client client(server.port());
  for (const std::size_t size : {65'530u, 65'536u, 1'000'000u, 4'194'304u}) {
    const std::string message(size, 'L');
    const Reply& reply = client.call("/test.Test/Unary", message);
    ASSERT_EQ(reply.status(), 0) << size;
    ASSERT_TRUE(reply.messages() == Strings{message}) << size;
  }
}

TEST(Calls, LargeMessagesFollowEachOtherOnOneStream) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Bidi");
  Strings sent;
  for (std::size_t i = 0; i < 30; ++i) {
    sent.emplace_back(i * 20'011, static_cast<char>('a' + i % 26));
    client.send(id, sent.back());
  }
  client.end(id);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_TRUE(client.reply(id).messages() == sent);
  EXPECT_EQ(client.reply(id).status(), 0);
}

TEST(Calls, BytesMayArriveOneByOne) {
  Server server;
  Client client(server.port(), {.one_byte_at_a_time = true});
  const auto id = client.open("/test.Test/Bidi", {{"echo-a", "b"}});
  client.send(id, "dribbled");
  client.send(id, std::string(1000, 'd'), true);
  const auto unary = client.open("/test.Test/Unary");
  client.send(unary, "also", true);
  ASSERT_TRUE(client.run_until_closed(id));
  ASSERT_TRUE(client.run_until_closed(unary));
  EXPECT_EQ(client.reply(id).messages(), (Strings{"dribbled", std::string(1000, 'd')}));
  EXPECT_EQ(client.reply(unary).messages(), Strings{"also"});
}

TEST(Calls, AHundredStreamsRunAtOnce) {
  Server server;
  Client client(server.port());
  Strings messages;
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 100; ++i) {
    ids.push_back(client.open("/test.Test/Bidi"));
    messages.push_back("stream " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 100, '.'));
    client.send(ids.back(), messages.back());
  }
  ASSERT_TRUE(client.run_until([&] {
    for (const auto id : ids) {
      if (client.reply(id).messages().empty()) return false;
    }
    return true;
  }));
  EXPECT_EQ(server.live_streams(), 100u);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    client.end(ids[i]);
    ASSERT_TRUE(client.run_until_closed(ids[i]));
    EXPECT_EQ(client.reply(ids[i]).messages(), Strings{messages[i]});
  }
  EXPECT_TRUE(eventually([&] { return server.live_streams() == 0; }));
}

TEST(Calls, MetadataGoesBothWays) {
  Server server;
  Client client(server.port());
  // AP8K is base64 for 00 FF 0A; gRPC answers without padding.
  const Reply& reply =
      client.call("/test.Test/Unary", "x", {{"echo-text", "first"}, {"echo-text", "second"}, {"echo-bin", "AP8KAA=="}});
  const Fields expected = {{"echo-text", "first"}, {"echo-text", "second"}, {"echo-bin", "AP8KAA"}};
  EXPECT_EQ(Fields(reply.headers.begin() + 2, reply.headers.end()), expected);
  EXPECT_EQ(Fields(reply.trailers.begin() + 1, reply.trailers.end()), expected);
}

TEST(Calls, AHandlerKnowsMethodAuthorityAndPeer) {
  Server server;
  Client client(server.port());
  const Strings messages = client.call("/test.Test/Info", "").messages();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0].starts_with("/test.Test/Info test 127.0.0.1:")) << messages[0];
}

TEST(Calls, ThoseOfOneConnectionShareItsNumberAndAllOfOneHostItsHost) {
  const Server server;
  Client one(server.port());
  Client other(server.port());
  const auto tell = [](Client& client) { return client.call("/test.Test/Info", "").messages().at(0); };
  const auto number = [](const std::string& text) {
    return text.substr(text.find(" connection "), text.find(" host ") - text.find(" connection "));
  };
  const auto host = [](const std::string& text) { return text.substr(text.find(" host ")); };
  const std::string first = tell(one);
  EXPECT_EQ(tell(one), first);
  const std::string second = tell(other);
  EXPECT_NE(number(second), number(first));
  EXPECT_EQ(host(second), host(first));
}

TEST(Calls, AnErrorComesAsOneFrameWithItsMessageEncoded) {
  Server server;
  Client client(server.port());
  const Reply& reply = client.call("/test.Test/Fail", "x");
  EXPECT_EQ(reply.header_blocks, 1) << "trailers-only";
  EXPECT_EQ(reply.field(":status"), "200");
  EXPECT_EQ(reply.status(), 5);
  EXPECT_EQ(reply.field("grpc-message"), "no such thing: %C3%BC");
  EXPECT_EQ(reply.message(), "no such thing: ü");
  EXPECT_EQ(reply.field("reason"), "none");
  EXPECT_TRUE(reply.body.empty());
  EXPECT_TRUE(reply.ended);
}

TEST(Calls, AHandlerThatLetsGoOfACallIsAnsweredForAfterWhatItSent) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Abandon");
  client.send(id, "stay");
  ASSERT_TRUE(client.run_until([&] { return client.reply(id).messages().size() == 1; }));
  EXPECT_FALSE(client.reply(id).closed);
  client.send(id, "leave");
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).messages(), (std::vector<std::string>{"stay", "leave"}));
  EXPECT_EQ(client.reply(id).status(), 13);
  EXPECT_TRUE(eventually([&] { return server.live_streams() == 0; }));
  EXPECT_EQ(client.call("/test.Test/Unary", "next").status(), 0);
}

TEST(Calls, AHandlerThatForgetsToAnswerIsAnsweredFor) {
  Server server;
  Client client(server.port());
  EXPECT_EQ(client.call("/test.Test/Forget", "x").status(), 13);
}

}  // namespace
}  // namespace wasm_grpc::http2
