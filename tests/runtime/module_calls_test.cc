// Modules of one server that call each other: what their guests, and the clients of these, see of it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http2/client.h"
#include "runtime/calling_guests.h"

namespace wasm_grpc::runtime {
namespace {

using std::chrono::milliseconds;

ServerOptions workers(unsigned count, std::uint32_t instances = 64) {
  ServerOptions options;
  options.workers = count;
  options.max_instances = instances;
  return options;
}

/// Answers with what it has noted, as numbers.
CallingGuest reporter(std::string name, std::string body) {
  CallingGuest guest{.name = std::move(name), .target = "next", .path = "/test.next/Method"};
  guest.body = std::move(body) + " (call $report (local.get $call)) (i32.const 0)";
  return guest;
}

/// Waits as long as it is let.
CallingGuest waiter(std::string name) {
  CallingGuest guest{.name = std::move(name)};
  guest.body = "(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 0)";
  return guest;
}

std::vector<std::int32_t> numbers(const http2::Reply& reply) {
  const auto messages = reply.messages();
  if (messages.empty()) return {};
  std::vector<std::int32_t> out(messages.front().size() / 4);
  std::memcpy(out.data(), messages.front().data(), out.size() * 4);
  return out;
}

/// How many calls of a module's method have ended with that status.
std::uint64_t ended(const CallingServer& server, std::string_view module, rpc::StatusCode status) {
  return server.method(module).ended[static_cast<std::size_t>(status)];
}

TEST(ModuleCalls, PassMessagesThroughAChain) {
  CallingServer server(workers(1), {{gateway("a", "b")}, {gateway("b", "c")}, {echo("c")}});
  http2::Client client(server.port());
  for (int i = 0; i < 100; ++i) {
    const http2::Reply& reply = client.call("/test.a/Method", "message " + std::to_string(i));
    ASSERT_EQ(reply.status(), 0) << reply.message();
    ASSERT_EQ(reply.messages(), std::vector{"message " + std::to_string(i)});
  }
  // Each was served by an instance that was there before.
  EXPECT_LE(server.module("b").instances_made, 2U);
}

TEST(ModuleCalls, TakeMessagesOfSomeSize) {
  CallingGuest large{.name = "a", .target = "b", .path = "/test.b/Method"};
  // Sends 300 KiB, and says how long the answer is.
  large.body = R"((drop (memory.grow (i32.const 8)))
    (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (call $note (call $client_send (local.get $made) (i32.const 65536) (i32.const 307200) (i32.const 1)))
    (drop (call $await (local.get $made) (i32.const 1)))
    (call $note (call $client_recv (local.get $made) (i32.const 0) (i32.const 0)))
    (call $note (call $client_recv (local.get $made) (i32.const 65536) (i32.const 307200)))
    (call $note (call $client_recv (local.get $made) (i32.const 65536) (i32.const 307200)))
    (call $note (call $status (local.get $made)))
    (call $report (local.get $call)) (i32.const 0))";
  CallingGuest answers = echo("b");
  answers.body = R"((drop (memory.grow (i32.const 8)))
    (local.set $n (call $recv (local.get $call) (i32.const 65536) (i32.const 400000)))
    (drop (call $send (local.get $call) (i32.const 65536) (local.get $n))) (i32.const 0))";
  CallingServer server(workers(1), {{large}, {answers}});
  http2::Client client(server.port());
  EXPECT_EQ(numbers(client.call("/test.a/Method", "")), (std::vector<std::int32_t>{0, 307200, 307200, -1, 0}));
}

TEST(ModuleCalls, EndAsTheOtherModuleSays) {
  CallingGuest refuses{.name = "b"};
  refuses.body = "(drop (call $finish (local.get $call) (i32.const 9) (i32.const 16) (i32.const 7))) (i32.const 0)";
  CallingGuest asks = reporter("a", R"(
    (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (call $note (call $status (local.get $made)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (drop (call $await (local.get $made) (i32.const 8)))
    (call $note (call $status (local.get $made)))
    (call $note (call $info (local.get $made) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $info (local.get $made) (i32.const 1) (i32.const 0) (i32.const 0))) ;; no details
    (call $note (call $client_recv (local.get $made) (i32.const 0) (i32.const 0)))
    (call $note (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (call $close (local.get $made)))
    (call $note (call $close (local.get $made)))
    (call $note (call $status (local.get $made))))");
  asks.target = "b";
  asks.path = "/test.b/Method";
  CallingServer server(workers(1), {{asks}, {refuses}});
  http2::Client client(server.port());
  EXPECT_EQ(numbers(client.call("/test.a/Method", "")), (std::vector<std::int32_t>{-2, 9, 7, -4, -1, -3, 0, -5, -5}));
}

TEST(ModuleCalls, FailWhereTheOtherTraps) {
  CallingGuest traps{.name = "b"};
  traps.body = "(unreachable)";
  CallingServer server(workers(1), {{gateway("a", "b")}, {traps}});
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", "").status(), 13);
  EXPECT_EQ(ended(server, "b", rpc::StatusCode::internal), 1U);
  EXPECT_EQ(client.call("/test.a/Method", "").status(), 13) << "its caller goes on";
}

TEST(ModuleCalls, HaveMetadataBothWays) {
  CallingGuest serves{.name = "b"};
  serves.more =
      R"((data (i32.const 2048) "x-key") (data (i32.const 2064) "raw-bin") (data (i32.const 2080) "\00\ff,"))";
  // What came as raw-bin leaves as a header, and x-key as a trailer.
  serves.body = R"(
    (local.set $n (call $served_metadata (local.get $call) (i32.const 2064) (i32.const 7) (i32.const 0)
                                         (i32.const 3000) (i32.const 100)))
    (drop (call $metadata_add (local.get $call) (i32.const 0) (i32.const 2064) (i32.const 7) (i32.const 3000)
                              (local.get $n)))
    (local.set $n (call $served_metadata (local.get $call) (i32.const 2048) (i32.const 5) (i32.const 0)
                                         (i32.const 3000) (i32.const 100)))
    (drop (call $metadata_add (local.get $call) (i32.const 1) (i32.const 2048) (i32.const 5) (i32.const 3000)
                              (local.get $n)))
    (drop (call $send (local.get $call) (i32.const 0) (i32.const 0))) (i32.const 0))";
  CallingGuest asks = reporter("a", R"(
    (local.set $made (call $open (i32.const 256) (i32.const 1) (i32.const 512) (i32.const 14) (i32.const 0)
                                 (i64.const -1) (local.get $call) (i32.const 2048) (i32.const 31)))
    (call $note (call $metadata_get (local.get $made) (i32.const 0) (i32.const 2100) (i32.const 5) (i32.const 0)
                                    (i32.const 0) (i32.const 0)))  ;; there are no headers yet
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (drop (call $await (local.get $made) (i32.const 8)))
    (call $note (call $metadata_get (local.get $made) (i32.const 0) (i32.const 2070) (i32.const 7) (i32.const 0)
                                    (i32.const 3000) (i32.const 100)))
    (call $note (i32.load16_u (i32.const 3000)))
    (call $note (call $metadata_get (local.get $made) (i32.const 1) (i32.const 2056) (i32.const 5) (i32.const 0)
                                    (i32.const 3000) (i32.const 100)))
    (call $note (i32.load8_u (i32.const 3000)))
    (call $note (call $metadata_get (local.get $made) (i32.const 1) (i32.const 2070) (i32.const 7) (i32.const 0)
                                    (i32.const 3000) (i32.const 100)))
    (call $note (call $metadata_list (local.get $made) (i32.const 1) (i32.const 0) (i32.const 0)))
    (call $note (call $metadata_get (local.get $made) (i32.const 2) (i32.const 2056) (i32.const 5) (i32.const 0)
                                    (i32.const 3000) (i32.const 100))))");
  asks.target = "b";
  asks.path = "/test.b/Method";
  // x-key: 5 and its value 1; raw-bin: 7 and 2.
  asks.more = R"((data (i32.const 2048) "\05\00\00\00\01\00\00\00x-keyV"
                                      "\07\00\00\00\02\00\00\00raw-bin\00\ff"))";
  CallingServer server(workers(1), {{asks}, {serves}});
  http2::Client client(server.port());
  EXPECT_EQ(numbers(client.call("/test.a/Method", "")),
            (std::vector<std::int32_t>{-2, 2, 0xff00, 1, 'V', -4, 8 + 5 + 1, -6}));
}

TEST(ModuleCalls, AreCountedByTargetAndMethod) {
  CallingServer server(workers(2), {{gateway("a", "b")}, {echo("b")}});
  http2::Client client(server.port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.call("/test.a/Method", "x").status(), 0);
  const auto outgoing = server.server().counters().outgoing;
  ASSERT_EQ(outgoing.size(), 1U);
  EXPECT_EQ(outgoing[0].target, "b");
  EXPECT_EQ(outgoing[0].calls.module, "a");
  EXPECT_EQ(outgoing[0].calls.path, "/test.b/Method");
  EXPECT_EQ(outgoing[0].calls.started, 3U);
  EXPECT_EQ(outgoing[0].calls.ended[0], 3U);
  EXPECT_EQ(outgoing[0].calls.messages_sent, 3U);
  EXPECT_EQ(outgoing[0].calls.messages_received, 3U);
}

// ---- Who may call what ----

TEST(ModuleCalls, AreDeniedWhereTheyAreNotGranted) {
  ModuleOptions nothing;
  nothing.targets = {{.target = "other"}};
  ModuleOptions of_another_service;
  of_another_service.targets = {{.target = "b", .methods = {"/test.other/"}}};
  CallingServer server(
      workers(1),
      {{gateway("a", "b"), nothing}, {gateway("c", "b"), of_another_service}, {echo("b")}, {echo("other")}});
  http2::Client client(server.port());
  const http2::Reply none = client.call("/test.a/Method", "");
  EXPECT_EQ(none.status(), 7);
  EXPECT_EQ(client.call("/test.c/Method", "").status(), 7);
  EXPECT_EQ(client.call("/test.b/Method", "").status(), 0) << "who calls from outside needs no grant";
}

TEST(ModuleCalls, EndWithUnimplementedWhereThereIsNoSuchMethod) {
  CallingGuest wrong = gateway("a", "b");
  wrong.path = "/test.b/Nothing";
  CallingServer server(workers(1), {{wrong}, {echo("b")}});
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", "").status(), 12);
}

TEST(ModuleCalls, AreNoMoreAtOnceThanIsGranted) {
  ModuleOptions two;
  two.targets = {{.target = "b", .max_concurrent = 2}};
  CallingGuest asks = reporter("a", R"(
    (drop (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (call $note (call $status (local.get $made)))
    (call $note (call $status (call $open_next (i32.const 0) (i64.const -1) (local.get $call))))
    (drop (call $close (local.get $made)))
    (call $note (call $status (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))))");
  asks.target = "b";
  asks.path = "/test.b/Method";
  CallingServer server(workers(1), {{asks, two}, {waiter("b")}});
  http2::Client client(server.port());
  for (int i = 0; i < 3; ++i) {  // what a call leaves open is closed at its end
    EXPECT_EQ(numbers(client.call("/test.a/Method", "")), (std::vector<std::int32_t>{-2, 8, -2}));
  }
}

TEST(ModuleCalls, TakeNoLongerThanIsGranted) {
  ModuleOptions short_time;
  short_time.targets = {{.target = "b", .max_time = milliseconds(30)}};
  CallingServer server(workers(1), {{gateway("a", "b"), short_time}, {waiter("b")}});
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", "").status(), 4);
  EXPECT_TRUE(server.eventually([&] { return ended(server, "b", rpc::StatusCode::deadline_exceeded) == 1; }));
}

TEST(Targets, ThatAModuleRequiresAndWasNotGrantedFailItsLoad) {
  ServerOptions options = workers(1);
  options.targets = {{.name = "b", .address = "module:b"}};
  options.log = [](LogLevel, std::string_view, std::string_view) {};
  auto server = std::move(Server::create(options)).value();
  CallingGuest needs = echo("a");
  needs.start = "(drop (call $require " + at(256, "next") + "))";
  const std::string text = needs.text();
  ModuleOptions module;
  module.name = "a";
  auto refused = server->add_module(std::as_bytes(std::span(text)), module);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("needs the target \"next\""), std::string::npos) << refused.error().message;

  module.targets = {{.target = "next"}};
  refused = server->add_module(std::as_bytes(std::span(text)), module);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("which the server does not have; it has b"), std::string::npos)
      << refused.error().message;

  needs.target = "b";
  needs.start = "(drop (call $require " + at(256, "b") + "))";
  const std::string other = needs.text();
  module.targets = {{.target = "b"}};
  const auto added = server->add_module(std::as_bytes(std::span(other)), module);
  EXPECT_TRUE(added.ok()) << added.error().message;
}

TEST(Targets, ThatMakeNoSenseFailTheServer) {
  const auto refusal = [](std::vector<TargetOptions> targets) {
    ServerOptions options = workers(1);
    options.targets = std::move(targets);
    const auto server = Server::create(options);
    return server.ok() ? std::string() : server.error().message;
  };
  EXPECT_NE(refusal({{.name = "a", .address = "module:"}}).find("names no module"), std::string::npos);
  EXPECT_NE(refusal({{.name = "", .address = "module:a"}}).find("0 bytes"), std::string::npos);
  EXPECT_NE(refusal({{.name = "a", .address = "ipv4:nowhere"}}).find("ipv4:nowhere"), std::string::npos);
  EXPECT_NE(refusal({{.name = "a", .address = "module:a"}, {.name = "a", .address = "module:b"}}).find("two targets"),
            std::string::npos);
  EXPECT_NE(refusal({{.name = "a", .address = "module:a", .tls = {.enabled = true}}}).find("neither TLS"),
            std::string::npos);
  EXPECT_NE(refusal({{.name = "a", .address = "localhost:1", .tls = {.ca_file = "/nowhere.pem"}}}).find("/nowhere.pem"),
            std::string::npos);
}

// ---- Deadlines and ends ----

TEST(ModuleCalls, InheritTheDeadlineAndNeverLengthenIt) {
  CallingGuest tells{.name = "b"};
  tells.body = R"((i64.store (i32.const 8192) (call $deadline (local.get $call)))
    (drop (call $send (local.get $call) (i32.const 8192) (i32.const 8))) (i32.const 0))";
  const auto left = [](const http2::Reply& reply) {
    std::int64_t nanoseconds = 0;
    const auto messages = reply.messages();
    if (!messages.empty()) std::memcpy(&nanoseconds, messages.front().data(), sizeof(nanoseconds));
    return nanoseconds;
  };
  CallingGuest asks_for_long = gateway("a", "b");
  asks_for_long.body = R"((local.set $made (call $open_next (i32.const 0) (i64.const 3600000000000) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (call $pass_on (local.get $made) (local.get $call)))";
  CallingServer server(workers(1), {{asks_for_long}, {gateway("c", "b")}, {tells}});
  http2::Client client(server.port());
  constexpr std::int64_t second = 1'000'000'000;
  EXPECT_LE(left(client.call("/test.a/Method", "", {{"grpc-timeout", "20S"}})), 20 * second);
  EXPECT_GT(left(client.call("/test.a/Method", "", {{"grpc-timeout", "20S"}})), 0);
  EXPECT_LE(left(client.call("/test.a/Method", "")), 3600 * second);
  EXPECT_EQ(left(client.call("/test.c/Method", "")), INT64_MAX);
}

TEST(ModuleCalls, EndAtTheDeadlineOnAllSides) {
  CallingServer server(workers(1), {{gateway("a", "b")}, {gateway("b", "c")}, {waiter("c")}});
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", "", {{"grpc-timeout", "50m"}}).status(), 4);
  EXPECT_TRUE(server.eventually([&] { return ended(server, "c", rpc::StatusCode::deadline_exceeded) == 1; }));
}

TEST(ModuleCalls, AreCancelledWithTheClient) {
  CallingServer server(workers(1), {{gateway("a", "b")}, {gateway("b", "c")}, {waiter("c")}});
  http2::Client client(server.port());
  const std::int32_t id = client.open("/test.a/Method");
  client.send(id, "", true);
  client.run_for(milliseconds(50));
  client.reset(id);
  client.run_for(milliseconds(10));
  EXPECT_TRUE(server.eventually([&] { return ended(server, "c", rpc::StatusCode::cancelled) == 1; }));
  EXPECT_EQ(client.call("/test.a/Method", "", {{"grpc-timeout", "20m"}}).status(), 4) << "and all goes on";
}

TEST(ModuleCalls, AreCancelledWhenTheirCallerTrapsOrIsKilled) {
  CallingGuest traps = gateway("a", "c");
  traps.body = R"((local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const 20000000))) (unreachable))";
  CallingGuest spins = gateway("b", "c");
  spins.body = R"((local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (loop $again (br $again)) (i32.const 0))";
  ModuleOptions bounded;
  bounded.guests.emplace();
  bounded.guests->max_cpu_time = milliseconds(30);
  CallingServer server(workers(1), {{traps}, {spins, bounded}, {waiter("c")}});
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", "").status(), 13);
  EXPECT_TRUE(server.eventually([&] { return ended(server, "c", rpc::StatusCode::cancelled) == 1; }));
  EXPECT_EQ(client.call("/test.b/Method", "").status(), 8);
  EXPECT_TRUE(server.eventually([&] { return ended(server, "c", rpc::StatusCode::cancelled) == 2; }));
}

TEST(ModuleCalls, ThatTheCallerCancelsOrClosesEndTheOther) {
  CallingGuest cancels = reporter("a", R"(
    (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const 20000000)))
    (call $note (call $cancel (local.get $made)))
    (call $note (call $await (local.get $made) (i32.const 8)))
    (call $note (call $status (local.get $made)))
    (call $note (call $cancel (local.get $made)))
    (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const 20000000)))
    (call $note (call $close (local.get $made))))");
  cancels.target = "c";
  cancels.path = "/test.c/Method";
  CallingServer server(workers(1), {{cancels}, {waiter("c")}});
  http2::Client client(server.port());
  EXPECT_EQ(numbers(client.call("/test.a/Method", "")), (std::vector<std::int32_t>{0, 1, 1, 0, 0}));
  EXPECT_TRUE(server.eventually([&] { return ended(server, "c", rpc::StatusCode::cancelled) == 2; }));
}

// ---- Streams ----

TEST(ModuleCalls, HoldBackASenderWhoseMessagesAreNotTaken) {
  CallingGuest reads{.name = "b", .kind = 1};
  // Takes nothing before it has waited, and then all: how many there were.
  reads.body = R"((drop (call $wait (local.get $call) (i32.const 0) (i64.const 30000000)))
    (loop $again
      (local.set $made (call $recv (local.get $call) (i32.const 8192) (i32.const 8192)))
      (if (i32.eq (local.get $made) (i32.const -2)) (then
        (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1))) (br $again)))
      (if (i32.ge_s (local.get $made) (i32.const 0)) (then
        (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $again))))
    (i32.store (i32.const 8192) (local.get $n))
    (drop (call $send (local.get $call) (i32.const 8192) (i32.const 4))) (i32.const 0))";
  CallingGuest writes = reporter("a", R"(
    (local.set $made (call $open_next (i32.const 1) (i64.const -1) (local.get $call)))
    (loop $again  ;; 200 messages of 8,000 bytes
      (if (i32.eq (call $client_send (local.get $made) (i32.const 8192) (i32.const 8000) (i32.const 0)) (i32.const -2))
        (then
          (global.set $held (i32.add (global.get $held) (i32.const 1)))
          (drop (call $await (local.get $made) (i32.const 2))) (br $again)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_s (local.get $n) (i32.const 200))))
    (call $note (call $half_close (local.get $made)))
    (call $note (call $half_close (local.get $made)))
    (call $note (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $await (local.get $made) (i32.const 8)))
    (drop (call $client_recv (local.get $made) (i32.const 1024) (i32.const 4)))
    (call $note (i32.load (i32.const 1024)))
    (call $note (call $status (local.get $made)))
    (call $note (i32.gt_s (global.get $held) (i32.const 0))))");
  writes.target = "b";
  writes.path = "/test.b/Method";
  writes.more = "(global $held (mut i32) (i32.const 0))";
  CallingServer server(workers(1), {{writes}, {reads}});
  http2::Client client(server.port());
  EXPECT_EQ(numbers(client.call("/test.a/Method", "")), (std::vector<std::int32_t>{0, 0, -5, 200, 0, 1}));
}

TEST(ModuleCalls, HoldBackAnAnswerThatIsNotTaken) {
  CallingGuest writes{.name = "b", .kind = 2};
  writes.body = R"((loop $again
      (if (i32.eq (call $send (local.get $call) (i32.const 8192) (i32.const 8000)) (i32.const -2)) (then
        (drop (call $wait (local.get $call) (i32.const 2) (i64.const -1))) (br $again)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_s (local.get $n) (i32.const 200))))
    (i32.const 0))";
  CallingGuest reads = reporter("a", R"(
    (local.set $made (call $open_next (i32.const 2) (i64.const -1) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const 20000000)))
    (call $note (call $status (local.get $made)))  ;; it is not done
    (loop $again
      (if (i32.ge_s (call $client_recv (local.get $made) (i32.const 8192) (i32.const 8192)) (i32.const 0)) (then
        (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $again)))
      (if (i32.eq (call $status (local.get $made)) (i32.const -2)) (then
        (drop (call $await (local.get $made) (i32.const 1))) (br $again)))
      (br_if $again (i32.ne (call $client_recv (local.get $made) (i32.const 8192) (i32.const 0)) (i32.const -1))))
    (call $note (local.get $n)))");
  reads.target = "b";
  reads.path = "/test.b/Method";
  CallingServer server(workers(1), {{reads}, {writes}});
  http2::Client client(server.port());
  EXPECT_EQ(numbers(client.call("/test.a/Method", "")), (std::vector<std::int32_t>{-2, 200}));
}

// ---- Chains ----

TEST(ModuleCalls, OfEachOtherEndAtADepthOfEight) {
  CallingServer server(workers(1), {{gateway("a", "a")}});
  http2::Client client(server.port());
  const http2::Reply reply = client.call("/test.a/Method", "");
  EXPECT_EQ(reply.status(), 8);
  EXPECT_EQ(server.method("a").started, 9U) << "the client's call, and eight of it";
}

TEST(ModuleCalls, NeverWaitForAnInstanceThatTheirOwnChainHolds) {
  CallingServer server(workers(1, 2), {{gateway("a", "b")}, {gateway("b", "c")}, {echo("c")}});
  http2::Client client(server.port());
  const auto began = std::chrono::steady_clock::now();
  const http2::Reply reply = client.call("/test.a/Method", "");
  EXPECT_EQ(reply.status(), 8);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(15));
  EXPECT_EQ(client.call("/test.b/Method", "x").messages(), std::vector<std::string>{"x"}) << "two are enough for this";
}

TEST(ModuleCalls, NeverWaitForTheOneInstanceOfAModuleThatTheirOwnChainHolds) {
  ModuleOptions one;
  one.guests.emplace();
  one.guests->max_instances = 1;
  CallingServer server(workers(1), {{gateway("a", "b"), one}, {gateway("b", "a")}});
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", "").status(), 8);
}

TEST(ModuleCalls, OfARingUnderLoadWithFewInstancesAllEnd) {
  // Each passes its request on to the next in the ring, while its first byte is not 0, and one less.
  const auto ring = [](std::string name, std::string next) {
    CallingGuest guest{.name = std::move(name), .target = next, .path = "/test." + next + "/Method"};
    guest.body = R"((local.set $n (call $recv (local.get $call) (i32.const 8192) (i32.const 8192)))
      (if (i32.eqz (i32.load8_u (i32.const 8192))) (then
        (drop (call $send (local.get $call) (i32.const 8192) (local.get $n))) (return (i32.const 0))))
      (i32.store8 (i32.const 8192) (i32.sub (i32.load8_u (i32.const 8192)) (i32.const 1)))
      (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
      (drop (call $client_send (local.get $made) (i32.const 8192) (local.get $n) (i32.const 1)))
      (call $pass_on (local.get $made) (local.get $call)))";
    return guest;
  };
  CallingServer server(workers(2, 4), {{ring("a", "b")}, {ring("b", "c")}, {ring("c", "a")}});
  std::atomic<int> answered = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 6; ++i) {
      clients.emplace_back([&, i] {
        http2::Client client(server.port());
        const std::string paths[] = {"/test.a/Method", "/test.b/Method", "/test.c/Method"};
        for (int call = 0; call < 30; ++call) {
          const int status = client.call(paths[i % 3], std::string(1, static_cast<char>(call % 4))).status();
          ++(status == 0 ? answered : refused);
          EXPECT_TRUE(status == 0 || status == 8) << status;
        }
      });
    }
  }
  EXPECT_EQ(answered + refused, 180);
  EXPECT_GT(answered, 0);
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", std::string(1, '\2')).status(), 0) << "nothing is held by anyone any more";
}

// ---- Event style ----

TEST(ModuleCalls, TellEventsOfThemselvesInEventStyle) {
  CallingGuest events{.name = "a", .target = "b", .path = "/test.b/Method", .style = 1};
  // Answers a call when the one that it made for it has ended.
  events.more = R"((global $served (mut i32) (i32.const 0))
    (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
      (local $made i32) (local $n i32)
      (if (i32.eqz (local.get $event)) (then
        (global.set $served (local.get $call))
        (local.set $n (call $recv (local.get $call) (i32.const 8192) (i32.const 8192)))
        (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
        (drop (call $client_send (local.get $made) (i32.const 8192) (local.get $n) (i32.const 1)))))
      (if (i32.eq (local.get $event) (i32.const 8)) (then
        (if (i32.and (local.get $value) (i32.const 8)) (then
          (local.set $n (call $client_recv (local.get $call) (i32.const 8192) (i32.const 8192)))
          (drop (call $send (global.get $served) (i32.const 8192) (local.get $n)))
          (drop (call $finish (global.get $served) (call $status (local.get $call)) (i32.const 0) (i32.const 0)))
          (drop (call $close (local.get $call)))))))))";
  CallingServer server(workers(1), {{events}, {gateway("b", "c")}, {echo("c")}});
  http2::Client client(server.port());
  for (int i = 0; i < 50; ++i) {
    const http2::Reply& reply = client.call("/test.a/Method", "message " + std::to_string(i));
    ASSERT_EQ(reply.status(), 0) << reply.message();
    ASSERT_EQ(reply.messages(), std::vector{"message " + std::to_string(i)});
  }
}

TEST(ModuleCalls, MadeForACallInEventStyleEndWithIt) {
  CallingGuest events{.name = "a", .target = "c", .path = "/test.c/Method", .style = 1};
  events.more = R"((func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
      (local $made i32)
      (if (i32.eqz (local.get $event)) (then
        (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
        (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))))))";
  CallingServer server(workers(1), {{events}, {waiter("c")}});
  http2::Client client(server.port());
  EXPECT_EQ(client.call("/test.a/Method", "", {{"grpc-timeout", "50m"}}).status(), 4);
  EXPECT_TRUE(server.eventually([&] {
    return ended(server, "c", rpc::StatusCode::cancelled) + ended(server, "c", rpc::StatusCode::deadline_exceeded) == 1;
  }));
}

TEST(ModuleCalls, ReachModulesInEventStyle) {
  CallingGuest events{.name = "b", .style = 1};
  events.more = R"((func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
      (local $n i32)
      (if (i32.eqz (local.get $event)) (then
        (local.set $n (call $recv (local.get $call) (i32.const 8192) (i32.const 8192)))
        (drop (call $send (local.get $call) (i32.const 8192) (local.get $n)))
        (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))))";
  CallingServer server(workers(2), {{gateway("a", "b")}, {events}});
  http2::Client client(server.port());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.call("/test.a/Method", "x").messages(), std::vector<std::string>{"x"});
  }
}

// ---- Reloads ----

TEST(ModuleCalls, ThatAreInProgressStayWithTheModuleTheyBeganWith) {
  CallingGuest slow = echo("b");
  slow.body = "(drop (call $wait (local.get $call) (i32.const 0) (i64.const 100000000)))" + slow.body;
  CallingGuest next{.name = "b"};
  next.body = "(i32.const 5)";
  CallingServer server(workers(1), {{gateway("a", "b")}, {slow}});
  http2::Client client(server.port());
  const std::int32_t id = client.open("/test.a/Method");
  client.send(id, "old", true);
  client.run_for(milliseconds(30));
  ModuleSource source;
  const std::string text = next.text();
  const auto bytes = std::as_bytes(std::span(text));
  source.bytes.emplace(bytes.begin(), bytes.end());
  source.options.name = "b";
  const auto reloaded = server.server().replace_module(source);
  ASSERT_TRUE(reloaded.ok()) << reloaded.error().message;
  EXPECT_EQ(client.call("/test.a/Method", "new").status(), 5);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).messages(), std::vector<std::string>{"old"});
}

}  // namespace
}  // namespace wasm_grpc::runtime
