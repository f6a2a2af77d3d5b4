// Plain HTTP by HTTP/2: to our own server, and to some that do what none should.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "calling_servers.h"
#include "client/outgoing/http/http_target.h"
#include "http_caller.h"

namespace wasm_grpc::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

HttpTargetOptions by_http2() {
  HttpTargetOptions options;
  options.version = TargetHttpVersion::http2;
  return options;
}

/// Our own server, asked by Connect, which is plain HTTP: it answers with the body of the request.
class EchoCaller : public HttpCaller {
 public:
  explicit EchoCaller(const OwnServer& server, HttpTargetOptions options = by_http2())
      : HttpCaller("http://" + server.address, std::move(options)) {
    metadata.add("content-type", "application/proto");
  }
  rpc::OutgoingCallPtr post() { return begin("POST", path); }
};

TEST(Http2Target, AsksAndHasTheAnswer) {
  OwnServer server;
  EchoCaller caller(server);
  caller.metadata.add("x-to", "you");
  const HttpAnswer answer = caller.ask("POST", path, "hello");
  EXPECT_TRUE(answer.status.ok()) << answer.status.message;
  EXPECT_EQ(answer.http_status, "200");
  EXPECT_EQ(answer.headers.get("x-from"), "there");
  EXPECT_EQ(answer.headers.get("trailer-x-to"), "you");
  EXPECT_EQ(answer.body, "hello");
}

TEST(Http2Target, HasManyRequestsOnOneConnection) {
  OwnServer server;
  HttpTargetOptions options = by_http2();
  options.max_connections = 1;
  EchoCaller caller(server, options);
  std::vector<rpc::OutgoingCallPtr> calls;
  for (int i = 0; i < 300; ++i) {
    calls.push_back(caller.post());
    ASSERT_EQ(calls.back()->send(bytes_of(std::to_string(i)), true), rpc::SendResult::ok);
  }
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(caller.finish(*calls[i]).body, std::to_string(i));
}

TEST(Http2Target, WaitsForItsTurnWhereTheServerLetsFewBeOpen) {
  OwnServer server(OwnServer::echo, "127.0.0.1:0", 1);
  HttpTargetOptions options = by_http2();
  options.max_waiting = 10;
  EchoCaller caller(server, options);
  ASSERT_TRUE(caller.ask("POST", path, "first").status.ok());
  std::vector<rpc::OutgoingCallPtr> calls;
  for (int i = 0; i < 12; ++i) {
    calls.push_back(caller.post());
    ASSERT_EQ(calls.back()->send(bytes_of(std::to_string(i)), true), rpc::SendResult::ok);
  }
  ASSERT_TRUE(calls.back()->ended());
  EXPECT_EQ(calls.back()->status().code, StatusCode::unavailable);
  calls.pop_back();
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(caller.finish(*calls[i]).body, std::to_string(i));
}

TEST(Http2Target, SendsAndReceivesLargeBodiesPieceByPiece) {
  OwnServer server;
  EchoCaller caller(server);
  auto call = caller.post();
  std::string whole;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(10'000, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(caller.run_until([&] { return call->writable(); }));
    ASSERT_EQ(call->send(bytes_of(piece), i == 299), rpc::SendResult::ok);
    whole += piece;
  }
  const HttpAnswer answer = caller.finish(*call);
  EXPECT_TRUE(answer.status.ok()) << answer.status.message;
  EXPECT_EQ(answer.body, whole);
}

TEST(Http2Target, ClosesAConnectionThatNobodyUses) {
  OwnServer server(OwnServer::echo);
  HttpTargetOptions options = by_http2();
  options.idle_timeout = milliseconds(20);
  EchoCaller caller(server, options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(caller.ask("POST", path, "hello").body, "hello");
    EXPECT_TRUE(caller.run_until([&] { return caller.connections() == 0; }, seconds(20)));
  }
}

TEST(Http2Target, CancelsARequestThatIsLetGoOf) {
  OwnServer server;
  EchoCaller caller(server);
  caller.post().reset();
  auto call = caller.post();
  ASSERT_EQ(call->send(bytes_of("begun"), false), rpc::SendResult::ok);
  call->cancel({StatusCode::cancelled, "enough"});
  EXPECT_EQ(call->status().message, "enough");
  call.reset();
  EXPECT_EQ(caller.ask("POST", path, "hello").body, "hello");
}

// ---- Odd servers ----

class Http2Caller : public HttpCaller {
 public:
  explicit Http2Caller(const std::string& address) : HttpCaller("http://" + address, by_http2()) {}
};
using OddPair = PairWith<Http2Caller>;

HttpAnswer answer_to(const std::string& answer, std::string_view method = "GET", const std::string& says = greeting,
                     bool hangs_up = false) {
  OddPair pair({answer}, says, hangs_up);
  return pair.caller.ask(method, "/", {}, seconds(20));
}

const std::string ok_head = head("\x88");
const std::string reset_it = frame(rst_stream, 0, 1, std::string("\0\0\0\x8", 4));

TEST(Http2Answers, AreReadAsTheyMayBeWritten) {
  const HttpAnswer after_early = answer_to(head("\x08\x03"
                                                "103") +
                                           ok_head + frame(data_frame, end_stream, 1, "ab"));
  EXPECT_TRUE(after_early.status.ok()) << after_early.status.message;
  EXPECT_EQ(after_early.http_status, "200");
  EXPECT_EQ(after_early.body, "ab");
  const HttpAnswer with_trailers = answer_to(ok_head + piece("ab") + tail(literal("x-t", "1")));
  EXPECT_TRUE(with_trailers.status.ok()) << with_trailers.status.message;
  EXPECT_EQ(with_trailers.body, "ab");
  EXPECT_FALSE(with_trailers.headers.get("x-t").has_value());
  const HttpAnswer without_body = answer_to(tail("\x8d"));
  EXPECT_TRUE(without_body.status.ok()) << without_body.status.message;
  EXPECT_EQ(without_body.http_status, "404");
  const HttpAnswer of_head = answer_to(tail("\x88" + literal("content-length", "100")), "HEAD");
  EXPECT_TRUE(of_head.status.ok()) << of_head.status.message;
}

TEST(Http2Answers, ThatAreNoneAreAStatus) {
  const auto expect_failure = [](const std::string& answer, StatusCode code) {
    const HttpAnswer had = answer_to(answer);
    EXPECT_EQ(had.status.code, code) << had.status.message;
  };
  expect_failure(ok_head + piece("ab") + reset_it, StatusCode::cancelled);
  expect_failure(ok_head + piece("ab") + frame(rst_stream, 0, 1, std::string(4, '\0')), StatusCode::internal);
  expect_failure(frame(rst_stream, 0, 1, std::string("\0\0\0\xb", 4)), StatusCode::resource_exhausted);
  expect_failure(piece("ab"), StatusCode::unavailable);  // of the whole connection
  expect_failure(head("\x88" + literal("content-length", "3")) + frame(data_frame, end_stream, 1, "ab"),
                 StatusCode::internal);
  expect_failure(head("\x88" + literal("connection", "close")), StatusCode::internal);
  expect_failure(head("\x88" + literal("Upper", "x")), StatusCode::internal);
  expect_failure(head(literal("x", "no status")), StatusCode::internal);
  expect_failure(head("\x08\x03"
                      "101"),
                 StatusCode::internal);
  expect_failure(head("\xff\xff\xff\xff\xff"), StatusCode::unavailable);
}

TEST(Http2Answers, ThatSayTooMuchInTheirHeadsAreAStatus) {
  std::string many;
  for (int i = 0; i < 90; ++i) many += literal("x-" + std::to_string(i), std::string(800, 'v'));
  std::string answer = frame(headers_frame, 0, 1, "\x88" + many.substr(0, 16'000));
  for (std::size_t at = 16'000; at < many.size(); at += 16'000) {
    const bool is_last = at + 16'000 >= many.size();
    answer += frame(continuation, is_last ? end_headers : 0, 1, many.substr(at, 16'000));
  }
  const HttpAnswer had = answer_to(answer);
  EXPECT_FALSE(had.status.ok());
  EXPECT_LE(had.headers.byte_size(), most_field_bytes);
}

TEST(Http2Answers, OfServersThatDoNotSpeakHttp2AreUnavailable) {
  EXPECT_EQ(answer_to("", "GET", "HTTP/1.1 400 Bad Request\r\n\r\n").status.code, StatusCode::unavailable);
  EXPECT_EQ(answer_to("", "GET", greeting, true).status.code, StatusCode::unavailable);
  EXPECT_EQ(answer_to(ok_head + piece("ab"), "GET", greeting, true).status.code, StatusCode::unavailable);
}

TEST(Http2Answers, ThatNeverComeCostTheDeadline) {
  OddPair pair({ok_head + piece("ab")});
  EXPECT_EQ(pair.caller.ask("GET", "/", {}, milliseconds(300)).status.code, StatusCode::deadline_exceeded);
}

TEST(Http2Answers, AreHeldUpWhereNobodyTakesThem) {
  std::string body;
  for (int i = 0; i < 1000; ++i) body += piece(std::string(10'000, 'x'));
  OddPair pair({ok_head + body});
  auto call = pair.caller.begin("GET", "/", seconds(20));
  ASSERT_EQ(call->half_close(), rpc::SendResult::ok);
  // More than was allowed breaks the rules of HTTP/2.
  const HttpAnswer answer = [&] {
    EXPECT_TRUE(pair.caller.run_until([&] { return call->ended(); }));
    return pair.caller.finish(*call);
  }();
  EXPECT_FALSE(answer.status.ok());
  EXPECT_LE(answer.body.size(), 512U << 10);
}

TEST(Http2Answers, AreAskedForAgainWhereTheServerHasNotLookedAtTheRequest) {
  const std::string nothing_seen = frame(goaway, 0, 0, std::string(8, '\0'));
  for (const std::string_view method : {"GET", "POST"}) {
    OddPair pair({nothing_seen, ok_head + frame(data_frame, end_stream, 1, "again")});
    const HttpAnswer answer = pair.caller.ask(method, "/");
    EXPECT_EQ(answer.body, "again") << method << ": " << answer.status.message;
  }
}

TEST(Http2Answers, AreAskedForAgainWhereTheConnectionIsLostOnlyIfThatIsNoHarm) {
  const auto expect_asked = [](std::string_view method, int times) {
    OddPair pair({""}, greeting, true);
    EXPECT_EQ(pair.caller.ask(method, "/").status.code, StatusCode::unavailable);
    EXPECT_EQ(pair.server.connections(), times) << method;
  };
  expect_asked("GET", 2);
  expect_asked("POST", 1);
}

}  // namespace
}  // namespace wasm_grpc::client
