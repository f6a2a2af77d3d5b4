// One connection of HTTP/2, to a server that does not read.

#include "client/outgoing/connection.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <memory>
#include <string>
#include <utility>

#include "client/outgoing/network_call.h"

namespace wasm_grpc::client {
namespace {

class NoOwner final : public CallOwner, public ConnectionOwner {
 public:
  void no_stream_wanted(NetworkCall&) noexcept override {}
  void gone(NetworkCall& call) noexcept override { delete &call; }
  void connection_draining(Connection&, const std::string&) noexcept override {}
  void connection_has_room(Connection&) noexcept override { has_room = true; }
  void connection_closed(Connection&, const std::string&) noexcept override {}
  void returned(Exchange& exchange) noexcept override { exchange.end({rpc::StatusCode::unavailable, "returned"}); }

  bool has_room = false;
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    asio::local::stream_protocol::socket ours(io_);
    asio::local::connect_pair(ours, theirs_);
    Transport transport;
    transport.socket = std::make_unique<Socket>(std::move(ours));
    ConnectionOwner& owner = owner_;
    connection_ = std::make_shared<Connection>(std::move(transport), ConnectionSettings{"http", "there"}, timers_,
                                               output_, owner);
    connection_->start();
  }
  ~ConnectionTest() override {
    connection_->abandon();
    io_.poll();
  }
  void turn() {
    output_.flush();
    io_.restart();
    io_.poll();
  }
  /// Begins a call and lets go of it at once.
  void begin_and_give_up() {
    const CallContext context{timers_, buffers_, codec_, owner_, 1000};
    auto* const made = new NetworkCall(context);
    made->begin({.path = "/a.B/C", .metadata = metadata_});
    const rpc::OutgoingCallPtr call(made);
    ASSERT_TRUE(connection_->add(*made));
    turn();
  }

  asio::io_context io_{1};
  asio::local::stream_protocol::socket theirs_{io_};
  rpc::TimerQueue timers_;
  OutputQueue output_{[] {}};
  rpc::BufferPool buffers_;
  rpc::Codec codec_{buffers_};
  rpc::Metadata metadata_;
  NoOwner owner_;
  std::shared_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, HasNoRoomWhileWhatWasGivenUpWaitsForAServerThatDoesNotRead) {
  int begun = 0;
  for (; begun < 100'000 && connection_->has_room(); ++begun) begin_and_give_up();
  EXPECT_FALSE(connection_->has_room());
  EXPECT_LT(begun, 100'000);
  EXPECT_EQ(connection_->exchanges(), 0U);
  EXPECT_FALSE(owner_.has_room);

  std::string sink(1 << 16, ' ');
  for (int i = 0; i < 10'000 && !owner_.has_room; ++i) {
    asio::error_code error;
    theirs_.non_blocking(true, error);
    theirs_.read_some(asio::buffer(sink), error);
    turn();
  }
  EXPECT_TRUE(owner_.has_room);
  EXPECT_TRUE(connection_->has_room());
}

}  // namespace
}  // namespace wasm_grpc::client
