// What guests get at their limits, in a whole server.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http2/client.h"
#include "runtime/guest_server.h"
#include "wasm_grpc/guest_limits.h"

namespace wasm_grpc::runtime {
namespace {

/// The answer of a server with these limits to one call of this guest.
http2::Reply answer(const GuestLimits& limits, std::string_view guest) {
  ServerOptions options = of_workers(1);
  options.guests = limits;
  const GuestServer server(options, guest);
  http2::Client client(server.port());
  return client.call(path, "");
}

// Guests that answer 5 when their memory or table does not grow by so much, else 6.
constexpr std::string_view grows_memory =
    "(if (result i32) (i32.eq (memory.grow (i32.const 2)) (i32.const -1))"
    "  (then (i32.const 5)) (else (i32.const 6)))";
constexpr std::string_view grows_table =
    "(if (result i32) (i32.eq (table.grow $table (ref.null func) (i32.const 99))"
    "                         (i32.const -1))"
    "  (then (i32.const 5)) (else (i32.const 6)))";
constexpr std::string_view table = "(table $table 1 funcref)";

TEST(GuestLimitsTest, MemoryDoesNotGrowPastItsLimit) {
  EXPECT_EQ(answer({.max_memory_bytes = 3 * 64 * 1024}, guest_text(grows_memory)).status(), 6);
  EXPECT_EQ(answer({.max_memory_bytes = 2 * 64 * 1024}, guest_text(grows_memory)).status(), 5);
}

TEST(GuestLimitsTest, TablesDoNotGrowPastTheirLimit) {
  EXPECT_EQ(answer({.max_table_elements = 100}, guest_text(grows_table, table)).status(), 6);
  EXPECT_EQ(answer({.max_table_elements = 99}, guest_text(grows_table, table)).status(), 5);
}

TEST(GuestLimitsTest, RecursionTrapsAtTheEndOfTheStack) {
  // 4000 frames of some dozens of bytes.
  const std::string guest = guest_text("(i32.add (call $deeper (i32.const 4000)) (i32.const 5))", R"(
    (func $deeper (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.mul (call $deeper (i32.sub (local.get 0) (i32.const 1))) (i32.const 3))))))");
  EXPECT_EQ(answer({.max_stack_bytes = std::size_t{2} << 20}, guest).status(), 5);
  EXPECT_EQ(answer({.max_stack_bytes = std::size_t{32} << 10}, guest).status(), 13);
}

TEST(GuestLimitsTest, ALargerResponseThanMayBeIsResourceExhausted) {
  const std::string guest = guest_text("(call $send (local.get $call) (i32.const 0) (i32.const 1001))");
  EXPECT_EQ(answer({.max_response_size = 1001}, guest).status(), 0);
  const http2::Reply refused = answer({.max_response_size = 1000}, guest);
  EXPECT_EQ(refused.status(), 8);
  EXPECT_EQ(refused.message(), "the response message has 1001 bytes; the server sends at most 1000");
}

TEST(GuestLimitsTest, ALongerTimeSliceIsNoOtherAnswer) {
  const std::string guest = guest_text("(loop $forever (br $forever)) (i32.const 0)");
  const GuestLimits limits{.max_cpu_time = std::chrono::milliseconds(50), .time_slice = std::chrono::milliseconds(20)};
  EXPECT_EQ(answer(limits, guest).status(), 8);
}

TEST(GuestLimitsTest, AServerIsNotMadeWithLimitsThatMakeNoSense) {
  const auto error_of = [](const GuestLimits& limits) {
    ServerOptions options = of_workers(1);
    options.guests = limits;
    auto server = Server::create(options);
    return server.ok() ? std::string("none") : server.error().message;
  };
  EXPECT_EQ(error_of({.max_stack_bytes = 1000}), "the stack of guests is 1000 bytes; expected 16 KiB to 64 MiB");
  EXPECT_EQ(error_of({.time_slice = std::chrono::milliseconds(0)}), "the time slice is 0 ms; expected 1 to 1000");
}

TEST(ServerOptionsTest, AServerIsNotMadeThatWouldDropEverySilentClientAtOnce) {
  ServerOptions options = of_workers(1);
  options.keepalive_timeout = std::chrono::milliseconds(0);
  auto server = Server::create(options);
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().message,
            "the keepalive timeout is 0 ms; expected at least 1, as every silent client would be dropped");
}

/// The answer to one call of a module with limits of its own.
http2::Reply answer_of_module(const ServerOptions& options, const GuestLimits& limits, std::string_view guest) {
  auto server = std::move(Server::create(options)).value();
  HostModule test("test");
  for (const char* name : {"compute", "burn", "note"}) test.function(name, [](std::int32_t) {});
  test.function("tick", [] {}).function("fails", [] { return std::int32_t{0}; });
  EXPECT_TRUE(server->add_host_module(std::move(test)).ok());
  ModuleOptions module;
  module.name = "guest";
  module.guests = limits;
  auto added = server->add_module(std::as_bytes(std::span(guest)), module);
  EXPECT_TRUE(added.ok()) << added.error().message;
  const std::string address = std::move(server->listen("127.0.0.1:0")).value();
  EXPECT_TRUE(server->start().ok());
  http2::Client client(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  return client.call(path, "");
}

TEST(ModuleLimitsTest, AModuleMayHaveLessThanTheServerAllows) {
  ServerOptions options = of_workers(1);
  options.log = [](LogLevel, std::string_view, std::string_view) {};
  const std::string endless = guest_text("(loop $forever (br $forever)) (i32.const 0)");
  EXPECT_EQ(answer_of_module(options, {.max_cpu_time = std::chrono::milliseconds(20)}, endless).status(), 8);
  const std::string large = guest_text("(call $send (local.get $call) (i32.const 0) (i32.const 1001))");
  EXPECT_EQ(answer_of_module(options, {.max_response_size = 1000}, large).status(), 8);
  EXPECT_EQ(answer_of_module(options, {.max_response_size = 1001}, large).status(), 0);
}

TEST(ModuleLimitsTest, AModuleMayNotHaveMoreMemoryTablesOrStackThanTheServerAllows) {
  ServerOptions options = of_workers(1);
  options.log = [](LogLevel, std::string_view, std::string_view) {};
  const auto error_of = [&](const GuestLimits& limits) {
    auto server = std::move(Server::create(options)).value();
    ModuleOptions module;
    module.name = "guest";
    module.guests = limits;
    const std::string text = guest_text("(i32.const 0)");
    auto added = server->add_module(std::as_bytes(std::span(text)), module);
    return added.ok() ? std::string("none") : added.error().message;
  };
  EXPECT_EQ(
      error_of({.max_memory_bytes = std::size_t{1} << 30}),
      "the memory of the module's guests is 1073741824, more than the server's 134217728, which bounds that of all "
      "modules");
  EXPECT_NE(error_of({.max_table_elements = 20'001}).find("the number of table elements"), std::string::npos);
  EXPECT_NE(error_of({.max_stack_bytes = std::size_t{1} << 20}).find("the stack"), std::string::npos);
}

TEST(InstancesTest, FewerInstancesThanWorkersServeAllTheSame) {
  ServerOptions options = of_workers(4);
  options.max_instances = 1;
  const GuestServer server(options, guest_text("(i32.const 6)"));
  std::vector<std::unique_ptr<http2::Client>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<http2::Client>(server.port()));
  for (int round = 0; round < 5; ++round) {
    for (const auto& client : clients) EXPECT_EQ(client->call(path, "").status(), 6);
  }
}

TEST(InstancesTest, OneConnectionMayHaveAllOfThem) {
  ServerOptions options = of_workers(4);
  options.max_instances = 40;
  const GuestServer server(
      options, guest_text("(drop (call $send (local.get $call) (i32.const 0) (i32.const 1)))"
                          "(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 0)"));
  http2::Client client(server.port());
  for (int i = 0; i < 40; ++i) client.send(client.open(path), "", true);
  EXPECT_TRUE(client.run_until([&] {
    const ModuleCounters counters = server.counters().modules[0];
    return counters.instances_alive - counters.instances_idle == 40;
  }));
}

}  // namespace
}  // namespace wasm_grpc::runtime
