// A socket with a client of the test's at its other end.
#include "net/socket_io.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <string>
#include <utility>

namespace wasm_grpc::net {
namespace {

/// Keeps what it is told.
class Keeper final : public SocketOwner {
 public:
  Keeper(SocketScratch& scratch, Traffic& traffic, Incoming incoming)
      : socket(scratch, traffic, *this, incoming, nullptr) {}

  void take_input(std::span<const std::byte> bytes) override {
    input.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (close_at_input) socket.close();
  }
  [[nodiscard]] bool wants_input() const noexcept override { return wants; }
  void turn_over() override { ++turns; }
  void output_left() override { ++times_left; }
  void failed(Failure failure, std::string_view detail) override {
    failures.emplace_back(failure, detail);
    socket.close();
  }
  void client_named(const std::string& address) override { client = address; }
  void tls_open(const TlsSession&) override {}

  SocketIo socket;
  std::string input;
  std::string client;
  std::vector<std::pair<Failure, std::string>> failures;
  int turns = 0;
  int times_left = 0;
  bool wants = true;
  bool close_at_input = false;

 private:
  ~Keeper() override = default;
};

class SocketIoTest : public testing::Test {
 protected:
  ~SocketIoTest() override {
    keeper->socket.close();
    run();
  }
  void begin(bool behind_proxy = false) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    client.assign(asio::generic::stream_protocol(AF_UNIX, 0), ends[0]);
    Incoming incoming{.socket = Protocol::socket(io, Protocol(AF_UNIX, 0), ends[1]),
                      .peer = "unix:",
                      .tls = false,
                      .behind_proxy = behind_proxy,
                      .admission = {}};
    keeper = Ref(*new Keeper(scratch, traffic, std::move(incoming)));
    ASSERT_TRUE(keeper->socket.begin());
    keeper->socket.read();
  }
  void run() {
    io.restart();
    io.poll();
  }
  void say(const std::string& text) {
    asio::write(client, asio::buffer(text));
    run();
  }
  std::string hear(std::size_t size) {
    std::string text(size, '\0');
    asio::error_code error;
    std::size_t at = 0;
    while (at < size && !error) {
      at += client.read_some(asio::buffer(text.data() + at, size - at), error);
      run();
    }
    text.resize(at);
    return text;
  }
  bool write(const std::string& text) {
    scratch.batch.clear();
    scratch.batch.copy(std::as_bytes(std::span(text)));
    const bool good = keeper->socket.write();
    scratch.batch.clear();
    return good;
  }

  asio::io_context io{1};
  SocketScratch scratch;
  Traffic traffic;
  Protocol::socket client{io};
  Ref<Keeper> keeper;
};

TEST_F(SocketIoTest, WhatComesIsTakenInTurnsAndCounted) {
  begin();
  say("hello ");
  say("world");
  EXPECT_EQ(keeper->input, "hello world");
  EXPECT_EQ(keeper->turns, 2);
  EXPECT_EQ(traffic.bytes_read.get(), 11U);
  EXPECT_EQ(traffic.reads.get(), 2U);
}

TEST_F(SocketIoTest, AnOwnerThatWantsNoInputHearsNothingUntilItReadsOn) {
  begin();
  keeper->wants = false;
  say("first");
  say("second");
  EXPECT_EQ(keeper->input, "first");
  keeper->wants = true;
  keeper->socket.read();
  run();
  EXPECT_EQ(keeper->input, "firstsecond");
}

TEST_F(SocketIoTest, OutputThatTheClientDoesNotTakeWaitsAndThenLeavesInItsOrder) {
  begin();
  std::string said;
  while (!keeper->socket.waits()) {
    said += std::string(100'000, static_cast<char>('a' + said.size() % 26));
    ASSERT_TRUE(write(said.substr(said.size() - 100'000)));
  }
  EXPECT_EQ(keeper->times_left, 0);
  EXPECT_EQ(hear(said.size()), said);
  run();
  EXPECT_EQ(keeper->times_left, 1);
  EXPECT_FALSE(keeper->socket.waits());
  EXPECT_GT(keeper->socket.moved(), 0U);
  EXPECT_EQ(traffic.bytes_written.get(), said.size());
}

TEST_F(SocketIoTest, AClientThatClosesIsGone) {
  begin();
  client.close();
  run();
  ASSERT_EQ(keeper->failures.size(), 1U);
  EXPECT_EQ(keeper->failures[0].first, SocketOwner::Failure::gone);
  EXPECT_FALSE(keeper->socket.is_open());
}

TEST_F(SocketIoTest, WritingToAClientThatIsGoneFails) {
  begin();
  client.close();
  EXPECT_FALSE(write("anybody there?"));
}

TEST_F(SocketIoTest, ItMayBeClosedByWhatItBrings) {
  begin();
  keeper->close_at_input = true;
  say(std::string(100'000, 'x'));
  EXPECT_LE(keeper->input.size(), 16U * 1024);
  EXPECT_EQ(keeper->turns, 0);
  EXPECT_TRUE(keeper->failures.empty()) << "it was the owner's own wish";
}

TEST_F(SocketIoTest, AfterTheEndOfOutputInputIsReadAndDropped) {
  begin();
  ASSERT_TRUE(write("bye"));
  keeper->socket.end_output();
  say("one more thing");
  EXPECT_EQ(keeper->input, "");
  EXPECT_EQ(traffic.bytes_read.get(), 14U);
  EXPECT_EQ(hear(4), "bye") << "and then its end";
}

TEST_F(SocketIoTest, ThePROXYHeaderIsNoInput) {
  begin(true);
  say("PROXY TCP4 192.0.2.7 192.0.2.8 12");
  EXPECT_EQ(keeper->client, "");
  say("345 80\r\nhello");
  EXPECT_EQ(keeper->client, "192.0.2.7:12345");
  EXPECT_EQ(keeper->input, "hello");
}

TEST_F(SocketIoTest, WhatIsNoPROXYHeaderIsSaidSo) {
  begin(true);
  say("GET / HTTP/1.1\r\n\r\n");
  ASSERT_EQ(keeper->failures.size(), 1U);
  EXPECT_EQ(keeper->failures[0].first, SocketOwner::Failure::proxy_header);
  EXPECT_NE(keeper->failures[0].second, "");
  EXPECT_EQ(keeper->input, "");
}

}  // namespace
}  // namespace wasm_grpc::net
