#include "net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <asio/post.hpp>
#include <random>
#include <vector>

#include "listening.h"

namespace wasm_grpc::net {
namespace {

TEST(ListenerTest, OnAPortInUseFailsAndSaysWhatToDo) {
  Listening first(1);
  first.open();
  const std::string address = "127.0.0.1:" + std::to_string(first.listener().local_endpoint().port());
  Listening second(1);
  const auto result = second.open(address);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find(address), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find("choose another port"), std::string::npos) << result.error().message;
}

TEST(ListenerTest, MayUseAPortAgainRightAfterItsConnectionsEnded) {
  asio::ip::tcp::endpoint endpoint;
  {
    Listening first(1);
    first.open();
    endpoint = first.listener().local_endpoint();
    const auto client = first.connect();
    ASSERT_TRUE(first.run_until([&] { return first.received() == 1; }));
  }  // the server closes first: its side of the connection lingers in the system
  Listening second(1);
  EXPECT_TRUE(second.open("127.0.0.1:" + std::to_string(endpoint.port())).ok());
}

TEST(ListenerTest, TellsWhoConnected) {
  Listening listening(1);
  listening.open();
  const auto client = listening.connect();
  ASSERT_TRUE(listening.run_until([&] { return listening.received() == 1; }));
  EXPECT_EQ(listening.keeper(0).kept()[0].peer, "127.0.0.1:" + std::to_string(client.local_endpoint().port()));
  EXPECT_FALSE(listening.keeper(0).kept()[0].tls);
}

TEST(ListenerTest, SpreadsConnectionsThatComeAtOnceOverAllReceivers) {
  Listening listening(64);
  listening.open();
  std::vector<asio::ip::tcp::socket> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(listening.connect());
  ASSERT_TRUE(listening.run_until([&] { return listening.received() == 64; }));
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(listening.keeper(i).kept().size(), 1U) << i;
}

TEST(ListenerTest, LeavesNoReceiverIdleWhileConnectionsComeAndGo) {
  Listening listening(64);
  listening.open();
  std::minstd_rand random(1);
  std::vector<asio::ip::tcp::socket> clients;
  for (int round = 0; round < 20; ++round) {
    while (clients.size() < 64) clients.push_back(listening.connect());
    ASSERT_TRUE(listening.run_until([&] { return listening.received() == 64; }));
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(listening.keeper(i).kept().size(), 1U) << i << " in " << round;
    // Some leave, whichever receivers they are at.
    for (std::size_t i = 0; i < 64; ++i) {
      if (random() % 3 == 0) listening.keeper(i).kept().clear();
    }
    while (clients.size() > listening.received()) clients.pop_back();
  }
}

TEST(ListenerTest, AUnixSocketFollowsTheSameRule) {
  Listening listening(4);
  const std::string path = "/tmp/listener-test-" + std::to_string(getpid());
  const auto opened = listening.listener().open_unix(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(connects(path));
  ASSERT_TRUE(listening.run_until([&] { return listening.received() == 10; }));
  EXPECT_EQ(listening.door().counts(), (std::vector<std::size_t>{3, 3, 2, 2}));
}

TEST(ListenerTest, ClosesConnectionsBeyondTheLimitOfAllReceiversTogether) {
  Listening listening(4, 3);
  listening.open();
  std::vector<asio::ip::tcp::socket> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(listening.connect());
  ASSERT_TRUE(listening.run_until([&] { return listening.watch().refused_peers.size() == 2; }));
  EXPECT_EQ(listening.received(), 3U);
  char byte = 0;
  asio::error_code error;
  EXPECT_EQ(clients[4].read_some(asio::buffer(&byte, 1), error), 0U);
  EXPECT_TRUE(error) << "it was closed";
  // One leaves: one may come.
  listening.keeper(1).kept().clear();
  clients.push_back(listening.connect());
  EXPECT_TRUE(listening.run_until([&] { return listening.received() == 3; }));
  EXPECT_EQ(listening.keeper(1).kept().size(), 1U);
  EXPECT_EQ(listening.watch().refused_peers.size(), 2U);
}

TEST(ListenerTest, LetsOthersHaveTheirTurnWhileManyConnect) {
  Listening listening(1);
  listening.open();
  std::vector<asio::ip::tcp::socket> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(listening.connect());
  std::size_t before = 0;
  std::size_t most = 0;
  std::function<void()> other = [&] {
    most = std::max(most, listening.received() - before);
    before = listening.received();
    if (before < 200) asio::post(listening.io(), other);
  };
  asio::post(listening.io(), other);
  ASSERT_TRUE(listening.run_until([&] { return listening.received() == 200; }));
  EXPECT_LE(most, 16U);
  EXPECT_GT(most, 1U) << "nor one by one: a turn may be as long as the slice of a guest";
}

TEST(ListenerTest, TakesThoseThatHaveConnectedAlongWhenItEnds) {
  Listening listening(3);
  listening.open();
  const asio::ip::tcp::endpoint endpoint = listening.listener().local_endpoint();
  std::vector<asio::ip::tcp::socket> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(listening.connect());
  listening.listener().drain();
  EXPECT_TRUE(listening.run_until([&] { return listening.received() == 40; }));
  asio::ip::tcp::socket late(listening.io());
  asio::error_code error;
  late.connect(endpoint, error);
  EXPECT_EQ(error, asio::error::connection_refused);
}

TEST(ListenerTest, WhatIsUnderWayWhenReceiversGoIsClosedAndNotCounted) {
  Door door(0);
  Watch watch;
  asio::io_context clients;
  asio::ip::tcp::socket client(clients);
  {
    asio::io_context own;
    auto others = std::make_unique<asio::io_context>();
    Keeper far(*others);
    door.add(far);
    const auto listener = std::make_shared<Listener>(own, door, watch);
    ASSERT_TRUE(listener->open(std::move(bind_to(own, "127.0.0.1:0").value().front()), false).ok());
    client.connect(listener->local_endpoint());
    listener->drain();
    EXPECT_EQ(door.counts(), std::vector<std::size_t>{1});
    others.reset();
    EXPECT_EQ(door.counts(), std::vector<std::size_t>{0});
  }
  char byte = 0;
  asio::error_code error;
  EXPECT_EQ(client.read_some(asio::buffer(&byte, 1), error), 0U);
}

TEST(ListenerTest, OutOfDescriptorsSaysSoOnceAndGoesOnWhenThereAreSome) {
  Listening listening(1);
  listening.open();
  auto first = listening.connect();
  asio::ip::tcp::socket second = listening.connect();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);  // no descriptor below it is free
  ASSERT_GE(next, 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_TRUE(listening.run_until([&] { return !listening.watch().failures.empty(); }));
  EXPECT_EQ(listening.received(), 0U);
  EXPECT_EQ(listening.door().counts(), std::vector<std::size_t>{0}) << "what did not come takes no place";
  listening.io().run_for(std::chrono::milliseconds(350));
  EXPECT_EQ(listening.watch().failures.size(), 1U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(listening.run_until([&] { return listening.received() == 2; }));
  ::close(next);
}

}  // namespace
}  // namespace wasm_grpc::net
