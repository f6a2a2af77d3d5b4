// ServerOptions::max_total_memory in a whole server.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

#include "http2/client.h"
#include "runtime/guest_server.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::uint64_t page = 64 * 1024;
constexpr std::uint64_t largest = ~std::uint64_t{0};

/// The error of a server that may have so much, when it is given a guest of one page.
std::string error_with(std::uint64_t bytes, std::string_view more = "") {
  ServerOptions options = of_workers(1);
  options.max_total_memory = bytes;
  options.log = [](LogLevel, std::string_view, std::string_view) {};
  auto server = std::move(Server::create(options)).value();
  ModuleOptions module;
  module.name = "guest";
  const std::string text = R"((module
      (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) )" +
                           std::string(more) + R"( (data (i32.const 0) "/test.Service/Method")
      (func (export "wasm_grpc_start")
        (drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 0))))
      (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))))";
  auto added = server->add_module(std::as_bytes(std::span(text)), module);
  return added.ok() ? "none" : added.error().message;
}

TEST(TotalMemoryTest, AModuleThatNeedsMoreThanThereIsIsNotLoaded) {
  EXPECT_EQ(error_with(page), "none");
  EXPECT_EQ(error_with(largest), "none");
  EXPECT_EQ(error_with(0), "none") << "the default";
  for (const std::uint64_t little : {std::uint64_t{1}, page - 1}) {
    const std::string error = error_with(little);
    EXPECT_NE(error.find("was refused more"), std::string::npos) << error;
    EXPECT_NE(error.find("all guests together"), std::string::npos) << error;
  }
  EXPECT_NE(error_with(page, "(table 1 funcref)").find("was refused more"), std::string::npos) << "tables count";
}

TEST(TotalMemoryTest, TheDefaultIsKnownAndOfTheMachine) {
  const auto server = std::move(Server::create(of_workers(1))).value();
  EXPECT_GT(server->options().max_total_memory, page);
  EXPECT_LT(server->options().max_total_memory, largest);
}

TEST(TotalMemoryTest, EachServerOfAProcessHasItsOwn) {
  ServerOptions options = of_workers(1);
  options.max_total_memory = 2 * page;
  const std::string guest = guest_text("(memory.grow (i32.const 1))");
  for (int i = 0; i < 2; ++i) {
    const GuestServer one(options, guest), two(options, guest);
    http2::Client first(one.port()), second(two.port());
    EXPECT_EQ(first.call(path, "").status(), 1);
    EXPECT_EQ(second.call(path, "").status(), 1);
  }
}

TEST(TotalMemoryTest, GuestsAtTheLimitAreToldSoAndTheLogSaysItOnce) {
  std::atomic<int> said = 0;
  ServerOptions options = of_workers(1);
  options.max_total_memory = 3 * page;
  options.log = [&](LogLevel level, std::string_view source, std::string_view text) {
    if (text.find("want more") == std::string_view::npos) return;
    EXPECT_EQ(level, LogLevel::warn);
    EXPECT_EQ(source, "guest");
    ++said;
  };
  // Grows by a page until it cannot: answers how large it got.
  GuestServer server(options, guest_text(R"(
      (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (memory.size))"));
  http2::Client client(server.port());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.call(path, "").status(), 3);
  EXPECT_EQ(server.counters().modules[0].growths_refused, 5U);
  EXPECT_EQ(server.counters().modules[0].memory_bytes, 3 * page);
  EXPECT_EQ(server.counters().modules[0].failures[2].count, 0U) << "nothing failed";
  EXPECT_TRUE(server.server().flush_log(std::chrono::seconds(20)));
  EXPECT_EQ(said, 1);
}

// Two workers, memory for three instances, and eight calls at a time: those that find no room wait, wherever the idle
// instances are, and all are answered.
TEST(TotalMemoryTest, CallsWaitForMemoryOverAllWorkersAndAllAreServed) {
  for (const InstanceMode mode : {InstanceMode::shared, InstanceMode::fresh}) {
    ServerOptions options = of_workers(2);
    options.max_total_memory = 3 * page;
    ModuleOptions module;
    module.instances.mode = mode;
    // Waits for a millisecond, so that calls are in progress together.
    const GuestServer server(options, guest_text(R"(
        (drop (call $wait (local.get $call) (i32.const 0) (i64.const 1000000))) (i32.const 5))"),
                             HostModule("more"), nullptr, module);
    std::vector<std::future<bool>> clients;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(std::async(std::launch::async, [&] {
        http2::Client client(server.port());
        for (int call = 0; call < 40; ++call) {
          if (client.call(path, "").status() != 5) return false;
        }
        return true;
      }));
    }
    for (auto& client : clients) EXPECT_TRUE(client.get());
    EXPECT_GT(server.counters().modules[0].instances_delayed, 0U);
    EXPECT_LE(server.counters().modules[0].memory_bytes, 3 * page);
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
