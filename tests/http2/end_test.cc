// How calls and connections end.
#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "client.h"
#include "server.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::http2 {
namespace {

TEST(CallEnds, AResetCancelsTheCall) {
  Server server;
  Client client(server.port());
  for (const char* path : {"/test.Test/Never", "/test.Test/NeverBidi"}) {
    server.seen().started = 0;
    server.seen().cancelled = 0;
    const auto id = client.open(path);
    client.send(id, "x", true);
    ASSERT_TRUE(client.run_until([&] { return server.seen().started == 1; })) << path;
    EXPECT_EQ(server.seen().cancelled, 0);
    client.reset(id);
    ASSERT_TRUE(client.run_until([&] { return server.seen().cancelled == 1; })) << path;
    EXPECT_EQ(server.seen().late_finish, static_cast<int>(rpc::SendResult::cancelled));
  }
  EXPECT_TRUE(eventually([&] { return server.live_streams() == 0; }));
}

TEST(CallEnds, ALostConnectionCancelsItsCalls) {
  Server server;
  Client client(server.port());
  for (int i = 0; i < 10; ++i) client.send(client.open("/test.Test/NeverBidi"), "x");
  ASSERT_TRUE(client.run_until([&] { return server.seen().started == 10; }));
  client.drop();
  EXPECT_TRUE(eventually([&] { return server.seen().cancelled == 10; }));
  EXPECT_TRUE(eventually([&] { return server.live_streams() == 0 && server.counters().connections_open == 0; }));
}

TEST(CallEnds, TheServerAnswersWhenTheDeadlinePasses) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Never", {{"grpc-timeout", "30m"}});
  client.send(id, "x", true);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 4);
  EXPECT_EQ(server.seen().started, 1);
  EXPECT_EQ(server.seen().cancelled, 1);
  EXPECT_EQ(server.counters().calls_past_deadline, 1u);
}

TEST(CallEnds, TheDeadlineHoldsForARequestThatIsNotComplete) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Unary", {{"grpc-timeout", "30m"}});
  client.send_raw(id, framed("incomplete").substr(0, 8));
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 4);
  EXPECT_EQ(client.reply(id).reset_code, std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_EQ(server.counters().calls_started, 0u);
}

TEST(CallEnds, ACallInTimeDoesNotHearOfItsDeadline) {
  Server server;
  Client client(server.port());
  EXPECT_EQ(client.call("/test.Test/Unary", "x", {{"grpc-timeout", "99999999H"}}).status(), 0);
  EXPECT_EQ(client.call("/test.Test/Unary", "x", {{"grpc-timeout", "20S"}}).status(), 0);
  EXPECT_EQ(server.counters().calls_past_deadline, 0u);
}

TEST(CallEnds, AnAnswerBeforeTheRequestIsCompleteEndsTheStream) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Early");
  client.send(id, "not read");
  ASSERT_TRUE(client.run_until_closed(id));
  const Reply& reply = client.reply(id);
  EXPECT_EQ(reply.messages(), std::vector<std::string>{"early"});
  EXPECT_EQ(reply.status(), 0);
  EXPECT_TRUE(reply.ended);
  EXPECT_EQ(reply.reset_code, std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_EQ(client.call("/test.Test/Unary", "next").status(), 0);
}

TEST(CallEnds, WhatWaitedForAFullSocketIsLetGoOf) {
  Server server;
  Client client(server.port(), {.consume = false, .stream_window = 64 << 20});
  client.send(client.open("/test.Test/Spread"), "40 1000000", true);
  client.write();
  std::uint64_t written = 0;
  ASSERT_TRUE(eventually([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return std::exchange(written, server.counters().bytes_written) == server.counters().bytes_written && written > 0;
  })) << "nobody reads, so that the socket is full";
  for (int i = 0; i < 10; ++i) {
    const auto id = client.open("/http", {{":method", "HEAD"}, {"te", ""}, {"content-type", ""}});
    client.send_raw(id, "what it would answer");
  }
  client.write();
  ASSERT_TRUE(eventually([&] { return server.counters().calls_started == 11; }));
  client.drop();
  EXPECT_TRUE(eventually([&] { return server.live_streams() == 0; }));
}

TEST(CallEnds, ClientsMayResetStreamsThatTheServerHasEnded) {
  ConnectionOptions settings;
  settings.clients.reset_burst = 10;
  settings.clients.resets_per_second = 1;
  Server server(settings);
  Client client(server.port());
  for (int i = 0; i < 200; ++i) {
    const auto id = client.open("/test.Test/Nope");
    ASSERT_TRUE(client.run_until([&] { return client.reply(id).ended; })) << i;
    client.reset(id, NGHTTP2_NO_ERROR);
  }
  EXPECT_EQ(client.call("/test.Test/Unary", "x").status(), 0);
}

TEST(Drain, WithoutConnectionsIsDoneAtOnce) {
  Server server;
  server.drain();
  EXPECT_TRUE(server.drained());
}

TEST(Drain, FinishesRunningCallsAndThenCloses) {
  Server server;
  Client client(server.port());
  const auto running = client.open("/test.Test/Bidi");
  client.send(running, "before");
  ASSERT_TRUE(client.run_until([&] { return !client.reply(running).messages().empty(); }));
  server.drain();
  ASSERT_TRUE(client.run_until([&] { return client.goaways().size() == 2; }));
  EXPECT_EQ(client.goaways()[0].second, 0x7fffffff) << "first a notice";
  EXPECT_EQ(client.goaways()[1].second, running) << "then the last stream that will be served";
  EXPECT_FALSE(server.drained());

  client.send(running, "after", true);
  ASSERT_TRUE(client.run_until_closed(running));
  EXPECT_EQ(client.reply(running).messages(), (std::vector<std::string>{"before", "after"}));
  EXPECT_EQ(client.reply(running).status(), 0);
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_TRUE(client.connection_ended());
  client.drop();
  EXPECT_TRUE(eventually([&] { return server.drained(); }));
  EXPECT_THROW(Client(server.port()), std::runtime_error) << "nobody listens any more";
}

TEST(Drain, DoesNotWaitForAClientThatDoesNotAnswerPings) {
  Server server;
  Client client(server.port(), {.acknowledge_pings = false});
  EXPECT_EQ(client.call("/test.Test/Unary", "x").status(), 0);
  server.drain();
  ASSERT_TRUE(client.run_until([&] { return client.goaways().size() == 1; }));
  // The client does not close its side either.
  EXPECT_TRUE(eventually([&] { return server.drained(); }));
}

TEST(Drain, AnswersAClientThatHasJustConnected) {
  Server server;
  Client client(server.port());
  EXPECT_TRUE(eventually([&] { return server.counters().connections_accepted == 1; }));
  const auto id = client.open("/test.Test/Unary");
  client.send(id, "x", true);
  server.on_thread([&](Endpoint& endpoint) {
    client.write();  // the server has not read it yet
    endpoint.drain();
  });
  EXPECT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 0);
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_FALSE(client.goaways().empty());
  client.drop();
  EXPECT_TRUE(eventually([&] { return server.drained(); }));
}

TEST(Drain, DoesNotWaitLongForAClientThatSaysNothing) {
  ConnectionOptions settings;
  settings.clients.handshake_timeout = std::chrono::hours(1);
  Server server(settings);
  Client client(server.port());
  EXPECT_TRUE(eventually([&] { return server.counters().connections_accepted == 1; }));
  server.drain();
  EXPECT_TRUE(eventually([&] { return server.drained(); }));
  EXPECT_EQ(server.counters().connections_ended[static_cast<std::size_t>(EndReason::handshake_timeout)], 0u)
      << "it had no time";
}

TEST(Close, CancelsEverythingAtOnce) {
  Server server;
  Client client(server.port());
  client.send(client.open("/test.Test/NeverBidi"), "x");
  ASSERT_TRUE(client.run_until([&] { return server.seen().started == 1; }));
  server.on_thread([](Endpoint& endpoint) { endpoint.close(); });
  EXPECT_EQ(server.seen().cancelled, 1);
  EXPECT_EQ(server.live_streams(), 0u);
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_TRUE(client.connection_ended());
}

TEST(Hostile, AClientThatKeepsResettingStreamsIsSentAway) {
  ConnectionOptions settings;
  settings.clients.reset_burst = 50;
  settings.clients.resets_per_second = 1;
  Server server(settings);
  Client client(server.port());
  for (int i = 0; i < 200 && !client.connection_ended(); ++i) {
    const auto id = client.open("/test.Test/NeverBidi");
    client.run_for(std::chrono::milliseconds(1));
    client.reset(id);
  }
  (void)client.run_until([&] { return client.connection_ended(); });
  EXPECT_TRUE(client.connection_ended());
  ASSERT_FALSE(client.goaways().empty());
  EXPECT_NE(client.goaways().back().first, std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_LT(server.seen().started, 150);
  EXPECT_TRUE(eventually([&] { return server.live_streams() == 0; }));
}

TEST(Hostile, AConnectionWithoutAHandshakeIsClosed) {
  ConnectionOptions settings;
  settings.clients.handshake_timeout = std::chrono::milliseconds(50);
  Server server(settings);
  Client client(server.port());  // connected, and silent
  EXPECT_TRUE(eventually([&] { return server.counters().connections_accepted == 1; }));
  EXPECT_TRUE(eventually([&] { return server.counters().connections_open == 0; }));
}

TEST(Connections, ThatWaitForTheirClientToCloseDoNothingMeanwhile) {
  Server server;
  for (const char* request :
       {"GET /http HTTP/1.0\r\nhost: a\r\n\r\n", "GET /http HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "GET /http HTTP/3.7\r\n\r\n"}) {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), server.port()});
    asio::write(socket, asio::buffer(std::string_view(request)));
    std::string answer;
    asio::error_code error;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    ASSERT_EQ(error, asio::error::eof) << request;
    ASSERT_TRUE(answer.starts_with("HTTP/1.1 ")) << answer;
    const int before = server.flushes();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_LT(server.flushes() - before, 10) << request;
  }
}

TEST(Hostile, StreamsOverTheLimitAreRefused) {
  ConnectionOptions settings;
  settings.max_concurrent_streams = 5;
  Server server(settings);
  Client client(server.port());
  std::vector<std::int32_t> ids;
  // All at once, before the client has read the server's settings.
  for (int i = 0; i < 8; ++i) ids.push_back(client.open("/test.Test/NeverBidi"));
  ASSERT_TRUE(client.run_until([&] { return client.reply(ids.back()).closed; }));
  EXPECT_EQ(client.reply(ids.back()).reset_code, std::uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_EQ(server.seen().started, 5);
  EXPECT_EQ(client.setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 5u);
}

TEST(Hostile, PingsAreAnswered) {
  Server server;
  Client client(server.port());
  client.ping();
  EXPECT_TRUE(client.run_until([&] { return client.pongs() == 1; }));
}

}  // namespace
}  // namespace wasm_grpc::http2
