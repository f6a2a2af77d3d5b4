// Event style in a whole server of two workers: which instance a call meets.

#include <set>

#include "http2/client.h"
#include "runtime/guest_server.h"

namespace wasm_grpc::runtime {
namespace {

using Numbers = std::multiset<int>;

/// A guest that answers each message of its one method, of kind bidi, with how many it was told of in its instance, as
/// one byte; and ends a call with its client. `placement` are the operands of its placement.
std::string counting_guest(std::string_view placement) {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "placement" (func $placement (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 64) "x-room")
    (func (export "wasm_grpc_start")
      (drop (call $placement )" +
         std::string(placement) + R"())
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 3) (i32.const 1) (i32.const 0))))
    (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
      (if (i32.eq (local.get $event) (i32.const 1)) (then
        (loop $next
          (if (i32.ge_s (call $recv (local.get $call) (i32.const 1024) (i32.const 100)) (i32.const 0)) (then
            (i32.store8 (i32.const 512) (i32.add (i32.load8_u (i32.const 512)) (i32.const 1)))
            (if (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 116)) (then (unreachable)))  ;; "t"
            (drop (call $send (local.get $call) (i32.const 512) (i32.const 1)))
            (br $next))))))
      (if (i32.eq (local.get $event) (i32.const 2)) (then
        (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0))))))))";
}
constexpr std::string_view of_worker = "(i32.const 0) (i32.const 0) (i32.const 0)";
constexpr std::string_view of_process = "(i32.const 1) (i32.const 0) (i32.const 0)";
constexpr std::string_view of_key = "(i32.const 2) (i32.const 64) (i32.const 6)";

/// Clients on connections of their own, each with one open call.
class Clients {
 public:
  Clients(std::uint16_t port, int count, const std::function<http2::Fields(int)>& extra) {
    for (int i = 0; i < count; ++i) {
      clients_.push_back(std::make_unique<http2::Client>(port));
      ids_.push_back(clients_.back()->open(path, extra(i)));
    }
  }
  /// Sends a message on each call in turn and gives what each was answered.
  std::vector<int> ask_all() {
    std::vector<int> answers;
    for (std::size_t i = 0; i < clients_.size(); ++i) answers.push_back(ask(i));
    return answers;
  }
  int ask(std::size_t i) {
    const std::size_t before = clients_[i]->reply(ids_[i]).messages().size();
    clients_[i]->send(ids_[i], "?");
    EXPECT_TRUE(clients_[i]->run_until([&] { return clients_[i]->reply(ids_[i]).messages().size() > before; }));
    const auto messages = clients_[i]->reply(ids_[i]).messages();
    return messages.size() > before ? messages.back().at(0) : -1;
  }
  void end_all() {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i]->end(ids_[i]);
      EXPECT_TRUE(clients_[i]->run_until_closed(ids_[i]));
      EXPECT_EQ(clients_[i]->reply(ids_[i]).status(), 0);
    }
  }
  int status_after(std::size_t i, std::string_view message) {
    if (!message.empty()) clients_[i]->send(ids_[i], message);
    EXPECT_TRUE(clients_[i]->run_until_closed(ids_[i]));
    return clients_[i]->reply(ids_[i]).status();
  }

 private:
  std::vector<std::unique_ptr<http2::Client>> clients_;
  std::vector<std::int32_t> ids_;
};

http2::Fields nothing_more(int) { return {}; }

TEST(EventServerTest, AllClientsShareTheOneInstanceOfTheProcess) {
  for (const bool share_work : {true, false}) {
    ServerOptions options = of_workers(2);
    options.share_work = share_work;
    GuestServer server(options, counting_guest(of_process));
    Clients clients(server.port(), 12, nothing_more);
    for (int round = 0; round < 3; ++round) {
      const std::vector<int> answers = clients.ask_all();
      for (int i = 0; i < 12; ++i) EXPECT_EQ(answers[i], 12 * round + i + 1);
    }
    clients.end_all();
  }
}

TEST(EventServerTest, MoreModulesWithOneInstanceInTheProcessThanWorkersAreAllServed) {
  ServerOptions options = of_workers(2);
  options.log = [](LogLevel, std::string_view, std::string_view) {};
  const auto server = std::move(Server::create(options)).value();
  constexpr int modules = 5;
  for (int i = 0; i < modules; ++i) {
    std::string text = counting_guest(of_process);
    text.replace(text.find("Method\")"), 6, "Metho" + std::to_string(i));
    ModuleOptions module;
    module.name = std::to_string(i);
    ASSERT_TRUE(server->add_module(std::as_bytes(std::span(text)), module).ok());
  }
  const std::string address = std::move(server->listen("127.0.0.1:0")).value();
  ASSERT_TRUE(server->start().ok());
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  for (int round = 1; round <= 4; ++round) {  // connections on both workers
    http2::Client client(port);
    for (int i = 0; i < modules; ++i) {
      const std::int32_t id = client.open("/test.Service/Metho" + std::to_string(i));
      client.send(id, "?");
      client.end(id);
      ASSERT_TRUE(client.run_until_closed(id));
      EXPECT_EQ(client.reply(id).status(), 0);
      EXPECT_EQ(client.reply(id).messages().at(0).at(0), round) << i;
    }
  }
  server->stop_now();
  server->wait();
}

TEST(EventServerTest, WithoutAPlacementEachWorkerHasAnInstance) {
  GuestServer server(of_workers(1), counting_guest(of_worker));
  Clients clients(server.port(), 5, nothing_more);
  EXPECT_EQ(clients.ask_all(), (std::vector<int>{1, 2, 3, 4, 5}));
  clients.end_all();
}

TEST(EventServerTest, CallsOfOneKeyMeetInOneInstanceAndNoOthersDo) {
  GuestServer server(of_workers(2), counting_guest(of_key));
  const auto room = [](int i) { return http2::Fields{{"x-room", "room " + std::to_string(i % 3)}}; };
  Clients clients(server.port(), 9, room);
  EXPECT_EQ(clients.ask_all(), (std::vector<int>{1, 1, 1, 2, 2, 2, 3, 3, 3}));
  clients.end_all();
  Clients again(server.port(), 3, room);
  EXPECT_EQ(again.ask_all(), (std::vector<int>{4, 4, 4})) << "they are kept for a while";
}

TEST(EventServerTest, AKeyThatNobodyNeedsMakesRoomForAnother) {
  ServerOptions options = of_workers(1);
  options.max_instances = 2;
  GuestServer server(options, counting_guest(of_key));
  for (int i = 0; i < 6; ++i) {
    Clients client(server.port(), 1, [&](int) { return http2::Fields{{"x-room", std::to_string(i)}}; });
    EXPECT_EQ(client.ask(0), 1);
    client.end_all();
  }
}

TEST(EventServerTest, ACallWithoutItsKeyIsRefused) {
  GuestServer server(of_workers(2), counting_guest(of_key));
  http2::Client client(server.port());
  const std::int32_t id = client.open(path);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 3);
  EXPECT_EQ(client.reply(id).message(), "the request has no header \"x-room\", by which its instance is found");
}

TEST(EventServerTest, ATrapEndsTheCallsOfItsInstanceOnEveryWorker) {
  GuestServer server(of_workers(2), counting_guest(of_process));
  Clients clients(server.port(), 6, nothing_more);
  clients.ask_all();
  EXPECT_EQ(clients.status_after(0, "trap"), 14);
  for (std::size_t i = 1; i < 6; ++i) EXPECT_EQ(clients.status_after(i, ""), 14);
  Clients others(server.port(), 4, nothing_more);
  EXPECT_EQ(others.ask_all(), (std::vector<int>{1, 2, 3, 4})) << "a new instance";
  others.end_all();
}

TEST(EventServerTest, StopsWithCallsOpen) {
  for (const std::string_view placement : {of_worker, of_process, of_key}) {
    GuestServer server(of_workers(2), counting_guest(placement));
    const auto room = [](int i) { return http2::Fields{{"x-room", std::to_string(i)}}; };
    Clients clients(server.port(), 6, room);
    clients.ask_all();
    server.destroy();
  }
}

TEST(EventServerTest, AKeyThatWaitsGetsTheInstanceOfOneWhoseCallsHaveEnded) {
  ServerOptions options = of_workers(1);
  options.max_instances = 2;
  GuestServer server(options, counting_guest(of_key));
  http2::Client client(server.port());
  const auto open = [&](const char* room) { return client.open(path, {{"x-room", room}}); };
  const auto answered = [&](std::int32_t id) { return !client.reply(id).messages().empty(); };
  const std::int32_t a = open("a"), b = open("b");
  for (const std::int32_t id : {a, b}) {
    client.send(id, "?");
    ASSERT_TRUE(client.run_until([&] { return answered(id); }));
  }
  const std::int32_t c = open("c");
  client.send(c, "?");
  ASSERT_TRUE(client.run_until([&] { return server.counters().modules[0].calls_waiting == 1; }));
  client.end(a);
  EXPECT_TRUE(client.run_until([&] { return answered(c); }));
}

TEST(EventServerTest, AStopServesWhatTheInstanceOfTheProcessIsAskedOnEveryWorker) {
  GuestServer server(of_workers(2), counting_guest(of_process));
  Clients clients(server.port(), 6, nothing_more);
  clients.ask_all();
  server.server().stop();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(clients.ask(i), static_cast<int>(7 + i)) << "they go on to their end";
  clients.end_all();
  server.server().wait();
}

TEST(EventServerTest, AModuleThatNeedsMoreInstancesThanThereMayBeIsNotServed) {
  ServerOptions options = of_workers(2);
  options.max_instances = 1;
  options.log = [](LogLevel, std::string_view, std::string_view) {};
  const auto add = [&](std::string_view placement) {
    auto server = std::move(Server::create(options)).value();
    const std::string text = counting_guest(placement);
    ModuleOptions module;
    module.name = "guest";
    auto added = server->add_module(std::as_bytes(std::span(text)), module);
    return added.ok() ? std::string("served") : added.error().message;
  };
  EXPECT_EQ(
      add(of_worker),
      "it needs 2 instances for good, with 0 of other modules that is more than the 1 there may be; allow for more "
      "instances, or have fewer workers");
  EXPECT_EQ(add(of_process), "served");
  EXPECT_EQ(add(of_key), "served");
}

}  // namespace
}  // namespace wasm_grpc::runtime
