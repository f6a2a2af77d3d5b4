// How long calls may take, and how long clients may say nothing of a request. Time is what the tests make it.
#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "client.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr int deadline_exceeded = 4;

ConnectionOptions with_call_time(milliseconds limit) {
  ConnectionOptions settings;
  settings.max_call_time = limit;
  return settings;
}

/// The limit is four looks, an hour of the test's time each.
constexpr int looks = 4;

ConnectionOptions with_idle_timeout(milliseconds limit = hours(1)) {
  ConnectionOptions settings;
  settings.clients.request_idle_timeout = limit;
  settings.clients.header_timeout = milliseconds(0);
  settings.clients.stall_timeout = milliseconds(0);
  settings.min_ping_interval = milliseconds(0);  // the tests know by them that the server has read all
  return settings;
}

/// The seconds to the deadline that the handler of Info sees; -1 for none.
int deadline_of(const Reply& reply) {
  const std::string text = reply.messages().at(0);
  const auto at = text.find(" deadline ");
  return at == std::string::npos ? -1 : std::stoi(text.substr(at + 10));
}

TEST(CallTime, ACallThatTakesTooLongEndsAndSaysWhoseLimitItWas) {
  Server server(with_call_time(minutes(30)));
  Client client(server.port());
  const auto id = client.open("/test.Test/Never");
  client.send(id, "x", true);
  ASSERT_TRUE(client.run_until([&] { return server.seen().started == 1; }));
  server.let_hours_pass(1);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), deadline_exceeded);
  EXPECT_EQ(client.reply(id).message(),
            "the server ended the call: it took longer than the 1800000 ms a call may take here");
  EXPECT_EQ(server.seen().cancelled, 1);
  EXPECT_EQ(server.counters().calls_over_time, 1U);
  EXPECT_EQ(server.counters().calls_past_deadline, 0U);
}

TEST(CallTime, AShorterDeadlineOfTheClientIsItsOwn) {
  Server server(with_call_time(minutes(30)));
  Client client(server.port());
  const auto id = client.open("/test.Test/Never", {{"grpc-timeout", "20M"}});
  client.send(id, "x", true);
  ASSERT_TRUE(client.run_until([&] { return server.seen().started == 1; }));
  server.let_hours_pass(1);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), deadline_exceeded);
  EXPECT_EQ(client.reply(id).message(), "the deadline passed before the call was answered");
  EXPECT_EQ(server.counters().calls_over_time, 0U);
  EXPECT_EQ(server.counters().calls_past_deadline, 1U);
}

TEST(CallTime, TheHandlerSeesTheShorterOfBothAsItsDeadline) {
  Server server(with_call_time(hours(1)));
  Client client(server.port());
  const auto with = [&](const std::string& timeout) {
    const Fields fields = timeout.empty() ? Fields() : Fields{{"grpc-timeout", timeout}};
    return deadline_of(client.call("/test.Test/Info", "", fields));
  };
  EXPECT_GT(with("30M"), 0);
  EXPECT_LE(with("30M"), 1800);
  EXPECT_GT(with("2H"), 1800);
  EXPECT_LE(with("2H"), 3600);
  EXPECT_GT(with(""), 1800);
  EXPECT_LE(with(""), 3600);
}

TEST(CallTime, HoldsFromTheHeadersOnWhenTheRequestNeverComes) {
  Server server(with_call_time(minutes(30)));
  Client client(server.port());
  const auto id = client.open("/test.Test/Unary");
  ASSERT_TRUE(client.run_until([&] { return server.live_streams() == 1; }));
  server.let_hours_pass(1);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), deadline_exceeded);
}

TEST(CallTime, AnHttpExchangeThatTakesTooLongIsAnswered504) {
  Server server(with_call_time(minutes(30)));
  Client client(server.port());
  const auto id = client.open("/http", {{":method", "POST"}, {"te", ""}, {"content-type", ""}});
  ASSERT_TRUE(client.run_until([&] { return server.seen().started == 1; }));
  server.let_hours_pass(1);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).field(":status"), "504");
  EXPECT_NE(client.reply(id).body.find("1800000 ms"), std::string::npos) << client.reply(id).body;
}

TEST(CallTime, AnHttpAnswerThatHasBegunIsBrokenOff) {
  Server server(with_call_time(minutes(30)));
  Client client(server.port());
  const auto id = client.open("/http", {{":method", "POST"}, {"te", ""}, {"content-type", ""}});
  client.send_raw(id, "piece");
  ASSERT_TRUE(client.run_until([&] { return client.reply(id).body == "piece"; }));
  server.let_hours_pass(1);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).field(":status"), "200");
  EXPECT_TRUE(client.reply(id).reset_code.has_value());
}

TEST(CallTime, IsNotLimitedByDefaultNorByTheLargestLimit) {
  for (const milliseconds limit : {milliseconds(0), milliseconds::max(), milliseconds(hours(24 * 365 * 250))}) {
    Server server(with_call_time(limit));
    Client client(server.port());
    EXPECT_EQ(client.call("/test.Test/Unary", "x").status(), 0);
    const int seconds = deadline_of(client.call("/test.Test/Info", "", {{"grpc-timeout", "1H"}}));
    EXPECT_GT(seconds, 1800) << limit.count();
    EXPECT_LE(seconds, 3600) << limit.count();
  }
}

TEST(CallTime, OfAMillisecondIsEnoughForNobodyWhoWaits) {
  Server server(with_call_time(milliseconds(1)));
  Client client(server.port());
  EXPECT_EQ(client.call("/test.Test/Never", "x").status(), deadline_exceeded);
}

// ---- Clients that say nothing ----

class IdleRequests : public testing::Test {
 protected:
  /// Opens a stream that the server knows of when this returns.
  std::int32_t open(std::string_view path, const Fields& fields = {}) {
    const auto id = client_.open(path, fields);
    const std::size_t before = server_.live_streams();
    EXPECT_TRUE(client_.run_until([&] { return server_.live_streams() == before + 1; }));
    return id;
  }
  /// Sends a message and waits until it has come back.
  void exchange(std::int32_t id) {
    const std::size_t before = client_.reply(id).messages().size();
    client_.send(id, "x");
    EXPECT_TRUE(client_.run_until([&] { return client_.reply(id).messages().size() == before + 1; }));
  }
  /// Nothing has ended it.
  void expect_open(std::int32_t id) {
    client_.write();  // or the PING would overtake it
    const int pongs = client_.pongs();
    client_.ping();
    EXPECT_TRUE(client_.run_until([&] { return client_.pongs() > pongs; }));
    EXPECT_FALSE(client_.reply(id).closed);
  }
  void expect_ended(std::int32_t id) {
    ASSERT_TRUE(client_.run_until_closed(id));
    EXPECT_EQ(client_.reply(id).status(), deadline_exceeded);
    EXPECT_EQ(client_.reply(id).message(),
              "the server ended the call: its client sent nothing for 3600000 ms, and had not ended the request");
  }

  Server server_{with_idle_timeout()};
  Client client_{server_.port()};
};

TEST_F(IdleRequests, AStreamWhoseClientFallsSilentIsEnded) {
  const auto id = open("/test.Test/Bidi");
  exchange(id);
  server_.let_hours_pass(looks);
  expect_open(id);
  server_.let_hours_pass(1);
  expect_ended(id);
  EXPECT_EQ(server_.counters().calls_idle, 1U);
  EXPECT_EQ(server_.counters().calls_refused, 0U);
}

TEST_F(IdleRequests, AStreamWithoutAMessageIsEnded) {
  const auto id = open("/test.Test/Collect");
  server_.let_hours_pass(looks + 1);
  expect_ended(id);
}

TEST_F(IdleRequests, AClientThatSendsNowAndThenGoesOn) {
  const auto id = open("/test.Test/Bidi");
  for (int i = 0; i < 5; ++i) {
    server_.let_hours_pass(looks);
    exchange(id);
  }
  expect_open(id);
}

TEST_F(IdleRequests, APieceOfAMessageIsSomething) {
  const auto id = open("/test.Test/Bidi");
  const std::string message = framed("abc");
  for (const char byte : message) {
    server_.let_hours_pass(looks);
    const int pongs = client_.pongs();
    client_.send_raw(id, std::string_view(&byte, 1));
    client_.write();  // or the PING would overtake it
    client_.ping();
    EXPECT_TRUE(client_.run_until([&] { return client_.pongs() > pongs; }));
  }
  EXPECT_TRUE(client_.run_until([&] { return client_.reply(id).messages().size() == 1; }));
}

TEST_F(IdleRequests, APieceOfAMessageThatIsNotFollowedByTheRestIsEnded) {
  const auto id = open("/test.Test/Bidi");
  client_.send_raw(id, framed("abc").substr(0, 6));
  expect_open(id);
  server_.let_hours_pass(looks + 1);
  expect_ended(id);
}

TEST_F(IdleRequests, AUnaryRequestThatNeverComesIsEnded) {
  const auto without = open("/test.Test/Unary");
  const auto unfinished = open("/test.Test/Unary");
  client_.send(unfinished, "whole, but not the end");
  expect_open(unfinished);
  server_.let_hours_pass(looks + 1);
  expect_ended(without);
  expect_ended(unfinished);
  EXPECT_EQ(server_.counters().calls_refused, 2U) << "no handler had them";
}

TEST_F(IdleRequests, ARequestThatHasEndedIsNotIdleHoweverLongTheAnswerTakes) {
  const auto id = open("/test.Test/Never");
  client_.send(id, "x", true);
  expect_open(id);
  server_.let_hours_pass(5 * looks);
  expect_open(id);
  EXPECT_EQ(server_.counters().calls_idle, 0U);
}

TEST_F(IdleRequests, TimeInWhichTheHandlerTakesNothingDoesNotCount) {
  const auto id = open("/test.Test/Stall");
  client_.send(id, "x");
  expect_open(id);
  server_.let_hours_pass(5 * looks);
  expect_open(id);
  server_.release_stall();
  ASSERT_TRUE(client_.run_until([&] { return client_.reply(id).messages().size() == 1; }));
  server_.let_hours_pass(looks);
  expect_open(id);
  server_.let_hours_pass(1);
  expect_ended(id);
}

TEST_F(IdleRequests, AnHttpBodyThatNeverComesIsAnswered408) {
  const auto id = open("/http", {{":method", "POST"}, {"te", ""}, {"content-type", ""}});
  server_.let_hours_pass(looks + 1);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_EQ(client_.reply(id).field(":status"), "408");
  EXPECT_NE(client_.reply(id).body.find("3600000 ms"), std::string::npos) << client_.reply(id).body;
}

TEST_F(IdleRequests, ARefusalThatWaitsForTheEndOfTheRequestWaitsNoLonger) {
  const auto id = open("/", {{":method", "POST"}, {"te", ""}, {"content-type", ""}});
  expect_open(id);
  server_.let_hours_pass(looks + 1);
  ASSERT_TRUE(client_.run_until_closed(id));
  EXPECT_FALSE(client_.reply(id).field(":status").empty());
}

TEST_F(IdleRequests, ARequestWhoseHeadersAreNotCompleteIsNotYetOne) {
  using namespace std::string_literals;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), server_.port()});
  const std::string settings = "\0\0\0\4\0\0\0\0\0"s;
  const std::string headers_without_end = "\0\0\1\1\0\0\0\0\1\x83"s;
  asio::write(socket, asio::buffer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + headers_without_end));
  EXPECT_TRUE(eventually([&] { return server_.live_streams() == 1; }));
  server_.let_hours_pass(5 * looks);
  EXPECT_EQ(server_.counters().calls_idle, 0U);
}

TEST(IdleRequest, ThatWaitsForItsTurnWithALargeMessageIsNotIdle) {
  ConnectionOptions settings = with_idle_timeout();
  settings.clients.max_large_input = 100'000;
  Server server(settings);
  Client client(server.port());
  const std::string large(200'000, 'x');
  const auto first = client.open("/test.Test/Bidi");
  client.send_raw(first, framed(large).substr(0, 150'000));
  EXPECT_TRUE(client.run_until([&] { return client.unsent(first) == 0; }));
  const auto second = client.open("/test.Test/Bidi");
  client.send(second, large);
  EXPECT_TRUE(client.run_until([&] { return client.unsent(second) < large.size() / 2 + 50'000; }));
  client.ping();
  EXPECT_TRUE(client.run_until([&] { return client.pongs() == 1; }));
  EXPECT_GT(client.unsent(second), 0U) << "it waits for the first";
  server.let_hours_pass(looks + 1);
  ASSERT_TRUE(client.run_until_closed(first));
  EXPECT_EQ(client.reply(first).status(), deadline_exceeded);
  ASSERT_TRUE(client.run_until([&] { return client.reply(second).messages().size() == 1; }));
}

TEST(IdleRequest, MayBeSilentForEverByDefaultAndWithTheLargestLimit) {
  for (const milliseconds limit : {milliseconds(0), milliseconds::max()}) {
    Server server(with_idle_timeout(limit));
    Client client(server.port());
    const auto id = client.open("/test.Test/Bidi");
    EXPECT_TRUE(client.run_until([&] { return server.live_streams() == 1; }));
    server.let_hours_pass(5 * looks);
    client.send(id, "x");
    EXPECT_TRUE(client.run_until([&] { return client.reply(id).messages().size() == 1; }));
  }
}

TEST(IdleRequest, OfAMillisecondIsEnded) {
  for (const bool others_on : {false, true}) {
    ConnectionOptions settings = with_idle_timeout(milliseconds(1));
    if (others_on) settings.clients.stall_timeout = hours(1);
    Server server(settings);
    Client client(server.port());
    const auto id = client.open("/test.Test/Bidi");
    ASSERT_TRUE(client.run_until_closed(id));
    EXPECT_EQ(client.reply(id).status(), deadline_exceeded);
  }
}

TEST(IdleRequest, IsLookedAtLongEnoughWhereOtherLimitsAreShorter) {
  ConnectionOptions settings = with_idle_timeout(milliseconds(10'001));
  settings.clients.header_timeout = milliseconds(4000);  // a look each second
  Server server(settings);
  Client client(server.port());
  const auto id = client.open("/test.Test/Bidi");
  client.send(id, "x");
  EXPECT_TRUE(client.run_until([&] { return client.reply(id).messages().size() == 1; }));
  server.let_hours_pass(11);
  client.ping();
  EXPECT_TRUE(client.run_until([&] { return client.pongs() == 1; }));
  EXPECT_FALSE(client.reply(id).closed);
  server.let_hours_pass(1);
  ASSERT_TRUE(client.run_until_closed(id));
}

}  // namespace
}  // namespace wasm_grpc::http2
