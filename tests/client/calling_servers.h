// Who calls in the tests of this folder, and who is called: servers of our own, and some that do what none should.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "client/outgoing/target_channel.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::client {

using asio::ip::tcp;
using rpc::MethodKind;
using rpc::StatusCode;

constexpr std::string_view path = "/test.Service/Method";

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// A loop with one channel, and calls that are made by it.
class Caller {
 public:
  explicit Caller(const std::string& address, TargetChannelOptions options = {},
                  std::function<void(const std::string&)> log = nullptr) {
    options.name = "there";
    auto parsed = parse_target_address(address);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    channel_.emplace(ChannelContext{io, timers, output, std::move(log)}, std::move(options), std::move(parsed).value());
  }

  rpc::OutgoingCallPtr begin(MethodKind kind = MethodKind::unary,
                             std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    return channel_->begin({path, kind, rpc::Clock::now() + timeout, metadata, nullptr});
  }
  /// Of the channel.
  void close() { channel_->close(); }
  /// Runs the loop until that holds. False when it does not come to that.
  bool run_until(const std::function<bool()>& holds) {
    return run_until(holds, [this] { timers.run_due(rpc::Clock::now()); });
  }
  /// As if each thing that comes came before the timer which is due.
  bool run_without_timers_until(const std::function<bool()>& holds) {
    return run_until(holds, [] {});
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
  bool run_until(const std::function<bool()>& holds, const std::function<void()>& run_timers) {
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(60);
    while (!holds() && rpc::Clock::now() < give_up) {
      output.flush();
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
      run_timers();
    }
    output.flush();
    return holds();
  }

  std::optional<TargetChannel> channel_;
};

// ---- Our own server ----

class OwnServer {
 public:
  /// Answers with what it is asked, and fails when that is "fail"; or does what `method` does.
  explicit OwnServer(UnaryFunction method = echo, const std::string& listen = "127.0.0.1:0",
                     std::uint32_t max_streams = ConnectionOptions().max_concurrent_streams) {
    ServerOptions options;
    options.max_concurrent_streams = max_streams;
    options.workers = 1;
    options.max_instances = 2;
    options.log = [](LogLevel, std::string_view, std::string_view) {};
    server_ = std::move(Server::create(options)).value();
    auto added = server_->add_unary_method(path, std::move(method));
    EXPECT_TRUE(added.ok()) << added.error().message;
    address = std::move(server_->listen(listen)).value();
    EXPECT_TRUE(server_->start().ok());
  }
  ~OwnServer() {
    server_->stop_now();
    server_->wait();
  }
  std::string address;

  static rpc::Status echo(rpc::Call& call, std::span<const std::byte> request, std::vector<std::byte>& response) {
    static_cast<void>(call.add_header("x-from", "there"));
    static_cast<void>(call.add_trailer("x-to", call.request_metadata().get("x-to").value_or("nobody")));
    response.assign(request.begin(), request.end());
    return text_of(request) == "fail" ? rpc::Status{StatusCode::not_found, "naïve"} : rpc::Status{};
  }

 private:
  std::unique_ptr<Server> server_;
};

// ---- Odd servers ----

inline std::string frame(int kind, int flags, int stream, std::string_view payload = {}) {
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
inline std::string literal(std::string_view name, std::string_view value) {
  const auto length = [](std::size_t size) {
    if (size < 127) return std::string(1, static_cast<char>(size));
    std::string out(1, '\x7f');
    for (size -= 127; size >= 128; size >>= 7) out += static_cast<char>(128 | (size & 127));
    return out + static_cast<char>(size);
  };
  return std::string(1, '\0').append(length(name.size())).append(name).append(length(value.size())).append(value);
}
inline const std::string ok = "\x88" + literal("content-type", "application/grpc");
inline std::string head(const std::string& block = ok, int flags = end_headers) {
  return frame(headers_frame, flags, 1, block);
}
inline std::string tail(const std::string& block) { return frame(headers_frame, end_headers | end_stream, 1, block); }
inline const std::string ended_well = tail(literal("grpc-status", "0"));
inline std::string message(std::string_view text) {
  return std::string("\0\0\0\0", 4).append(1, static_cast<char>(text.size())).append(text);
}
inline std::string piece(std::string_view bytes) { return frame(data_frame, 0, 1, bytes); }
inline const std::string greeting = frame(settings, 0, 0);
/// That of a server which lets so many streams be open.
inline std::string greeting_with(std::uint32_t streams) {
  std::string setting = {0, 3};
  for (int shift = 24; shift >= 0; shift -= 8) setting += static_cast<char>(streams >> shift);
  return frame(settings, 0, 0, setting);
}

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
  /// That it has accepted.
  [[nodiscard]] int connections() const { return accepted_; }
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
      ++accepted_;
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
    // More than the preface, SETTINGS, WINDOW_UPDATE and an answer to SETTINGS is a request.
    constexpr std::size_t before_a_request = 24 + 27 + 13 + 9 + 1;
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
  std::atomic<int> accepted_ = 0;
};

/// An odd server and its caller, each with a loop of its own.
template <typename CallerType>
class PairWith {
 public:
  template <typename... Options>
  explicit PairWith(std::vector<std::string> answers, std::string says = greeting, bool hangs_up = false,
                    Options... options)
      : server(io_, std::move(answers), std::move(says), hangs_up),
        caller(server.address(), std::move(options)...),
        work_(io_.get_executor()),
        thread_([this] { io_.run(); }) {}
  ~PairWith() {
    caller.close();  // the server may be in the midst of saying something
    io_.stop();
    thread_.join();
  }

 private:
  asio::io_context io_{1};

 public:
  OddServer server;
  CallerType caller;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};
using Pair = PairWith<Caller>;

}  // namespace wasm_grpc::client
