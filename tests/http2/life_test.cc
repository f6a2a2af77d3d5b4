// How long connections live, and what pings do.
#include <gtest/gtest.h>

#include <chrono>

#include "client.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

using std::chrono::milliseconds;

std::uint32_t last_code(const Client& client) { return client.goaways().back().first; }

TEST(Keepalive, ASilentClientThatAnswersPingsStays) {
  ConnectionOptions settings;
  settings.keepalive_time = milliseconds(20);
  settings.keepalive_timeout = milliseconds(15'000);
  Server server(settings);
  Client client(server.port());
  EXPECT_EQ(client.call("/test.Test/Unary", "x").status(), 0);
  client.run_for(milliseconds(300));
  EXPECT_FALSE(client.connection_ended());
  EXPECT_EQ(client.call("/test.Test/Unary", "y").status(), 0);
}

TEST(Keepalive, AClientThatAnswersNothingIsDropped) {
  ConnectionOptions settings;
  settings.keepalive_time = milliseconds(20);
  settings.keepalive_timeout = milliseconds(20);
  Server server(settings);
  Client client(server.port(), {.acknowledge_pings = false});
  client.send(client.open("/test.Test/NeverBidi"), "x");
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_TRUE(client.connection_ended());
  EXPECT_TRUE(eventually([&] { return server.seen().cancelled == 1; }));
}

TEST(PingEnforcement, TooManyPingsEndTheConnectionAndSaySo) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/NeverBidi");
  client.send(id, "x");
  ASSERT_TRUE(client.run_until([&] { return server.seen().started == 1; }));
  for (int i = 0; i < 4; ++i) {
    client.ping();
    client.run_for(milliseconds(2));
  }
  (void)client.run_until([&] { return client.connection_ended(); });
  ASSERT_FALSE(client.goaways().empty());
  EXPECT_EQ(last_code(client), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
  EXPECT_EQ(server.counters().connections_ended[static_cast<std::size_t>(EndReason::too_many_pings)], 1u);
  EXPECT_TRUE(eventually([&] { return server.seen().cancelled == 1; }));
}

TEST(PingEnforcement, AnswersInBetweenMakePingsWelcome) {
  Server server;
  Client client(server.port());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.call("/test.Test/Unary", "x").status(), 0);
    client.ping();
    ASSERT_TRUE(client.run_until([&] { return client.pongs() == i + 1; }));
  }
  EXPECT_TRUE(client.goaways().empty());
}

TEST(PingEnforcement, WithoutCallsClientsMayPingAsRarelyAsDuringThemOnly) {
  for (const bool permitted : {false, true}) {
    ConnectionOptions settings;
    settings.min_ping_interval = milliseconds(1);
    settings.pings_without_calls = permitted;
    Server server(settings);
    Client client(server.port());
    for (int i = 0; i < 8 && !client.connection_ended(); ++i) {
      client.ping();
      client.run_for(milliseconds(10));
    }
    if (!permitted) (void)client.run_until([&] { return client.connection_ended(); });
    EXPECT_EQ(client.connection_ended(), !permitted);
  }
}

TEST(PingEnforcement, CanBeSwitchedOff) {
  ConnectionOptions settings;
  settings.min_ping_interval = milliseconds(0);
  Server server(settings);
  Client client(server.port());
  for (int i = 0; i < 20; ++i) client.ping();
  EXPECT_TRUE(client.run_until([&] { return client.pongs() == 20; }));
  EXPECT_TRUE(client.goaways().empty());
}

TEST(Idle, AConnectionWithoutCallsIsToldToGo) {
  ConnectionOptions settings;
  settings.max_connection_idle = milliseconds(50);
  Server server(settings);
  Client client(server.port());
  EXPECT_EQ(client.call("/test.Test/Unary", "x").status(), 0);
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_TRUE(client.connection_ended());
  ASSERT_FALSE(client.goaways().empty());
  EXPECT_EQ(last_code(client), std::uint32_t{NGHTTP2_NO_ERROR});
}

TEST(Idle, AConnectionWithAnOpenCallIsNotIdle) {
  ConnectionOptions settings;
  settings.max_connection_idle = milliseconds(50);
  Server server(settings);
  Client client(server.port());
  const auto id = client.open("/test.Test/Bidi");
  client.send(id, "x");
  client.run_for(milliseconds(400));
  EXPECT_TRUE(client.goaways().empty());
  client.send(id, "y", true);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 0);
}

TEST(Age, AnOldConnectionGoesWhenItsCallsHaveEnded) {
  ConnectionOptions settings;
  settings.max_connection_age = milliseconds(50);
  Server server(settings);
  Client client(server.port());
  const auto id = client.open("/test.Test/Bidi");
  client.send(id, "x");
  ASSERT_TRUE(client.run_until([&] { return client.goaways().size() == 2; }));
  EXPECT_EQ(client.goaways()[1].second, id);
  client.send(id, "y", true);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 0);
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_TRUE(client.connection_ended());
}

TEST(Age, CallsThatOutlastTheGraceAreCutOff) {
  ConnectionOptions settings;
  settings.max_connection_age = milliseconds(30);
  settings.max_connection_age_grace = milliseconds(100);
  Server server(settings);
  Client client(server.port());
  client.send(client.open("/test.Test/NeverBidi"), "x");
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_TRUE(client.connection_ended());
  EXPECT_TRUE(eventually([&] { return server.seen().cancelled == 1; }));
}

}  // namespace
}  // namespace wasm_grpc::http2
