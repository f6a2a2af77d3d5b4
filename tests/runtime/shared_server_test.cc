// A server with two workers and one client: its calls run on both, whatever they do.

#include <gtest/gtest.h>

#include <charconv>

#include "http2/client.h"
#include "runtime/loans_fixture.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::string_view path = "/test.Service/Method";

/// Computes for some slices of real time, then sends back the message it began with; "t" makes it trap, "s" spin.
constexpr std::string_view body = R"((local $size i32) (local $end i64)
  (loop $next
    (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 1000)))
    (if (i32.eq (local.get $size) (i32.const -2)) (then
      (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
      (br $next)))
    (if (i32.lt_s (local.get $size) (i32.const 0)) (then (return (i32.const 0))))
    (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 115)) (then (loop $spin (br $spin))))
    (local.set $end (i64.const 6000000))
    (loop $again
      (local.set $end (i64.sub (local.get $end) (i64.const 1)))
      (br_if $again (i64.ne (local.get $end) (i64.const 0))))
    (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 116)) (then (unreachable)))
    (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
    (br $next))
  (i32.const 0))";

struct SharedServerTest : testing::Test {
  void serve(rpc::MethodKind kind) {
    ServerOptions options;
    options.workers = 2;
    options.max_instances = 14;
    options.log = [](LogLevel, std::string_view, std::string_view) {};
    server = std::move(Server::create(options)).value();
    HostModule test("test");
    test.function("tick", [] {}).function("note", [](std::int32_t) {});
    ASSERT_TRUE(server->add_host_module(std::move(test)).ok());
    ModuleOptions module;
    module.name = "guest";
    const std::string text = shared_guest_text(kind, body);
    auto added = server->add_module(std::as_bytes(std::span(text)), module);
    ASSERT_TRUE(added.ok()) << added.error().message;
    const std::string address = std::move(server->listen("127.0.0.1:0")).value();
    const std::string digits = address.substr(address.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    ASSERT_TRUE(server->start().ok());
  }
  /// How many calls have moved.
  [[nodiscard]] std::uint64_t moves() const { return server->counters().calls_lent + server->counters().guests_lent; }

  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

TEST_F(SharedServerTest, AnswersEveryMessageOfManyStreams) {
  serve(rpc::MethodKind::bidi_stream);
  http2::Client client(port);
  for (int round = 0; round < 3 || (moves() == 0 && round < 100); ++round) {
    std::vector<std::int32_t> ids;
    for (int i = 0; i < 6; ++i) {
      ids.push_back(client.open(path));
      for (int m = 0; m < 3; ++m) client.send(ids.back(), std::to_string(100 * i + m), m == 2);
    }
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(client.run_until_closed(ids[i]));
      const auto& reply = client.reply(ids[i]);
      EXPECT_EQ(reply.status(), 0);
      EXPECT_EQ(reply.messages(), (std::vector<std::string>{std::to_string(100 * i), std::to_string(100 * i + 1),
                                                            std::to_string(100 * i + 2)}));
    }
  }
  EXPECT_GT(moves(), 0U);
}

TEST_F(SharedServerTest, SurvivesTrapsAndResetsOfCallsThatMoved) {
  serve(rpc::MethodKind::unary);
  http2::Client client(port);
  for (int round = 0; round < 5 || (moves() == 0 && round < 100); ++round) {
    std::vector<std::int32_t> ids;
    for (const std::string_view message : {"a", "t", "s", "b", "s", "t"}) {
      ids.push_back(client.open(path));
      client.send(ids.back(), message, true);
    }
    client.run_for(std::chrono::milliseconds(round * 3));
    client.reset(ids[2]);
    client.reset(ids[4]);
    for (const int i : {0, 1, 3, 5}) {
      ASSERT_TRUE(client.run_until_closed(ids[i]));
      EXPECT_EQ(client.reply(ids[i]).status(), i == 1 || i == 5 ? 13 : 0);
    }
  }
  EXPECT_GT(moves(), 0U);
}

TEST_F(SharedServerTest, StopsInTheMiddle) {
  for (int round = 0; round < 5; ++round) {
    serve(rpc::MethodKind::unary);
    http2::Client client(port);
    for (int i = 0; i < 6; ++i) {
      const std::int32_t id = client.open(path);
      client.send(id, i % 2 == 0 ? "s" : "a", true);
    }
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
    while (moves() == 0 && rpc::Clock::now() < give_up) client.run_for(std::chrono::milliseconds(1));
    EXPECT_GT(moves(), 0U);
    if (round % 2 == 0) {
      server->stop_now();
      server->wait();
    }
    server.reset();
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
