// One call at a time, whose end is waited for.

#include "client/channel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "calling_servers.h"

namespace wasm_grpc::client {
namespace {

std::unique_ptr<Channel> connected(const std::string& address) {
  ChannelOptions options;
  options.address = address;
  auto channel = Channel::connect(options);
  EXPECT_TRUE(channel.ok()) << channel.error().message;
  return channel.ok() ? std::move(channel).value() : nullptr;
}

struct Answer {
  Result<CallEnd> end = CallEnd{};
  Metadata headers;
  std::vector<std::string> messages;
};

Answer call(Channel& channel, const RequestSource& requests, CallOptions options = {}) {
  options.path = path;
  Answer answer;
  CallEvents events;
  events.headers = [&](const Metadata& headers) { answer.headers = headers; };
  events.message = [&](std::string_view message) {
    answer.messages.emplace_back(message);
    return success();
  };
  answer.end = channel.call(options, requests, events);
  return answer;
}

/// Gives nothing until the call has ended.
RequestSource silent() {
  return [](const std::stop_token& stop) -> Result<std::optional<std::string>> {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return std::optional<std::string>();
  };
}

TEST(Channel, MakesCallsOneAfterTheOther) {
  OwnServer server;
  const auto channel = connected(server.address);
  ASSERT_NE(channel, nullptr);
  CallOptions options;
  options.metadata = {{"x-to", "you"}};
  for (const std::string text : {"one", "", "three"}) {
    const Answer answer = call(*channel, source_of({text}), options);
    ASSERT_TRUE(answer.end.ok()) << answer.end.error().message;
    EXPECT_TRUE(answer.end.value().status.ok()) << answer.end.value().status.message;
    EXPECT_EQ(answer.messages, std::vector<std::string>{text});
    EXPECT_EQ(answer.headers, (Metadata{{"x-from", "there"}}));
    EXPECT_EQ(answer.end.value().trailers, (Metadata{{"x-to", "you"}}));
  }
  const Answer failed = call(*channel, source_of({"fail"}));
  EXPECT_EQ(failed.end.value().status.code, StatusCode::not_found);
}

TEST(Channel, SendsMoreThanTheServersWindow) {
  OwnServer server;
  const auto channel = connected(server.address);
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(call(*channel, source_of({large})).messages, std::vector<std::string>{large});
}

TEST(Channel, ConnectsAnewWhenTheServerHasGone) {
  auto server = std::make_unique<OwnServer>();
  const std::string address = server->address;
  const auto channel = connected(address);
  ASSERT_TRUE(call(*channel, source_of({"a"})).end.value().status.ok());
  server.reset();
  EXPECT_EQ(call(*channel, source_of({"a"})).end.value().status.code, StatusCode::unavailable);
  const OwnServer another(OwnServer::echo, address);
  // By then; a connection that was refused is not tried again for about a second.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  Answer answer = call(*channel, source_of({"b"}));
  while (!answer.end.value().status.ok() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    answer = call(*channel, source_of({"b"}));
  }
  EXPECT_EQ(answer.messages, std::vector<std::string>{"b"});
}

TEST(Channel, EndsACallAtItsDeadlineThoughItsSourceHasMore) {
  OwnServer server;
  const auto channel = connected(server.address);
  CallOptions options;
  options.deadline = std::chrono::milliseconds(50);
  const Answer answer = call(*channel, silent(), options);
  EXPECT_EQ(answer.end.value().status.code, StatusCode::deadline_exceeded);
  EXPECT_TRUE(call(*channel, source_of({"next"})).end.value().status.ok());
}

TEST(Channel, GivesUpACallWhenItIsAskedTo) {
  OwnServer server;
  const auto channel = connected(server.address);
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  EXPECT_EQ(call(*channel, silent(), options).end.value().status.code, StatusCode::cancelled);
}

TEST(Channel, EndsWithTheErrorOfASourceOrOfWhoIsTold) {
  OwnServer server;
  const auto channel = connected(server.address);
  const auto broken = [](const std::stop_token&) -> Result<std::optional<std::string>> { return Error{"no more"}; };
  const Answer answer = call(*channel, broken);
  ASSERT_FALSE(answer.end.ok());
  EXPECT_EQ(answer.end.error().message, "no more");
  CallEvents events;
  events.message = [](std::string_view) -> Result<> { return Error{"not this"}; };
  CallOptions options;
  options.path = path;
  const auto end = channel->call(options, source_of({"a"}), events);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().message, "not this");
}

TEST(Channel, AsksItsSourceForNoMoreThanCanBeSent) {
  // The server takes no more than its first window of 64 KiB, and never answers.
  Pair pair({""});
  const auto channel = connected(pair.server.address());
  std::atomic<std::size_t> asked = 0;
  const RequestSource endless = [&](const std::stop_token&) -> Result<std::optional<std::string>> {
    ++asked;
    return std::optional<std::string>(std::string(10'000, 'x'));
  };
  CallOptions options;
  options.kind = rpc::MethodKind::client_stream;
  options.deadline = std::chrono::milliseconds(300);
  const Answer answer = call(*channel, endless, options);
  EXPECT_EQ(answer.end.value().status.code, StatusCode::deadline_exceeded);
  EXPECT_GT(asked, 10U);
  EXPECT_LT(asked, 140U) << "a window, what the call takes and a mebibyte";
}

TEST(Channel, SaysWhyItCannotConnect) {
  const auto refused = [](ChannelOptions options) {
    const auto channel = Channel::connect(options);
    return channel.ok() ? std::string("connected") : channel.error().message;
  };
  ChannelOptions options;
  options.address = "127.0.0.1:1";
  EXPECT_EQ(refused(options), "cannot connect to 127.0.0.1:1: Connection refused");
  options.address = "unix:/no/such/socket";
  EXPECT_EQ(refused(options), "cannot connect to unix:/no/such/socket: No such file or directory");
  options.address = "unix:/" + std::string(200, 'x');
  EXPECT_NE(refused(options).find("its path is too long"), std::string::npos);
  options.address = "no such name:1";
  EXPECT_NE(refused(options), "connected");
}

TEST(Channel, ConnectsWithinItsTime) {
  asio::io_context io{1};
  tcp::acceptor full(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));  // TLS is never answered
  ChannelOptions options;
  options.address = "https://127.0.0.1:" + std::to_string(full.local_endpoint().port());
  options.connect_timeout = std::chrono::milliseconds(100);
  const auto channel = Channel::connect(options);
  ASSERT_FALSE(channel.ok());
  EXPECT_NE(channel.error().message.find("no connection within 100 ms"), std::string::npos) << channel.error().message;
}

}  // namespace
}  // namespace wasm_grpc::client
