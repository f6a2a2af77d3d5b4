// What a whole server counts.
#include "wasm_grpc/counters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "http2/client.h"
#include "runtime/guest_server.h"

namespace wasm_grpc::runtime {
namespace {

std::uint64_t count_of(const std::vector<ReasonCount>& counts, std::string_view reason) {
  const auto found =
      std::find_if(counts.begin(), counts.end(), [&](const auto& each) { return each.reason == reason; });
  EXPECT_NE(found, counts.end()) << reason;
  return found == counts.end() ? 0 : found->count;
}

TEST(ServerCountersTest, CountsCallsByTheirStatusOverAllWorkers) {
  GuestServer server(of_workers(2), guest_text("(i32.const 5)"));
  for (int connection = 0; connection < 4; ++connection) {
    http2::Client client(server.port());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.call(path, "").status(), 5);
    EXPECT_EQ(client.call("/test.Service/None", "").status(), 12);
  }
  EXPECT_TRUE(server.eventually([](const ServerCounters& now) { return now.connections_open == 0; }));
  const ServerCounters counted = server.counters();
  EXPECT_EQ(counted.connections_accepted, 4u);
  EXPECT_EQ(counted.calls_started, 12u);
  EXPECT_EQ(counted.calls_refused, 4u);
  EXPECT_EQ(counted.calls_ended[5], 12u);
  EXPECT_EQ(counted.calls_ended[12], 4u);
  EXPECT_GT(counted.bytes_read, 0u);
  EXPECT_GT(counted.bytes_written, 0u);
  ASSERT_EQ(counted.modules.size(), 1u);
  EXPECT_EQ(counted.modules[0].name, "guest");
  EXPECT_GE(counted.modules[0].instances_made, 1u);
  EXPECT_EQ(counted.modules[0].instances_idle, counted.modules[0].instances_alive);
}

// By their path, with the messages of each and how long they took; what nobody serves has no name.
TEST(ServerCountersTest, CountsTheCallsOfEachMethod) {
  GuestServer server(of_workers(2), guest_text("(i32.const 5)"));
  const auto method = [&] {
    const ServerCounters counted = server.counters();
    const auto found = std::find_if(counted.methods.begin(), counted.methods.end(),
                                    [](const MethodCounters& each) { return each.path == path; });
    EXPECT_NE(found, counted.methods.end());
    return *found;
  };
  EXPECT_EQ(method().started, 0u);
  EXPECT_EQ(method().module, "guest");
  for (int connection = 0; connection < 4; ++connection) {
    http2::Client client(server.port());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.call(path, "abc").status(), 5);
    EXPECT_EQ(client.call("/test.Service/None", "").status(), 12);
  }
  EXPECT_TRUE(server.eventually([&](const ServerCounters&) { return method().ended[5] == 12; }));
  EXPECT_EQ(method().started, 12u);
  EXPECT_EQ(method().in_progress(), 0u);
  EXPECT_EQ(method().messages_received, 12u);
  EXPECT_EQ(method().messages_sent, 0u);
  EXPECT_EQ(method().handling.count, 12u);
  EXPECT_GT(method().handling.quantile(0.5), 0);
  EXPECT_GT(method().guest_seconds, 0);
  for (const MethodCounters& each : server.counters().methods) EXPECT_NE(each.path, "/test.Service/None");
}

TEST(ServerCountersTest, CountsACallWhoseClientWentAwayAsCancelled) {
  GuestServer server(of_workers(1), guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))"
                                               "(i32.const 0)"));
  http2::Client client(server.port());
  const std::int32_t id = client.open(path);
  client.send(id, "", true);
  ASSERT_TRUE(client.run_until([&] { return server.counters().calls_started == 1; }));
  client.reset(id);
  EXPECT_TRUE(client.run_until([&] { return server.counters().calls_ended[1] == 1; }));
}

TEST(ServerCountersTest, CountsTheFailuresOfAModule) {
  GuestServer server(of_workers(1), guest_text("unreachable"));
  http2::Client client(server.port());
  EXPECT_EQ(client.call(path, "").status(), 13);
  const ServerCounters counted = server.counters();
  EXPECT_EQ(count_of(counted.modules[0].failures, "trap"), 1u);
  EXPECT_EQ(count_of(counted.modules[0].failures, "exit"), 0u);
  EXPECT_EQ(counted.modules[0].instances_discarded, 1u);
}

TEST(ServerCountersTest, CountsTheConnectionsItEndedByTheReason) {
  ServerOptions options = of_workers(1);
  options.keepalive_time = std::chrono::milliseconds(50);
  options.keepalive_timeout = std::chrono::milliseconds(50);
  GuestServer server(options, guest_text("(i32.const 5)"));
  http2::Client::Options silent;
  silent.acknowledge_pings = false;
  http2::Client client(server.port(), silent);
  static_cast<void>(client.run_until([&] { return client.connection_ended(); }));
  EXPECT_TRUE(server.eventually(
      [](const ServerCounters& now) { return count_of(now.connections_ended, "keepalive timeout") == 1; }));
}

TEST(ServerCountersTest, CountsCallsThatTookTooLongAndThoseWhoseClientsFellSilent) {
  ServerOptions options = of_workers(1);
  options.max_call_time = std::chrono::milliseconds(20);
  std::string log;  // written by the one worker
  options.log = [&](LogLevel, std::string_view source, std::string_view text) {
    log.append(source).append(": ").append(text).append("\n");
  };
  const std::string waits =
      guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)");
  {
    GuestServer server(options, waits);
    http2::Client client(server.port());
    EXPECT_EQ(client.call(path, "").status(), 4);
    EXPECT_EQ(server.counters().calls_over_time, 1u);
  }
  EXPECT_NE(log.find("host: ended a call of " + std::string(path) + " from 127.0.0.1:"), std::string::npos) << log;
  EXPECT_NE(log.find("it took longer than the 20 ms"), std::string::npos) << log;
  log.clear();
  options.max_call_time = std::chrono::milliseconds(0);
  options.clients.request_idle_timeout = std::chrono::milliseconds(20);
  {
    GuestServer server(options, waits);
    http2::Client client(server.port());
    const auto id = client.open(path);
    EXPECT_TRUE(client.run_until_closed(id));
    EXPECT_EQ(client.reply(id).status(), 4);
    EXPECT_EQ(server.counters().calls_idle, 1u);
  }
  EXPECT_NE(log.find("its client sent nothing for 20 ms"), std::string::npos) << log;
}

TEST(ServerCountersTest, CountsACallThatUsedUpItsCpuTime) {
  ServerOptions options = of_workers(1);
  options.guests.max_cpu_time = std::chrono::milliseconds(100);
  GuestServer server(options, guest_text("(loop $forever (br $forever)) (i32.const 0)"));
  http2::Client client(server.port());
  const auto began = rpc::Clock::now();
  const http2::Reply& reply = client.call(path, "");
  EXPECT_EQ(reply.status(), 8);
  EXPECT_EQ(reply.message(), "the call used its 100 ms of CPU time");
  EXPECT_GE(rpc::Clock::now() - began, std::chrono::milliseconds(99));
  EXPECT_EQ(count_of(server.counters().modules[0].failures, "cpu time"), 1u);
}

TEST(ServerCountersTest, CountsLinesOfTheLogThatAreNotWritten) {
  ServerOptions options = of_workers(1);
  options.log = [](LogLevel, std::string_view, std::string_view) { throw std::runtime_error("the disk is full"); };
  GuestServer server(options, guest_text("unreachable"));
  http2::Client client(server.port());
  EXPECT_EQ(client.call(path, "").status(), 13);
  EXPECT_TRUE(server.server().flush_log(std::chrono::seconds(20)));
  EXPECT_GE(server.counters().log_lines_dropped, 1u);
}

TEST(ServerCountersTest, CountsLinesOfAModuleBeyondItsLimit) {
  const std::string text = R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
    (memory (export "memory") 1) (data (i32.const 0) "/a.B/C")
    (func (export "wasm_grpc_start")
      (call $log (i32.const 2) (i32.const 0) (i32.const 6)) (call $log (i32.const 2) (i32.const 0) (i32.const 6))
      (call $log (i32.const 0) (i32.const 0) (i32.const 6))  ;; below the level of the log: not counted
      (drop (call $method (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param i32 i32) (result i32) i32.const 0)))";
  ServerOptions options = of_workers(1);
  options.log = [](LogLevel, std::string_view, std::string_view) {};
  auto server = std::move(Server::create(options)).value();
  ModuleOptions module;
  module.instances.warm = 0;
  for (const std::uint32_t burst : {0, 1, 2}) {
    module.name = "burst of " + std::to_string(burst);
    module.log = {.burst = burst, .lines_per_second = 1};
    std::string other = text;
    other.replace(other.find("/a.B/C"), 6, "/a.B/" + std::to_string(burst));
    ASSERT_TRUE(server->add_module(std::as_bytes(std::span(other)), module).ok());
  }
  ASSERT_TRUE(server->start().ok());
  const ServerCounters counted = server->counters();
  ASSERT_EQ(counted.modules.size(), 3u);
  EXPECT_EQ(counted.modules[0].log_lines_over_limit, 2u);
  EXPECT_LE(counted.modules[1].log_lines_over_limit, 1u);  // none on a machine where the load takes a second
  EXPECT_EQ(counted.modules[2].log_lines_over_limit, 0u);
  EXPECT_EQ(counted.log_lines_dropped, 0u);
}

TEST(ServerCountersTest, MayBeReadAfterTheStop) {
  GuestServer server(of_workers(1), guest_text("(i32.const 5)"));
  http2::Client client(server.port());
  EXPECT_EQ(client.call(path, "").status(), 5);
  server.stop();
  EXPECT_EQ(server.counters().calls_ended[5], 1u);
}

}  // namespace
}  // namespace wasm_grpc::runtime
