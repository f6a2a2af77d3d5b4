// Calls to servers: to our own, and to some that do what no server should.

#include "client/outgoing/target_channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "calling_servers.h"

namespace wasm_grpc::client {
namespace {

using std::chrono::milliseconds;

TEST(TargetChannel, CallsAServerAndHasItsAnswer) {
  OwnServer server;
  Caller caller(server.address);
  caller.metadata.add("x-to", "you");
  auto call = caller.begin();
  ASSERT_EQ(call->send(std::as_bytes(std::span(std::string_view("hello"))), true), rpc::SendResult::ok);
  EXPECT_EQ(call->half_close(), rpc::SendResult::closed);
  ASSERT_TRUE(caller.run_until([&] { return call->ended(); }));
  EXPECT_EQ(call->status().code, StatusCode::ok) << call->status().message;
  ASSERT_TRUE(call->message().has_value());
  EXPECT_EQ(text_of(*call->message()), "hello");
  call->pop_message();
  EXPECT_FALSE(call->message().has_value());
  EXPECT_EQ(call->headers().get("x-from"), "there");
  EXPECT_EQ(call->trailers().get("x-to"), "you");
}

TEST(TargetChannel, BringsTheStatusOfACallThatFails) {
  OwnServer server;
  Caller caller(server.address);
  const rpc::Status status = caller.call("fail");
  EXPECT_EQ(status.code, StatusCode::not_found);
  EXPECT_EQ(status.message, "naïve");
}

TEST(TargetChannel, HasManyCallsAtOnce) {
  OwnServer server;
  Caller caller(server.address);
  std::vector<rpc::OutgoingCallPtr> calls;
  for (int i = 0; i < 300; ++i) {
    calls.push_back(caller.begin());
    EXPECT_EQ(calls.back()->send(bytes_of(std::to_string(i)), true), rpc::SendResult::ok);
  }
  ASSERT_TRUE(
      caller.run_until([&] { return std::ranges::all_of(calls, [](const auto& call) { return call->ended(); }); }));
  for (int i = 0; i < 300; ++i) {
    const auto message = calls[static_cast<std::size_t>(i)]->message();
    EXPECT_EQ(message ? text_of(*message) : "none", std::to_string(i));
  }
}

TEST(TargetChannel, SendsAndReceivesLargeMessages) {
  OwnServer server;
  Caller caller(server.address);
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(caller.call(large).code, StatusCode::ok);
  EXPECT_EQ(caller.answers, std::vector<std::string>{large});
}

// ---- Odd servers ----

rpc::Status status_of(std::string answer, std::string says = greeting, bool hangs_up = false) {
  Pair pair({std::move(answer)}, std::move(says), hangs_up);
  return pair.caller.call("hello", std::chrono::seconds(20));
}

TEST(OddServers, MayAnswerAfterInformationalHeaders) {
  EXPECT_EQ(status_of(head("\x08\x03"
                           "103") +
                      head() + piece(message("a")) + ended_well)
                .code,
            StatusCode::ok);
}

TEST(OddServers, ThatDoNotAnswerAsGrpcAreAStatus) {
  const auto expect = [](const std::string& answer, StatusCode code, std::string_view said) {
    const rpc::Status status = status_of(answer);
    EXPECT_EQ(status.code, code) << status.message;
    EXPECT_NE(status.message.find(said), std::string::npos) << status.message;
  };
  expect(head() + piece(message("abc").substr(0, 7)) + ended_well, StatusCode::internal, "middle of a message");
  expect(head() + ended_well, StatusCode::internal, "OK without a message");
  expect(head() + piece(message("a") + message("b")) + ended_well, StatusCode::internal, "more than the one message");
  expect(head() + frame(data_frame, end_stream, 1, message("a")), StatusCode::internal, "without a status");
  expect(head("\x8d"), StatusCode::unimplemented, "HTTP status 404");
  expect(head("\x08\x03"
              "503" +
              literal("content-type", "text/html")),
         StatusCode::unavailable, "HTTP status 503");
  expect(head("\x88" + literal("content-type", "text/html")), StatusCode::unknown, "text/html");
  expect(head() + piece(std::string("\7\0\0\0\0", 5)), StatusCode::internal, "unknown flags 7");
  expect(head() + piece(std::string("\0\xff\xff\xff\xff", 5)), StatusCode::resource_exhausted, "4294967295");
  expect(head() + piece(std::string("\1\0\0\0\0", 5)) + ended_well, StatusCode::internal, "in the encoding");
  expect(head() + tail(literal("grpc-status", "many")), StatusCode::unknown, "");
  expect(head() + tail(literal("grpc-status", "99") + literal("grpc-message", "x")), StatusCode::unknown, "x");
  expect(tail(ok + literal("grpc-status", "7") + literal("grpc-message", "a%20b")), StatusCode::permission_denied,
         "a b");
  expect(frame(rst_stream, 0, 1, std::string("\0\0\0\x8", 4)), StatusCode::cancelled, "reset the call");
  expect(frame(rst_stream, 0, 1, std::string("\0\0\0\xb", 4)), StatusCode::resource_exhausted, "reset the call");
}

TEST(OddServers, ThatSayTooMuchInHeadersAreAStatus) {
  std::string many;
  for (int i = 0; i < 90; ++i) many += literal("x-" + std::to_string(i), std::string(800, 'v'));
  std::string answer = frame(headers_frame, 0, 1, ok + many.substr(0, 16'000));
  for (std::size_t at = 16'000; at < many.size(); at += 16'000) {
    const bool is_last = at + 16'000 >= many.size();
    answer += frame(continuation, is_last ? end_headers : 0, 1, many.substr(at, 16'000));
  }
  EXPECT_NE(status_of(answer).code, StatusCode::ok);
}

TEST(OddServers, ThatDoNotSpeakHttp2AreUnavailable) {
  EXPECT_EQ(status_of("", "220 mail.example ESMTP ready\r\n").code, StatusCode::unavailable);
  EXPECT_EQ(status_of("", "HTTP/1.1 400 Bad Request\r\n\r\n").code, StatusCode::unavailable);
  EXPECT_EQ(status_of(std::string(64, '\xff')).code, StatusCode::unavailable);
  EXPECT_EQ(status_of(head("\xff\xff\xff\xff\xff")).code, StatusCode::unavailable);
}

TEST(OddServers, ThatHangUpAreUnavailable) {
  EXPECT_EQ(status_of("", greeting, true).code, StatusCode::unavailable);
  EXPECT_EQ(status_of(head(), greeting, true).code, StatusCode::unavailable);
}

TEST(OddServers, ThatNeverAnswerCostTheDeadline) {
  Pair pair({""});
  EXPECT_EQ(pair.caller.call("hello", std::chrono::milliseconds(300)).code, StatusCode::deadline_exceeded);
}

// Timers are not run here, as where a slow machine has the sockets come first.
TEST(OddServers, ThatSayCancelledAtTheDeadlineCostTheDeadlineToo) {
  const std::string cancelled =
      tail(ok + literal("grpc-status", "1") + literal("grpc-message", "the stream has ended"));
  const std::string reset = frame(rst_stream, 0, 1, std::string("\0\0\0\x08", 4));
  for (const bool in_time : {false, true}) {
    for (const std::string& answer : {cancelled, reset}) {
      Pair pair({answer});
      auto call = pair.caller.begin(MethodKind::unary, in_time ? milliseconds(60'000) : milliseconds(20));
      ASSERT_EQ(call->send(bytes_of("hello"), true), rpc::SendResult::ok);
      if (!in_time) std::this_thread::sleep_for(milliseconds(20));
      ASSERT_TRUE(pair.caller.run_without_timers_until([&] { return call->ended(); }));
      EXPECT_EQ(call->status().code, in_time ? StatusCode::cancelled : StatusCode::deadline_exceeded);
    }
  }
}

TEST(OddServers, ThatFallSilentAreGivenUpWhereThatIsAskedFor) {
  TargetChannelOptions options;
  options.keepalive_time = std::chrono::milliseconds(50);
  options.keepalive_timeout = std::chrono::milliseconds(50);
  Pair pair({""}, greeting, false, options);
  const rpc::Status status = pair.caller.call();
  EXPECT_EQ(status.code, StatusCode::unavailable);
  EXPECT_NE(status.message.find("PING"), std::string::npos) << status.message;
}

TEST(OddServers, AreAskedAgainWhatTheyHaveNotLookedAt) {
  const std::string nothing_seen = frame(goaway, 0, 0, std::string(8, '\0'));
  Pair pair({nothing_seen, head() + piece(message("again")) + ended_well});
  EXPECT_EQ(pair.caller.call().code, StatusCode::ok);
  EXPECT_EQ(pair.caller.answers, std::vector<std::string>{"again"});
}

TEST(TargetChannel, SaysWhyNobodyCanBeReached) {
  asio::io_context io;
  tcp::acceptor taken(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::string address = "127.0.0.1:" + std::to_string(taken.local_endpoint().port());
  taken.close();
  Caller caller(address);
  const rpc::Status status = caller.call();
  EXPECT_EQ(status.code, StatusCode::unavailable);
  EXPECT_NE(status.message.find("refused"), std::string::npos) << status.message;
  EXPECT_TRUE(caller.begin()->ended());  // at once, until the pause is over
}

TEST(TargetChannel, TriesTheNextAddress) {
  OwnServer server;
  asio::io_context io;
  tcp::acceptor taken(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::string refuses = "127.0.0.1:" + std::to_string(taken.local_endpoint().port());
  taken.close();
  Caller caller("ipv4:" + refuses + "," + server.address);
  EXPECT_EQ(caller.call().code, StatusCode::ok);
}

TEST(TargetChannel, CancelsACallThatIsLetGoOf) {
  OwnServer server;
  Caller caller(server.address);
  caller.begin().reset();
  auto call = caller.begin();
  call->cancel({StatusCode::cancelled, "enough"});
  EXPECT_EQ(call->status().message, "enough");
  call.reset();
  EXPECT_EQ(caller.call().code, StatusCode::ok);
}

TEST(TargetChannel, BoundsTheCallsThatWaitForAConnection) {
  TargetChannelOptions options;
  options.max_waiting = 1;
  Caller caller("127.0.0.1:1", options);
  auto first = caller.begin();
  auto second = caller.begin();
  EXPECT_FALSE(first->ended());
  ASSERT_TRUE(second->ended());
  EXPECT_EQ(second->status().code, StatusCode::unavailable);
}

// ---- Servers that let few calls be open ----

/// Begins so many calls, and sends what each asks.
std::vector<rpc::OutgoingCallPtr> begin_many(Caller& caller, int count,
                                             milliseconds timeout = std::chrono::seconds(60)) {
  std::vector<rpc::OutgoingCallPtr> calls;
  for (int i = 0; i < count; ++i) {
    calls.push_back(caller.begin(MethodKind::unary, timeout));
    if (!calls.back()->ended()) {
      EXPECT_EQ(calls.back()->send(bytes_of(std::to_string(i)), true), rpc::SendResult::ok);
    }
  }
  return calls;
}

std::ptrdiff_t ended_with(const std::vector<rpc::OutgoingCallPtr>& calls, StatusCode code) {
  return std::ranges::count_if(calls, [&](const auto& call) { return call->ended() && call->status().code == code; });
}

TEST(BusyServers, HaveCallsInTurnWithoutOneThatFails) {
  for (const std::uint32_t streams : {1U, 3U, ConnectionOptions().max_concurrent_streams, 0x7fffffffU}) {
    OwnServer server(OwnServer::echo, "127.0.0.1:0", streams);
    Caller caller(server.address);
    ASSERT_EQ(caller.call().code, StatusCode::ok);  // how many it lets is known
    const auto calls = begin_many(caller, 500);
    ASSERT_TRUE(caller.run_until([&] { return ended_with(calls, StatusCode::ok) == 500; })) << streams;
    for (int i = 0; i < 500; ++i) {
      EXPECT_EQ(text_of(calls[static_cast<std::size_t>(i)]->message().value()), std::to_string(i));
    }
  }
}

TEST(BusyServers, HaveSoManyCallsWaitAndNoMore) {
  for (const std::uint32_t streams : {0U, 1U, 100U}) {
    Pair pair({""}, greeting_with(streams));
    EXPECT_EQ(pair.caller.call("hello", milliseconds(50)).code, StatusCode::deadline_exceeded);
    const int room = static_cast<int>(streams + TargetChannelOptions().max_waiting);
    const auto calls = begin_many(pair.caller, room + 10);
    EXPECT_EQ(ended_with(calls, StatusCode::unavailable), 10) << streams;
    EXPECT_NE(calls.back()->status().message.find("calls wait for the target"), std::string::npos);
    EXPECT_FALSE(calls[static_cast<std::size_t>(room) - 1]->ended());
  }
}

TEST(BusyServers, HaveThousandsOfCallsBegunAtOnceWhereTheyLetThemBeOpen) {
  Pair pair({""}, greeting_with(0x7fffffff));
  EXPECT_EQ(pair.caller.call("hello", milliseconds(50)).code, StatusCode::deadline_exceeded);
  const auto calls = begin_many(pair.caller, 8'000, milliseconds(500));
  EXPECT_EQ(ended_with(calls, StatusCode::unavailable), 0);
  EXPECT_TRUE(pair.caller.run_until([&] { return ended_with(calls, StatusCode::deadline_exceeded) == 8'000; }));
}

TEST(BusyServers, CostTheDeadlineOfCallsThatNeverHaveTheirTurn) {
  Pair pair({""}, greeting_with(0));
  const auto calls = begin_many(pair.caller, 3, milliseconds(200));
  ASSERT_TRUE(pair.caller.run_until([&] { return ended_with(calls, StatusCode::deadline_exceeded) == 3; }));
}

TEST(BusyServers, TakeThoseThatWaitWhenOthersAreGivenUp) {
  OwnServer server(OwnServer::echo, "127.0.0.1:0", 1);
  Caller caller(server.address);
  ASSERT_EQ(caller.call().code, StatusCode::ok);
  auto open = caller.begin(MethodKind::bidi_stream);
  const auto waiting = begin_many(caller, 2);
  EXPECT_EQ(ended_with(waiting, StatusCode::ok), 0);
  open.reset();
  ASSERT_TRUE(caller.run_until([&] { return ended_with(waiting, StatusCode::ok) == 2; }));
}

TEST(BusyServers, MayLetMoreLater) {
  Pair pair({greeting_with(100)}, greeting_with(1));
  EXPECT_EQ(pair.caller.call("hello", milliseconds(200)).code, StatusCode::deadline_exceeded);
  TargetChannelOptions options;
  const auto calls = begin_many(pair.caller, static_cast<int>(options.max_waiting) + 100);
  EXPECT_EQ(ended_with(calls, StatusCode::unavailable), 0);
}

}  // namespace
}  // namespace wasm_grpc::client
