// Flow control: whoever is slow stops the other side, and nobody else.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

using Strings = std::vector<std::string>;

TEST(Flow, AClientThatDoesNotReadStopsTheHandler) {
  Server server;
  Client client(server.port(), {.consume = false});
  const auto id = client.open("/test.Test/Spread");
  client.send(id, "10000 1000", true);
  ASSERT_TRUE(client.run_until([&] { return client.reply(id).body.size() == 65535; }));
  ASSERT_TRUE(eventually([&] { return server.seen().again >= 1; }));
  client.run_for(std::chrono::milliseconds(50));
  EXPECT_EQ(client.reply(id).body.size(), 65535u);
  const int sent = server.seen().sent;
  // What the client's window and the call's output hold, and one message more.
  EXPECT_LE(sent, (65535 + 65536) / 1005 + 2);

  // As it reads, the rest comes.
  ASSERT_TRUE(client.run_until([&] {
    client.consume(id);
    return client.reply(id).closed;
  }));
  EXPECT_EQ(client.reply(id).messages().size(), 10'000u);
  EXPECT_EQ(client.reply(id).status(), 0);
  EXPECT_GT(server.seen().again, 1);
}

TEST(Flow, TheEndOfARequestMayComeInAFrameOfItsOwn) {
  Server server;
  Client client(server.port());
  // With its prefix, the first is as large as the window at first.
  for (const std::size_t size : {65'536 - 5, 65'536 - 6, 500'000}) {
    const std::string message(size, 'x');
    const auto id = client.open("/test.Test/Unary");
    client.send(id, message);
    ASSERT_TRUE(client.run_until([&] { return client.unsent(id) == 0; }));
    client.run_for(std::chrono::milliseconds(20));
    client.end(id);
    ASSERT_TRUE(client.run_until_closed(id)) << size;
    EXPECT_TRUE(client.reply(id).messages() == Strings{message});
  }
}

TEST(Flow, AHandlerThatDoesNotReadStopsTheClient) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Stall");
  constexpr std::size_t count = 3000;
  for (std::size_t i = 0; i < count; ++i) client.send(id, std::string(100, 'x'));
  client.end(id);
  // The stream's window, and the rest of the message that did not fit into it.
  const std::size_t stopped_at = count * 105 - (65536 / 105 + 1) * 105;
  ASSERT_TRUE(client.run_until([&] { return client.unsent(id) == stopped_at; })) << client.unsent(id);
  client.run_for(std::chrono::milliseconds(50));

  // Other streams of the connection go on all the while.
  const std::string large(500'000, 'y');
  EXPECT_TRUE(client.call("/test.Test/Unary", large).messages() == Strings{large});
  EXPECT_EQ(client.unsent(id), stopped_at);

  server.release_stall();
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).messages(), Strings(count, std::string(100, 'x')));
  EXPECT_EQ(client.reply(id).status(), 0);
}

TEST(Flow, AHandlerThatDoesNotReadHoldsOneLargeMessageAtMost) {
  Server server;
  Client client(server.port());
  const auto id = client.open("/test.Test/Stall");
  const std::string message(1'000'000, 'x');
  for (int i = 0; i < 4; ++i) client.send(id, message);
  client.end(id);
  const std::size_t all = 4 * (message.size() + 5);
  ASSERT_TRUE(client.run_until([&] { return client.unsent(id) <= all - message.size(); }));
  client.run_for(std::chrono::milliseconds(50));
  EXPECT_GE(client.unsent(id), all - 2 * message.size());
  server.release_stall();
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_TRUE(client.reply(id).messages() == Strings(4, message));
}

TEST(Flow, LargeMessagesBeyondTheBudgetTakeTurns) {
  ConnectionOptions settings;
  settings.clients.max_large_input = 1'500'000;
  Server server(settings);
  Client client(server.port());
  std::vector<std::int32_t> ids;
  const std::string message(1'000'000, 'x');
  for (int i = 0; i < 10; ++i) {
    ids.push_back(client.open("/test.Test/Unary"));
    client.send(ids.back(), message, true);
  }
  for (const auto id : ids) {
    ASSERT_TRUE(client.run_until_closed(id));
    ASSERT_TRUE(client.reply(id).messages() == Strings{message});
  }
}

TEST(Flow, AStreamThatWaitsForItsTurnMayBeReset) {
  ConnectionOptions settings;
  settings.clients.max_large_input = 1;
  Server server(settings);
  Client client(server.port());
  const std::string message(1'000'000, 'x');
  const auto first = client.open("/test.Test/Unary");
  client.send(first, message.substr(0, 100'000));  // a whole message, unary: waits for the end of the stream
  client.send_raw(first, "");
  const auto holder = client.open("/test.Test/Stall");
  client.send_raw(holder, framed(message).substr(0, 500'000));
  const auto waiting = client.open("/test.Test/Unary");
  client.send(waiting, message, true);
  const auto last = client.open("/test.Test/Unary");
  client.send(last, message, true);
  client.run_for(std::chrono::milliseconds(50));
  client.reset(waiting);
  client.reset(holder);
  client.reset(first);
  ASSERT_TRUE(client.run_until_closed(last));
  EXPECT_TRUE(client.reply(last).messages() == Strings{message});
}

TEST(Flow, ACallThatTookItsLargeRequestLeavesTheTurnToOthers) {
  ConnectionOptions settings;
  settings.clients.max_large_input = 1;
  Server server(settings);
  Client client(server.port(), {.consume = false});
  const auto open = client.open("/test.Test/Spread");
  client.send(open, "1000 1000" + std::string(1'000'000, ' '), true);
  ASSERT_TRUE(client.run_until([&] { return server.seen().again >= 1; })) << "it goes on until the client reads";
  EXPECT_EQ(client.call("/test.Test/Fail", std::string(1'000'000, 'x')).status(), 5);
  EXPECT_FALSE(client.reply(open).closed);
}

TEST(Flow, MuchOutputOnManyStreamsArrivesWhole) {
  Server server;
  Client client(server.port());
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(client.open("/test.Test/Spread"));
    client.send(ids.back(), "100 10000", true);
  }
  for (const auto id : ids) {
    ASSERT_TRUE(client.run_until_closed(id));
    EXPECT_TRUE(client.reply(id).messages() == Strings(100, std::string(10'000, 's')));
  }
}

TEST(Flow, ASocketThatIsNotReadHoldsBackTheConnectionAndNothingElse) {
  Server server;
  // A large window: it is the socket that fills up.
  Client slow(server.port(), {.stream_window = 1 << 30});
  const auto id = slow.open("/test.Test/Spread");
  slow.send(id, "20000 10000", true);
  ASSERT_TRUE(slow.run_until([&] { return !slow.reply(id).body.empty(); }));
  ASSERT_TRUE(eventually([&] { return server.seen().again >= 1; }));
  Client other(server.port());
  EXPECT_EQ(other.call("/test.Test/Unary", "x").status(), 0);
  ASSERT_TRUE(eventually([&] {
    slow.run_for(std::chrono::milliseconds(20));
    return slow.reply(id).closed;
  }));
  EXPECT_EQ(slow.reply(id).body.size(), 20'000u * 10'005u);
  EXPECT_EQ(slow.reply(id).status(), 0);
}

}  // namespace
}  // namespace wasm_grpc::http2
