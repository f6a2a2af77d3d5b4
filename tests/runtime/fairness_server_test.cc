// Who is served when clients want more than there is, in a whole server.
#include <gtest/gtest.h>

#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "http2/client.h"
#include "runtime/loans_fixture.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::string_view path = "/test.Service/Method";

/// For each message it receives: computes for some slices, "l" for three times as many as otherwise, and sends it back.
constexpr std::string_view computing_echo = R"((local $size i32) (local $left i64)
  (loop $next
    (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 1000)))
    (if (i32.eq (local.get $size) (i32.const -2)) (then
      (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
      (br $next)))
    (if (i32.lt_s (local.get $size) (i32.const 0)) (then (return (i32.const 0))))
    (local.set $left (select (i64.const 9000000) (i64.const 3000000)
                             (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 108))))
    (loop $again
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (br_if $again (i64.ne (local.get $left) (i64.const 0))))
    (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
    (br $next))
  (i32.const 0))";

struct FairnessServerTest : testing::Test {
  void serve(std::uint32_t instances) {
    ServerOptions options;
    options.workers = 1;
    options.max_instances = instances;
    options.log = [](LogLevel, std::string_view, std::string_view) {};
    server = std::move(Server::create(options)).value();
    HostModule test("test");
    test.function("tick", [] {}).function("note", [](std::int32_t) {});
    ASSERT_TRUE(server->add_host_module(std::move(test)).ok());
    ModuleOptions module;
    module.name = "guest";
    const std::string text = shared_guest_text(rpc::MethodKind::bidi_stream, computing_echo);
    auto added = server->add_module(std::as_bytes(std::span(text)), module);
    ASSERT_TRUE(added.ok()) << added.error().message;
    const std::string address = std::move(server->listen("127.0.0.1:0")).value();
    const std::string digits = address.substr(address.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    ASSERT_TRUE(server->start().ok());
  }
  [[nodiscard]] std::uint64_t made_way() const {
    const ServerCounters counters = server->counters();
    for (const ReasonCount& failure : counters.modules[0].failures) {
      if (failure.reason == "made way") return failure.count;
    }
    return 0;
  }
  /// A stream that has been answered, and says nothing more.
  std::int32_t open_idle(http2::Client& client) {
    const std::int32_t id = client.open(path);
    client.send(id, "s");
    EXPECT_TRUE(client.run_until([&] { return !client.reply(id).messages().empty(); }));
    return id;
  }

  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

TEST_F(FairnessServerTest, ALongCallIsServedBesideShorterOnesThatNeverEnd) {
  serve(64);
  http2::Client others(port), victim(port);
  std::set<std::int32_t> under_way;
  int others_done = 0;
  const auto keep_calling = [&] {
    for (auto id = under_way.begin(); id != under_way.end();) {
      if (others.reply(*id).closed) {
        ++others_done;
        id = under_way.erase(id);
      } else {
        ++id;
      }
    }
    while (under_way.size() < 8) {
      const std::int32_t id = others.open(path);
      others.send(id, "s", true);
      under_way.insert(id);
    }
  };
  ASSERT_TRUE(others.run_until([&] {
    keep_calling();
    return others_done >= 8;
  }));
  const std::int32_t long_call = victim.open(path);
  victim.send(long_call, "l", true);
  others_done = 0;
  // It takes some nine slices. Beside eight others it waits for 82 turns at most between two of them, in which fewer
  // than 30 of the others' calls can end.
  bool served = false;
  while (!served && others_done < 9 * 30) {
    keep_calling();
    others.run_for(std::chrono::milliseconds(1));
    victim.run_for(std::chrono::milliseconds(1));
    served = victim.reply(long_call).closed;
  }
  EXPECT_TRUE(served) << others_done << " calls of others were";
}

TEST_F(FairnessServerTest, StreamsThatOnlyWaitForTheirClientMakeWayForOthers) {
  serve(4);
  http2::Client greedy(port), modest(port);
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(open_idle(greedy));
  EXPECT_EQ(made_way(), 0U) << "nobody else wants anything";
  const std::int32_t call = modest.open(path);
  modest.send(call, "s", true);
  EXPECT_TRUE(modest.run_until_closed(call));
  EXPECT_EQ(modest.reply(call).status(), 0);
  EXPECT_EQ(made_way(), 1U);
  EXPECT_TRUE(greedy.run_until([&] { return greedy.reply(streams[0]).closed; })) << "the one that came first";
  EXPECT_EQ(greedy.reply(streams[0]).status(), 8);
  EXPECT_EQ(greedy.reply(streams[0]).message(),
            "the stream waited for its client while calls of others waited for an instance");
}

TEST_F(FairnessServerTest, WithEqualPartsNobodyMakesWay) {
  serve(2);
  http2::Client one(port), two(port), three(port);
  open_idle(one);
  const std::int32_t second = open_idle(two);
  const std::int32_t third = three.open(path);
  three.send(third, "s", true);
  three.run_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(three.reply(third).closed);
  EXPECT_EQ(made_way(), 0U);
  two.end(second);
  EXPECT_TRUE(two.run_until_closed(second));
  EXPECT_TRUE(three.run_until_closed(third));
  EXPECT_EQ(three.reply(third).status(), 0);
}

TEST_F(FairnessServerTest, SilentStreamsOfManyConnectionsKeepNobodyFromBeingServed) {
  serve(8);
  std::vector<std::unique_ptr<http2::Client>> silent;
  for (int i = 0; i < 6; ++i) {
    silent.push_back(std::make_unique<http2::Client>(port));
    for (int stream = 0; stream < 50; ++stream) silent.back()->open(path);
    silent.back()->run_for(std::chrono::milliseconds(20));
  }
  http2::Client client(port);
  for (int i = 0; i < 5; ++i) {
    const std::int32_t call = client.open(path);
    client.send(call, "s", true);
    ASSERT_TRUE(client.run_until_closed(call));
    EXPECT_EQ(client.reply(call).status(), 0);
  }
  // And those that were silent are served when they have something to say.
  for (const auto& speaker : silent) {
    const std::int32_t last = 1 + 2 * 49;
    speaker->send(last, "s", true);
    EXPECT_TRUE(speaker->run_until_closed(last));
    EXPECT_EQ(speaker->reply(last).status(), 0);
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
