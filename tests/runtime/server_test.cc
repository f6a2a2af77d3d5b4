// A whole server and its threads: started, called from many sides, stopped in the middle of it.
#include "wasm_grpc/server.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http2/client.h"
#include "runtime/guest_fixture.h"
#include "runtime/guest_server.h"

namespace wasm_grpc::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Bodies of guests. Status 5 is theirs; no other part gives it.
constexpr std::string_view answers = "(i32.const 5)";
constexpr std::string_view naps =
    "(drop (call $wait (local.get $call) (i32.const 0) (i64.const 30000000))) (i32.const 5)";
constexpr std::string_view waits = "(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)";
constexpr std::string_view spins = "(loop $again (br $again)) (i32.const 5)";

ServerOptions options_for(unsigned workers, milliseconds drain_timeout = milliseconds(20'000)) {
  ServerOptions options;
  options.workers = workers;
  options.max_instances = 16;
  options.drain_timeout = drain_timeout;
  return options;
}

/// Clients, each with a connection and a thread of its own, which runs `work` with it. Joined at the end.
class Clients {
 public:
  Clients(std::uint16_t port, int count, const std::function<void(http2::Client&)>& work) {
    for (int i = 0; i < count; ++i) {
      clients_.push_back(std::make_unique<http2::Client>(port));
      threads_.emplace_back([&client = *clients_.back(), work] { work(client); });
    }
  }

 private:
  std::vector<std::unique_ptr<http2::Client>> clients_;
  std::vector<std::jthread> threads_;
};

TEST(ServerTest, AnswersManyClientsAtOnce) {
  GuestServer server(options_for(2), guest_text(answers));
  std::atomic<int> answered = 0;
  {
    Clients clients(server.port(), 6, [&](http2::Client& client) {
      for (int i = 0; i < 50; ++i) answered += client.call(path, "").status() == 5 ? 1 : 0;
    });
    while (answered < 300 && !testing::Test::HasFailure()) {
      EXPECT_LE(server.counters().calls_started, 300u);  // may be asked for from any thread
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(answered, 300);
}

TEST(ServerTest, GivesItsLogLinesOfAllWorkersToTheFunctionOnOneThread) {
  std::set<std::thread::id> threads;
  std::set<std::string> names;
  int lines = 0;
  {
    ServerOptions options = options_for(2);
    options.log = [&](LogLevel, std::string_view source, std::string_view) {
      std::array<char, 16> name{};
      pthread_getname_np(pthread_self(), name.data(), name.size());
      names.emplace(name.data());
      threads.insert(std::this_thread::get_id());
      if (source == "guest") ++lines;
    };
    GuestServer server(options, guest_text("(unreachable)"));
    for (int i = 0; i < 10; ++i) {
      Clients clients(server.port(), 4, [](http2::Client& client) { EXPECT_EQ(client.call(path, "").status(), 13); });
    }
    EXPECT_TRUE(server.server().flush_log(seconds(20)));
    EXPECT_GE(lines, 4);
    server.server().log(LogLevel::info, "the last one");
  }
  EXPECT_EQ(threads.size(), 1u);
  EXPECT_EQ(names, std::set<std::string>{"log"});
}

TEST(ServerTest, ServesAndStopsWhileItsLogFunctionDoesNotReturn) {
  std::promise<void> go_on;
  std::atomic<int> lines = 0;
  {
    ServerOptions options = options_for(2, milliseconds(100));
    options.log = [&, held = go_on.get_future().share()](LogLevel, std::string_view, std::string_view) {
      ++lines;
      held.wait();
    };
    GuestServer server(options, guest_text("(unreachable)"));
    for (int i = 0; i < 10; ++i) {
      Clients clients(server.port(), 4, [](http2::Client& client) { EXPECT_EQ(client.call(path, "").status(), 13); });
    }
    EXPECT_FALSE(server.server().flush_log(milliseconds(0)));
    server.server().stop();
    server.server().wait();
    EXPECT_EQ(lines, 1);
    go_on.set_value();  // only its end waits for the function
  }
  EXPECT_GE(lines, 4);
}

TEST(ServerTest, FinishesTheCallsInProgressWhenItStops) {
  for (int round = 0; round < 5; ++round) {
    GuestServer server(options_for(2), guest_text(naps));
    Clients clients(server.port(), 6, [&](http2::Client& client) {
      while (!client.connection_ended() && client.goaways().empty()) {
        const auto id = client.open(path);
        client.send(id, "", true);
        if (!client.run_until_closed(id)) break;
        // Those that were on their way when it stopped were served, or not begun (REFUSED_STREAM).
        EXPECT_TRUE(client.reply(id).status() == 5 || client.reply(id).reset_code == std::uint32_t{7});
      }
      client.drop();
    });
    EXPECT_TRUE(server.eventually([](const ServerCounters& now) { return now.calls_started > 12; }));
    server.server().stop();
    server.server().wait();
    EXPECT_EQ(server.counters().calls_started, server.counters().calls_ended[5]);
  }
}

TEST(ServerTest, CutsOffWhatOutlastsTheDrainTimeout) {
  for (const std::string_view body : {waits, spins}) {
    GuestServer server(options_for(2, milliseconds(50)), guest_text(body));
    Clients clients(server.port(), 4, [](http2::Client& client) {
      client.send(client.open(path), "", true);
      (void)client.run_until([&] { return client.connection_ended(); });
      EXPECT_TRUE(client.connection_ended());
    });
    EXPECT_TRUE(server.eventually([](const ServerCounters& now) { return now.calls_started == 4; }));
    server.server().stop();
    server.server().wait();
  }
}

TEST(ServerTest, TellsGuestsThatItCutsThemOff) {
  constexpr std::string_view guest = R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
    (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (func (export "wasm_grpc_start")
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 3) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
      (drop (call $headers_send (local.get $call)))
      (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
      (call $log (i32.const 2) (i32.const 64)
                 (call $info (local.get $call) (i32.const 6) (i32.const 64) (i32.const 100)))
      (i32.const 0))))";
  std::vector<std::string> lines;  // read when the server is gone
  ServerOptions options = options_for(2, milliseconds(50));
  options.log = [&](LogLevel, std::string_view source, std::string_view text) {
    if (source == "guest") lines.emplace_back(text);
  };
  {
    GuestServer server(options, guest);
    http2::Client client(server.port());
    const std::int32_t id = client.open(path);
    ASSERT_TRUE(client.run_until([&] { return client.reply(id).header_blocks > 0; }));
    server.server().stop();
    server.server().wait();
  }
  EXPECT_EQ(lines, std::vector<std::string>{"stopping"});
}

TEST(ServerTest, MayBeStoppedByManyThreadsAtOnce) {
  GuestServer server(options_for(2, milliseconds(20)), guest_text(waits));
  Clients clients(server.port(), 4, [](http2::Client& client) {
    client.send(client.open(path), "", true);
    (void)client.run_until([&] { return client.connection_ended(); });
  });
  EXPECT_TRUE(server.eventually([](const ServerCounters& now) { return now.calls_started == 4; }));
  std::vector<std::jthread> stoppers;
  for (int i = 0; i < 4; ++i) {
    stoppers.emplace_back([&, i] {
      if (i == 3) {
        server.server().stop_now();
      } else {
        server.server().stop();
      }
      server.server().wait();
    });
  }
}

TEST(ServerTest, MayBeDestroyedWithCallsInProgress) {
  for (const std::string_view body : {naps, waits, spins}) {
    for (int round = 0; round < 3; ++round) {
      GuestServer server(options_for(2), guest_text(body));
      Clients clients(server.port(), 4, [](http2::Client& client) {
        client.send(client.open(path), "", true);
        (void)client.run_until([&] { return client.connection_ended(); });
      });
      EXPECT_TRUE(server.eventually([](const ServerCounters& now) { return now.calls_started >= 4; }));
      server.destroy();
    }
  }
}

/// The set of a file with one service, native.Service, of one unary method, Get, and with a message native.Message.
std::string native_descriptors(std::string_view service = "native.Service") {
  google::protobuf::FileDescriptorSet set;
  auto* const file = set.add_file();
  file->set_name(std::string(service) + ".proto");
  file->set_package(std::string(service.substr(0, service.find('.'))));
  file->set_syntax("proto3");
  file->add_message_type()->set_name("Message");
  auto* const added = file->add_service();
  added->set_name(std::string(service.substr(service.find('.') + 1)));
  auto* const method = added->add_method();
  method->set_name("Get");
  method->set_input_type("." + file->package() + ".Message");
  method->set_output_type("." + file->package() + ".Message");
  return set.SerializeAsString();
}
Result<> describe(Server& server, const std::string& set) {
  return server.add_descriptors(std::as_bytes(std::span(set)));
}
rpc::Status do_nothing(rpc::Call&, std::span<const std::byte>, std::vector<std::byte>&) { return {}; }

TEST(NativeMethods, AreDescribed) {
  auto created = Server::create(options_for(1));
  ASSERT_TRUE(created.ok());
  Server& server = *created.value();
  ASSERT_TRUE(describe(server, native_descriptors()).ok());
  ASSERT_TRUE(describe(server, native_descriptors("more.Service")).ok());
  ASSERT_TRUE(server.add_unary_method("/native.Service/Get", do_nothing).ok());
  ASSERT_TRUE(server.add_unary_method("/more.Service/Get", do_nothing).ok());
  ASSERT_TRUE(server.add_unary_method("/plain.Service/Get", do_nothing).ok());
  const auto methods = server.methods();
  ASSERT_EQ(methods.size(), 3U);
  EXPECT_EQ(methods[0].request_type, "native.Message");
  EXPECT_EQ(methods[0].response_type, "native.Message");
  EXPECT_EQ(methods[1].request_type, "more.Message");
  EXPECT_EQ(methods[2].request_type, "") << "nothing is said of it";
}

TEST(NativeMethods, ThatAreNotAsDescribedAreRefused) {
  auto created = Server::create(options_for(1));
  ASSERT_TRUE(created.ok());
  Server& server = *created.value();
  ASSERT_TRUE(describe(server, native_descriptors()).ok());
  const auto missing = server.add_unary_method("/native.Service/Put", do_nothing);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("/native.Service/Put"), std::string::npos) << missing.error().message;
  const auto other = server.add_method("/native.Service/Get", rpc::MethodKind::bidi_stream,
                                       []() -> std::unique_ptr<rpc::Handler> { return nullptr; });
  EXPECT_FALSE(other.ok());
  EXPECT_TRUE(server.methods().empty());
}

TEST(NativeMethods, AreNotDescribedByWhatMakesNoSense) {
  auto created = Server::create(options_for(1));
  ASSERT_TRUE(created.ok());
  const auto refused = describe(*created.value(), "no descriptors");
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().message.starts_with("descriptors of native methods: ")) << refused.error().message;
}

TEST(ServerTest, MayBeDestroyedWithoutHavingStarted) {
  auto server = Server::create(options_for(2));
  ASSERT_TRUE(server.ok());
  EXPECT_TRUE(server.value()->listen("127.0.0.1:0").ok());
}

}  // namespace
}  // namespace wasm_grpc::runtime
