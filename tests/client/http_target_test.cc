// Plain HTTP: requests to servers that answer as they should, and to some that do what none should.

#include "client/outgoing/http/http_target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <asio/completion_condition.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "calling_servers.h"
#include "http_caller.h"

namespace wasm_grpc::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = HttpAnswer;

/// Answers the requests of each connection by these texts, the last again and again, a few bytes at a time where that
/// is asked for; then it hangs up, or not. It keeps what it has read.
class HttpServer {
 public:
  explicit HttpServer(std::vector<std::string> answers, bool hangs_up = false, std::size_t at_a_time = SIZE_MAX)
      : answers_(std::move(answers)), hangs_up_(hangs_up), at_a_time_(at_a_time), thread_([this] { serve(); }) {}
  ~HttpServer() {
    stopping_ = true;
    asio::io_context io;
    tcp::socket wakes(io);
    asio::error_code ignored;
    wakes.connect(acceptor_.local_endpoint(), ignored);
    wakes.close(ignored);
    thread_.join();
  }
  [[nodiscard]] std::string address() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  [[nodiscard]] std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve() {
    while (!stopping_) {
      tcp::socket socket = acceptor_.accept();
      if (stopping_) return;
      ++connections_;
      serve_one(socket);
    }
  }
  void serve_one(tcp::socket& socket) {
    asio::error_code error;
    std::string text;
    while (!stopping_) {
      const auto size = asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n", error);
      if (error) return;
      std::string request = text.substr(0, size);
      text.erase(0, size);
      read_body(socket, request, text, error);
      std::size_t number = 0;
      {
        const std::lock_guard lock(mutex_);
        number = requests_.size();
        requests_.push_back(request);
      }
      const std::string& answer = answers_[std::min(number, answers_.size() - 1)];
      for (std::size_t at = 0; at < answer.size() && !error && !stopping_; at += at_a_time_) {
        asio::write(socket, asio::buffer(answer.substr(at, at_a_time_)), error);
        if (at_a_time_ > answer.size()) break;
      }
      if (hangs_up_ || error) return;
    }
  }
  static void read_body(tcp::socket& socket, std::string& request, std::string& text, asio::error_code& error) {
    std::size_t left = 0;
    if (const auto at = request.find("content-length: "); at != std::string::npos)
      left = std::stoul(request.substr(at + 16));
    const bool chunked = request.find("transfer-encoding: chunked") != std::string::npos;
    if (chunked) {
      left = text.find("0\r\n\r\n") != std::string::npos
                 ? text.find("0\r\n\r\n") + 5
                 : asio::read_until(socket, asio::dynamic_buffer(text), "0\r\n\r\n", error);
    } else if (text.size() < left) {
      asio::read(socket, asio::dynamic_buffer(text), asio::transfer_exactly(left - text.size()), error);
    }
    request += text.substr(0, left);
    text.erase(0, left);
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::vector<std::string> answers_;
  bool hangs_up_;
  std::size_t at_a_time_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

const std::string hello = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX-From: there\r\n\r\nhello";

TEST(HttpTarget, AsksAndHasTheAnswer) {
  HttpServer server({hello});
  HttpCaller caller(server.address());
  caller.metadata.add("x-to", "you");
  const Answer answer = caller.ask("GET", "/a?b=c");
  EXPECT_TRUE(answer.status.ok()) << answer.status.message;
  EXPECT_EQ(answer.http_status, "200");
  EXPECT_EQ(answer.headers.get("x-from"), "there");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(server.requests().at(0), "GET /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:" + server.port() +
                                         "\r\nuser-agent: wasm-grpc\r\nx-to: you\r\n\r\n");
}

TEST(HttpTarget, KeepsTheConnection) {
  HttpServer server({hello});
  HttpCaller caller(server.address());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(caller.ask("GET", "/").body, "hello");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpTarget, MakesAnotherConnectionWhereTheServerHasClosedIt) {
  HttpServer server({hello}, true);
  HttpCaller caller(server.address());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(caller.ask("GET", "/").body, "hello");
  EXPECT_EQ(server.connections(), 5);
}

TEST(HttpTarget, SendsBodies) {
  HttpServer server({"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"});
  HttpCaller caller(server.address());
  caller.metadata.add("content-type", "text/plain");
  EXPECT_EQ(caller.ask("POST", "/a", "body").http_status, "201");
  EXPECT_NE(server.requests().at(0).find("content-type: text/plain\r\ncontent-length: 4\r\n\r\nbody"),
            std::string::npos)
      << server.requests().at(0);
  auto call = caller.begin("PUT", "/b");
  ASSERT_EQ(call->send(bytes_of("one"), false), rpc::SendResult::ok);
  ASSERT_EQ(call->send({}, false), rpc::SendResult::ok);
  ASSERT_EQ(call->send(bytes_of("two"), false), rpc::SendResult::ok);
  ASSERT_EQ(call->half_close(), rpc::SendResult::ok);
  EXPECT_EQ(caller.finish(*call).http_status, "201");
  EXPECT_NE(server.requests().at(1).find("chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"), std::string::npos);
  auto empty = caller.begin("POST", "/c");
  ASSERT_EQ(empty->half_close(), rpc::SendResult::ok);
  EXPECT_EQ(caller.finish(*empty).http_status, "201");
  EXPECT_NE(server.requests().at(2).find("content-length: 0\r\n\r\n"), std::string::npos);
}

TEST(HttpTarget, HoldsUpABodyThatNobodyTakes) {
  std::string body(8 << 20, 'x');
  HttpServer server({"HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body});
  HttpCaller caller(server.address());
  auto call = caller.begin("GET", "/");
  ASSERT_EQ(call->half_close(), rpc::SendResult::ok);
  ASSERT_TRUE(caller.run_until([&] { return call->has_headers(); }));
  EXPECT_FALSE(caller.run_until([&] { return call->ended(); }, milliseconds(200)));
  EXPECT_LE(call->message()->size(), largest_http_piece);
  const Answer answer = caller.finish(*call);
  EXPECT_TRUE(answer.status.ok());
  EXPECT_EQ(answer.body.size(), body.size());
}

Answer answer_to(const std::string& text, bool hangs_up = true, std::string_view method = "GET",
                 std::size_t at_a_time = SIZE_MAX) {
  HttpServer server({text}, hangs_up, at_a_time);
  HttpCaller caller(server.address());
  return caller.ask(method, "/", {}, seconds(20));
}

TEST(HttpAnswers, AreReadAsTheyMayBeWritten) {
  const auto body_of = [](const std::string& text, bool hangs_up = true) {
    const Answer answer = answer_to(text, hangs_up);
    EXPECT_TRUE(answer.status.ok()) << answer.status.message;
    return answer.body;
  };
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\n\r\nuntil the end"), "until the end");
  EXPECT_EQ(body_of("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nab"), "ab");
  EXPECT_EQ(body_of("HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nab"), "ab");
  EXPECT_EQ(body_of("HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab"), "ab");
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nt: u\r\n\r\n",
                    false),
            "abcde");
  EXPECT_EQ(body_of("HTTP/1.1 204 No\r\n\r\n", false), "");
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", false, "HEAD").http_status, "200");
  EXPECT_EQ(answer_to("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").http_status, "404");
}

TEST(HttpAnswers, MayComeInSmallPieces) {
  const Answer answer =
      answer_to("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nt: u\r\n\r\n",
                false, "GET", 1);
  EXPECT_TRUE(answer.status.ok()) << answer.status.message;
  EXPECT_EQ(answer.body, "hello world");
}

TEST(HttpAnswers, ThatAreNoneAreAStatus) {
  const auto expect = [](const std::string& text, StatusCode code, std::string_view said) {
    const Answer answer = answer_to(text);
    EXPECT_EQ(answer.status.code, code) << text.substr(0, 60);
    EXPECT_NE(answer.status.message.find(said), std::string::npos) << answer.status.message;
  };
  expect("220 mail.example ESMTP ready\r\n", StatusCode::internal, "does not speak HTTP/1.1");
  expect(std::string("\x15\x03\x01\x00\x02\x02\x28", 7), StatusCode::internal, "does not speak HTTP/1.1");
  expect("HTTP/2 200 OK\r\n\r\n", StatusCode::internal, "HTTP/1.1");
  expect("HTTP/1.1 999 What\r\n\r\n", StatusCode::internal, "HTTP/1.1");
  expect("HTTP/1.1 200 OK\r\nname : x\r\n\r\n", StatusCode::internal, "no head");
  expect("HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", StatusCode::internal, "no head");
  expect("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", StatusCode::internal, "another protocol");
  expect("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n", StatusCode::internal,
         "two ways");
  expect("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc", StatusCode::internal, "two ways");
  expect("HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nab", StatusCode::internal, "two ways");
  expect("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nab", StatusCode::internal, "two ways");
  expect("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n", StatusCode::internal, "two ways");
  expect("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", StatusCode::internal, "chunks");
  expect("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabcd\r\n", StatusCode::internal, "chunks");
  expect("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\n", StatusCode::internal, "chunks");
  expect("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;" + std::string(1000, 'x'), StatusCode::internal,
         "chunks");
  expect("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", StatusCode::unavailable, "complete");
  expect("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab", StatusCode::unavailable, "complete");
  expect("HTTP/1.1 200 O", StatusCode::unavailable, "complete");
  expect("", StatusCode::unavailable, "complete");
}

TEST(HttpAnswers, ThatSayTooMuchInTheirHeadsAreAStatus) {
  std::string endless = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) endless += "x-" + std::to_string(i) + ": " + std::string(1000, 'v') + "\r\n";
  EXPECT_EQ(answer_to(endless, false).status.code, StatusCode::resource_exhausted);
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 200; ++i) many += "x-" + std::to_string(i) + ": v\r\n";
  EXPECT_EQ(answer_to(many + "\r\n", false).status.code, StatusCode::resource_exhausted);
  std::string informational;
  for (int i = 0; i < 3000; ++i) informational += "HTTP/1.1 103 Early\r\nlink: x\r\n\r\n";
  EXPECT_EQ(answer_to(informational, false).status.code, StatusCode::resource_exhausted);
}

TEST(HttpAnswers, ThatNeverComeCostTheDeadline) {
  HttpServer server({"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab"});
  HttpCaller caller(server.address());
  EXPECT_EQ(caller.ask("GET", "/", {}, milliseconds(300)).status.code, StatusCode::deadline_exceeded);
}

TEST(HttpAnswers, AreNotMixedUpWhereAServerSaysMoreThanItWasAsked) {
  HttpServer server({hello + hello, hello});
  HttpCaller caller(server.address());
  EXPECT_EQ(caller.ask("GET", "/").body, "hello");
  EXPECT_EQ(caller.ask("GET", "/").body, "hello");
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpTarget, BoundsItsConnectionsAndThoseThatWait) {
  HttpServer server({hello});
  HttpTargetOptions options;
  options.max_connections = 1;
  options.max_waiting = 1;
  HttpCaller caller(server.address(), options);
  auto first = caller.begin("GET", "/1");
  auto second = caller.begin("GET", "/2");
  auto third = caller.begin("GET", "/3");
  for (const auto& call : {&first, &second, &third}) ASSERT_EQ((*call)->half_close(), rpc::SendResult::ok);
  ASSERT_TRUE(third->ended());
  EXPECT_EQ(third->status().code, StatusCode::unavailable);
  EXPECT_EQ(caller.finish(*first).body, "hello");
  EXPECT_EQ(caller.finish(*second).body, "hello");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpTarget, EndsItsCallsWhenItIsClosed) {
  HttpServer server({""});
  HttpCaller caller(server.address());
  auto waits = caller.begin("GET", "/");
  ASSERT_EQ(waits->half_close(), rpc::SendResult::ok);
  ASSERT_TRUE(caller.run_until([&] { return !server.requests().empty(); }));
  auto connects = caller.begin("GET", "/");
  ASSERT_EQ(connects->half_close(), rpc::SendResult::ok);
  caller.close();
  EXPECT_EQ(waits->status().code, StatusCode::unavailable);
  EXPECT_EQ(connects->status().code, StatusCode::unavailable);
  EXPECT_EQ(caller.ask("GET", "/").status.code, StatusCode::unavailable);
}

TEST(HttpTarget, IsForWhatItIsFor) {
  HttpServer server({hello});
  HttpCaller caller(server.address());
  const auto code = [&](std::string_view method, std::string_view where) {
    return caller.begin(method, where)->status().code;
  };
  EXPECT_EQ(code("CONNECT", "/"), StatusCode::invalid_argument);
  EXPECT_EQ(code("GET\r\nx: y", "/"), StatusCode::invalid_argument);
  EXPECT_EQ(code("GET", "/a b"), StatusCode::invalid_argument);
  EXPECT_EQ(code("GET", "/granted/../secret"), StatusCode::invalid_argument);
  for (const std::string key : {":authority", "host", "content-length", "expect", "transfer-encoding", "connection"}) {
    HttpCaller other(server.address());
    other.metadata.add(key, "1");
    EXPECT_EQ(other.begin("GET", "/")->status().code, StatusCode::invalid_argument) << key;
  }
  HttpCaller binary(server.address());
  binary.metadata.add("x-bin", "a\r\nb: c");
  EXPECT_EQ(binary.begin("GET", "/")->status().code, StatusCode::invalid_argument);
}

// ---- Wildcards ----

TEST(HttpWildcards, DoNotReachPrivateAddresses) {
  HttpServer server({hello});
  for (const std::string host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}) {
    HttpCaller caller("http://*:" + server.port());
    caller.metadata.add(":authority", host + ":" + server.port());
    const Answer answer = caller.ask("GET", "/");
    EXPECT_EQ(answer.status.code, StatusCode::permission_denied) << host << ": " << answer.status.message;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpWildcards, HaveTheNamesBelowThem) {
  const auto names = [](const std::string& address, std::string_view said) {
    return find_authority(parse_http_address(address).value(), said).has_value();
  };
  EXPECT_TRUE(names("https://*.example.com", "a.example.com"));
  EXPECT_TRUE(names("https://*.example.com", "A.B.Example.com:443"));
  EXPECT_TRUE(names("https://*", "example.org"));
  for (const auto* const said :
       {"example.com", ".example.com", "aexample.com", "a.example.com:80", "a.example.com.evil.org",
        "evil.org/a.example.com", "evil.org#a.example.com", "u@a.example.com", "", "a.example.com:"}) {
    EXPECT_FALSE(names("https://*.example.com", said)) << said;
  }
}

TEST(HttpAddress, IsReadOrRefused) {
  EXPECT_EQ(authority_of(parse_http_address("https://Example.com").value()).text, "example.com");
  EXPECT_EQ(authority_of(parse_http_address("http://example.com:8080").value()).text, "example.com:8080");
  EXPECT_EQ(authority_of(parse_http_address("http://[::1]:80").value()).text, "[::1]");
  for (const auto* const text : {"http://", "http://a/", "http://a:0", "http://a:99999", "https://*a.example.com",
                                 "http://a b", "http://[::1", "http://u@a", "https://a.*"}) {
    EXPECT_FALSE(parse_http_address(text).ok()) << text;
  }
}

TEST(PrivateAddresses, AreThoseOfNobodyOnTheInternet) {
  for (const auto* const text : {"0.0.0.0",
                                 "10.1.2.3",
                                 "100.64.0.1",
                                 "127.0.0.1",
                                 "127.255.255.255",
                                 "169.254.169.254",
                                 "172.16.0.1",
                                 "172.31.255.255",
                                 "192.168.1.1",
                                 "198.18.0.1",
                                 "224.0.0.1",
                                 "255.255.255.255",
                                 "::",
                                 "::1",
                                 "::ffff:10.0.0.1",
                                 "::ffff:169.254.169.254",
                                 "64:ff9b::7f00:1",
                                 "2002:7f00:1::",
                                 "fc00::1",
                                 "fd12::1",
                                 "fe80::1",
                                 "ff02::1",
                                 "2001:db8::1",
                                 "2001::1",
                                 "::7f00:1"}) {
    EXPECT_TRUE(is_private(asio::ip::make_address(text))) << text;
  }
  for (const auto* const text : {"1.1.1.1", "172.32.0.1", "172.15.0.1", "192.169.0.1", "8.8.8.8", "2606:4700::1111",
                                 "::ffff:1.1.1.1", "64:ff9b::101:101"}) {
    EXPECT_FALSE(is_private(asio::ip::make_address(text))) << text;
  }
}

TEST(PlainTargets, DoNotLeaveWhatWasGranted) {
  for (const auto* const text : {"/", "/a/b?c=../d", "/a..b/c", "/.well-known/x", "/a/...", "/%41"}) {
    EXPECT_TRUE(is_plain_target(text)) << text;
  }
  for (const auto* const text : {"", "a", "*", "/a/../b", "/..", "/a/.", "/a/%2e%2E/b", "/a/.%2e", "/a%2f..%2fb",
                                 "/a\\..\\b", "/a b", "/a#b", "/a\r\n", "/a/..;x/b", "/\xc3\xa9"}) {
    EXPECT_FALSE(is_plain_target(text)) << text;
  }
}

}  // namespace
}  // namespace wasm_grpc::client
