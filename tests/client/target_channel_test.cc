// Calls to servers: to our own, and to some that do what no server should.

#include "client/outgoing/target_channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "wasm_grpc/server.h"

namespace wasm_grpc::client {
namespace {

using asio::ip::tcp;
using rpc::MethodKind;
using rpc::StatusCode;

constexpr std::string_view path = "/test.Service/Method";

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// A loop with one channel, and calls that are made by it.
class Caller {
 public:
  explicit Caller(const std::string& address, TargetChannelOptions options = {}) {
    options.name = "there";
    auto parsed = parse_target_address(address);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    channel_.emplace(ChannelContext{io, timers, output, nullptr}, std::move(options), std::move(parsed).value());
  }

  rpc::OutgoingCallPtr begin(MethodKind kind = MethodKind::unary,
                             std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    return channel_->begin({path, kind, rpc::Clock::now() + timeout, metadata, nullptr});
  }
  /// Runs the loop until that holds. False when it does not come to that.
  bool run_until(const std::function<bool()>& holds) {
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(60);
    while (!holds() && rpc::Clock::now() < give_up) {
      output.flush();
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
      timers.run_due(rpc::Clock::now());
    }
    output.flush();
    return holds();
  }
  /// Makes a unary call; its status.
  rpc::Status call(std::string_view message = "hello", std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    auto call = begin(MethodKind::unary, timeout);
    EXPECT_TRUE(call->ended() || call->send(std::as_bytes(std::span(message)), true) == rpc::SendResult::ok);
    EXPECT_TRUE(run_until([&] { return call->ended(); }));
    answers.clear();
    while (const auto answer = call->message()) {
      answers.push_back(text_of(*answer));
      call->pop_message();
    }
    return call->ended() ? call->status() : rpc::Status{StatusCode::unknown, "it has not ended"};
  }

  asio::io_context io{1};
  rpc::TimerQueue timers;
  OutputQueue output{[] {}};
  rpc::Metadata metadata;
  std::vector<std::string> answers;  // of the last call()

 private:
  std::optional<TargetChannel> channel_;
};

// ---- Our own server ----

class OwnServer {
 public:
  OwnServer() {
    ServerOptions options;
    options.workers = 1;
    options.max_instances = 2;
    options.log = [](LogLevel, std::string_view, std::string_view) {};
    server_ = std::move(Server::create(options)).value();
    auto added = server_->add_unary_method(path, [](rpc::Call& call, auto request, auto& response) {
      static_cast<void>(call.add_header("x-from", "there"));
      static_cast<void>(call.add_trailer("x-to", call.request_metadata().get("x-to").value_or("nobody")));
      response.assign(request.begin(), request.end());
      const std::string_view text(reinterpret_cast<const char*>(request.data()), request.size());
      return text == "fail" ? rpc::Status{StatusCode::not_found, "naïve"} : rpc::Status{};
    });
    EXPECT_TRUE(added.ok()) << added.error().message;
    address = std::move(server_->listen("127.0.0.1:0")).value();
    EXPECT_TRUE(server_->start().ok());
  }
  ~OwnServer() {
    server_->stop_now();
    server_->wait();
  }
  std::string address;

 private:
  std::unique_ptr<Server> server_;
};

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

std::string frame(int kind, int flags, int stream, std::string_view payload = {}) {
  const std::size_t size = payload.size();
  std::string out = {static_cast<char>(size >> 16),
                     static_cast<char>(size >> 8),
                     static_cast<char>(size),
                     static_cast<char>(kind),
                     static_cast<char>(flags),
                     0,
                     0,
                     0,
                     static_cast<char>(stream)};
  return out.append(payload);
}
enum Kind : int {
  data_frame = 0,
  headers_frame = 1,
  rst_stream = 3,
  settings = 4,
  ping = 6,
  goaway = 7,
  continuation = 9
};
constexpr int end_stream = 1;
constexpr int end_headers = 4;

/// A field of HPACK without its table.
std::string literal(std::string_view name, std::string_view value) {
  const auto length = [](std::size_t size) {
    if (size < 127) return std::string(1, static_cast<char>(size));
    std::string out(1, '\x7f');
    for (size -= 127; size >= 128; size >>= 7) out += static_cast<char>(128 | (size & 127));
    return out + static_cast<char>(size);
  };
  return std::string(1, '\0').append(length(name.size())).append(name).append(length(value.size())).append(value);
}
const std::string ok = "\x88" + literal("content-type", "application/grpc");
std::string head(const std::string& block = ok, int flags = end_headers) {
  return frame(headers_frame, flags, 1, block);
}
std::string tail(const std::string& block) { return frame(headers_frame, end_headers | end_stream, 1, block); }
const std::string ended_well = tail(literal("grpc-status", "0"));
std::string message(std::string_view text) {
  return std::string("\0\0\0\0", 4).append(1, static_cast<char>(text.size())).append(text);
}
std::string piece(std::string_view bytes) { return frame(data_frame, 0, 1, bytes); }
const std::string greeting = frame(settings, 0, 0);

/// Says these things to each client that connects: at once, and when it has asked for something. Then it hangs up, or
/// not.
class OddServer {
 public:
  OddServer(asio::io_context& io, std::vector<std::string> answers, std::string says = greeting, bool hangs_up = false)
      : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        answers_(std::move(answers)),
        says_(std::move(says)),
        hangs_up_(hangs_up) {
    accept();
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  struct Client {
    explicit Client(tcp::socket its) : socket(std::move(its)) {}
    tcp::socket socket;
    std::array<char, 65536> buffer{};
    std::string read;
    bool answered = false;
  };

  void accept() {
    acceptor_.async_accept([this](const asio::error_code& error, tcp::socket socket) {
      if (error) return;
      connections_.push_back(std::make_shared<Client>(std::move(socket)));
      asio::error_code ignored;
      asio::write(connections_.back()->socket, asio::buffer(says_), ignored);
      read(connections_.back(), connections_.size() - 1);
      accept();
    });
  }
  void read(const std::shared_ptr<Client>& client, std::size_t number) {
    client->socket.async_read_some(asio::buffer(client->buffer),
                                   [this, client, number](const asio::error_code& error, std::size_t size) {
                                     if (error) return;
                                     client->read.append(client->buffer.data(), size);
                                     answer(*client, number);
                                     read(client, number);
                                   });
  }
  void answer(Client& client, std::size_t number) {
    // More than the preface, SETTINGS and WINDOW_UPDATE is a request.
    constexpr std::size_t before_a_request = 120;
    if (client.answered || client.read.size() < before_a_request) return;
    client.answered = true;
    asio::error_code ignored;
    const std::string& text = answers_[std::min(number, answers_.size() - 1)];
    asio::write(client.socket, asio::buffer(text), ignored);
    if (hangs_up_) client.socket.close(ignored);
  }

  tcp::acceptor acceptor_;
  std::vector<std::string> answers_;
  std::string says_;
  bool hangs_up_;
  std::vector<std::shared_ptr<Client>> connections_;
};

/// A server and its caller, each with a loop of its own.
class Pair {
 public:
  explicit Pair(std::vector<std::string> answers, std::string says = greeting, bool hangs_up = false,
                TargetChannelOptions options = {})
      : server(io_, std::move(answers), std::move(says), hangs_up),
        caller(server.address(), std::move(options)),
        work_(io_.get_executor()),
        thread_([this] { io_.run(); }) {}
  ~Pair() {
    io_.stop();
    thread_.join();
  }

 private:
  asio::io_context io_{1};

 public:
  OddServer server;
  Caller caller;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

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
  options.max_pending = 1;
  Caller caller("127.0.0.1:1", options);
  auto first = caller.begin();
  auto second = caller.begin();
  EXPECT_FALSE(first->ended());
  ASSERT_TRUE(second->ended());
  EXPECT_EQ(second->status().code, StatusCode::unavailable);
}

}  // namespace
}  // namespace wasm_grpc::client
