// Other modules in a server that runs: what its calls see of it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
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

constexpr std::string_view other_path = "/test.Service/Other_";

/// A guest whose status is its version.
std::string version(int number) { return guest_text("(i32.const " + std::to_string(number) + ")"); }
/// The same, after it has slept for 30 ms.
std::string sleepy_version(int number) {
  return guest_text("(drop (call $wait (local.get $call) (i32.const 0) (i64.const 30000000))) (i32.const " +
                    std::to_string(number) + ")");
}
constexpr std::string_view waits = "(drop (call $wait (local.get $call) (i32.const 0) (i64.const -1))) (i32.const 5)";

/// It serves other_path.
std::string moved_to_other_path(std::string text) {
  const std::string_view name = "/test.Service/Method\"";
  const std::size_t at = text.find(name);
  text.replace(at, name.size() - 1, other_path);
  return text;
}

ModuleSource source(std::string_view text, std::string name = "guest") {
  ModuleSource source;
  const auto bytes = std::as_bytes(std::span(text));
  source.bytes.emplace(bytes.begin(), bytes.end());
  source.options.name = std::move(name);
  return source;
}

ServerOptions options_for(unsigned workers, milliseconds drain_timeout = milliseconds(20'000)) {
  ServerOptions options;
  options.workers = workers;
  options.max_instances = 64;
  options.drain_timeout = drain_timeout;
  return options;
}

class ReloadTest : public testing::Test {
 protected:
  void serve(std::string_view text, unsigned workers = 2, milliseconds drain_timeout = milliseconds(20'000)) {
    server_.emplace(options_for(workers, drain_timeout), text);
  }
  [[nodiscard]] Server& server() { return server_->server(); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// Has the module "guest" replaced.
  void replace(std::string_view text) {
    const auto replaced = server().replace_module(source(text));
    EXPECT_TRUE(replaced.ok()) << replaced.error().message;
  }
  [[nodiscard]] int call(std::string_view of = path) {
    http2::Client client(port());
    return client.call(of, "").status();
  }
  /// True once the instances of all modules that are served are this many, and those of modules before are gone.
  [[nodiscard]] bool eventually(const std::function<bool(const ModuleCounters&)>& holds) {
    return server_->eventually([&](const ServerCounters& now) { return holds(now.modules.front()); });
  }

  std::optional<GuestServer> server_;
};

TEST_F(ReloadTest, ServesTheNewVersionFromTheReturnOn) {
  serve(version(5));
  EXPECT_EQ(call(), 5);
  replace(version(6));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(call(), 6);
  EXPECT_EQ(server_->counters().generation, 2U);
}

TEST_F(ReloadTest, CallsEndInTheVersionTheyBeganIn) {
  serve(guest_text(waits));
  http2::Client client(port());
  const auto id = client.open(path);
  client.send(id, "", true);
  ASSERT_TRUE(server_->eventually([&](const ServerCounters& now) {
    client.run_for(milliseconds(1));
    return now.calls_started == 1;
  }));
  replace(version(6));
  EXPECT_EQ(client.call(path, "").status(), 6);
  EXPECT_FALSE(client.reply(id).closed) << "the old one has its call still";
  client.reset(id);
  client.run_for(milliseconds(20));
  // Both of its instances, that of the call and a warm one, are discarded; the new module has one of each worker.
  EXPECT_TRUE(eventually([](const ModuleCounters& now) { return now.instances_alive == 2; }));
}

TEST_F(ReloadTest, EndsCallsThatOutlastTheDrainTimeout) {
  serve(guest_text(waits), 2, milliseconds(50));
  http2::Client client(port());
  const auto id = client.open(path);
  client.send(id, "", true);
  ASSERT_TRUE(server_->eventually([&](const ServerCounters& now) {
    client.run_for(milliseconds(1));
    return now.calls_started == 1;
  }));
  replace(version(6));
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 14);
  EXPECT_TRUE(client.reply(id).message().find("replaced or removed") != std::string::npos)
      << client.reply(id).message();
}

TEST_F(ReloadTest, RefusesCallsThatAreStillOnTheirWayWhenTheirModuleIsGone) {
  serve(version(5), 2, milliseconds(20));
  http2::Client client(port());
  const auto id = client.open(path);
  client.run_for(milliseconds(20));
  replace(version(6));
  client.run_for(milliseconds(200));
  client.send(id, "", true);
  ASSERT_TRUE(client.run_until_closed(id));
  EXPECT_EQ(client.reply(id).status(), 14);
  EXPECT_EQ(client.call(path, "").status(), 6);
}

TEST_F(ReloadTest, LosesNoCallUnderLoad) {
  serve(sleepy_version(5));
  std::atomic<bool> stops = false;
  std::atomic<int> calls = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      http2::Client client(port());
      while (!stops) {
        std::vector<std::int32_t> ids;
        for (int n = 0; n < 8; ++n) {
          ids.push_back(client.open(path));
          client.send(ids.back(), "", true);
        }
        for (const auto id : ids) {
          if (!client.run_until_closed(id)) return;
          EXPECT_TRUE(client.reply(id).status() == 5 || client.reply(id).status() == 6) << client.reply(id).status();
          ++calls;
        }
      }
    });
  }
  // However fast that is, calls are to meet it.
  for (int i = 0; i < 20 || (calls <= 100 && i < 2000); ++i) replace(sleepy_version(6 - i % 2));
  stops = true;
  threads.clear();
  EXPECT_GT(calls, 100);
  EXPECT_TRUE(eventually([](const ModuleCounters& now) { return now.instances_made > 20; })) << "it counts on";
}

TEST_F(ReloadTest, LosesNoCallThatIsLent) {
  // It computes for some slices, so that it moves.
  const auto computing = [](int status) {
    return guest_text(
        "(local $left i64) (local.set $left (i64.const 6000000)) (loop $again (local.set $left (i64.sub "
        "(local.get $left) (i64.const 1))) (br_if $again (i64.ne (local.get $left) (i64.const 0)))) "
        "(i32.const " +
        std::to_string(status) + ")");
  };
  serve(computing(5));
  std::atomic<bool> stops = false;
  std::jthread caller([&] {
    http2::Client client(port());  // one connection, and so one worker
    while (!stops) {
      std::vector<std::int32_t> ids;
      for (int n = 0; n < 8; ++n) {
        ids.push_back(client.open(path));
        client.send(ids.back(), "", true);
      }
      for (const auto id : ids) {
        if (!client.run_until_closed(id)) return;
        EXPECT_TRUE(client.reply(id).status() == 5 || client.reply(id).status() == 6) << client.reply(id).status();
      }
    }
  });
  for (int i = 0; i < 100; ++i) {
    replace(computing(6 - i % 2));
    const ServerCounters now = server_->counters();
    if (i >= 10 && now.calls_lent + now.guests_lent > 10) break;
  }
  stops = true;
}

TEST_F(ReloadTest, WhatFailsLeavesAllAsItWas) {
  serve(version(5));
  const auto refused = [&](const ModuleSource& module, std::string_view why) {
    const auto replaced = server().replace_module(module);
    ASSERT_FALSE(replaced.ok());
    EXPECT_TRUE(replaced.error().message.find(why) != std::string::npos) << replaced.error().message;
    EXPECT_EQ(call(), 5);
  };
  refused(source("no module"), "the module guest: ");
  refused(source(guest_text("(i32.const 6)", "", "(unreachable)")), "its start failed");
  refused(source(version(6), "stranger"), "no module of the name stranger");
  ModuleSource file;
  file.path = "/nowhere/guest.wasm";
  refused(file, "/nowhere/guest.wasm: no such file");
  const auto twice = server().reload({source(version(6)), source(version(7), "other")});
  ASSERT_FALSE(twice.ok());
  EXPECT_TRUE(twice.error().message.find("the module other: it declares the method /test.Service/Method, which is") !=
              std::string::npos)
      << twice.error().message;
  EXPECT_EQ(call(), 5);
  EXPECT_EQ(server_->counters().generation, 1U);
  EXPECT_EQ(server_->counters().reloads_failed, 5U);
}

TEST_F(ReloadTest, AModuleWhoseWarmInstancesDoNotStartTakesNoPlace) {
  // The first start, by which it is loaded, goes well; others fail.
  int starts = 0;
  HostModule more("more");
  more.function("fails", [&starts]() -> std::int32_t { return ++starts > 1 ? 1 : 0; });
  server_.emplace(options_for(1), version(5), std::move(more));
  std::string text = guest_text("(i32.const 6)", "", "(if (call $more_fails) (then (unreachable)))");
  text.insert(text.find("(module") + 7, R"((import "more" "fails" (func $more_fails (result i32))))");
  const auto replaced = server().replace_module(source(text));
  ASSERT_FALSE(replaced.ok());
  EXPECT_TRUE(replaced.error().message.find("its instances fail to start") != std::string::npos)
      << replaced.error().message;
  EXPECT_EQ(call(), 5);
}

TEST_F(ReloadTest, AddsAndRemovesModules) {
  serve(version(5));
  EXPECT_EQ(call(other_path), 12);
  const std::string text = moved_to_other_path(version(7));
  ModuleOptions options;
  options.name = "other";
  const auto added = server().add_module(std::as_bytes(std::span(text)), options);
  ASSERT_TRUE(added.ok()) << added.error().message;
  EXPECT_EQ(added.value().methods.front().path, other_path);
  EXPECT_EQ(call(other_path), 7);
  EXPECT_EQ(server_->counters().modules.size(), 2U);

  const auto removed = server().remove_module("guest");
  ASSERT_TRUE(removed.ok()) << removed.error().message;
  EXPECT_EQ(removed.value().removed, std::vector<std::string>{"guest"});
  EXPECT_EQ(removed.value().warnings, std::vector<std::string>{"the module guest: the method /test.Service/Method is "
                                                               "gone"});
  EXPECT_EQ(call(), 12);
  EXPECT_EQ(call(other_path), 7);
  EXPECT_FALSE(server().remove_module("guest").ok());
}

TEST_F(ReloadTest, LeavesModulesAloneThatHaveNotChanged) {
  serve(version(5));
  const std::string other = moved_to_other_path(version(7));
  auto report = server().reload({source(version(5)), source(other, "other")});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report.value().unchanged, std::vector<std::string>{"guest"});
  EXPECT_EQ(report.value().added, std::vector<std::string>{"other"});

  ModuleSource with_arguments = source(version(5));
  with_arguments.options.arguments = {"more"};
  report = server().reload({with_arguments, source(other, "other")});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report.value().replaced, std::vector<std::string>{"guest"});
  EXPECT_EQ(report.value().unchanged, std::vector<std::string>{"other"});
  EXPECT_EQ(report.value().generation, 3U);
  EXPECT_EQ(call(), 5);
}

TEST_F(ReloadTest, AModuleThatMustStayCompatibleIsNotReplacedByOneThatIsNot) {
  serve(version(5));
  ModuleSource other = source(moved_to_other_path(version(6)));
  other.options.require_compatible = true;
  const auto replaced = server().replace_module(other);
  ASSERT_FALSE(replaced.ok());
  EXPECT_EQ(replaced.error().message,
            "the module guest must stay compatible with its callers, and the method /test.Service/Method is gone");
  EXPECT_EQ(call(), 5);
  other.options.require_compatible = false;
  EXPECT_TRUE(server().replace_module(other).ok());
  EXPECT_EQ(call(other_path), 6);
}

TEST_F(ReloadTest, KeepsWhatAHostModuleKeepsForTheModule) {
  std::atomic<int> made = 0;
  struct Visits {
    std::atomic<int> count = 0;
  };
  HostModule more("more");
  more.module_state<Visits>([&made](const ModuleOptions&) {
        ++made;
        return std::make_shared<Visits>();
      })
      .function("visit", [](ModuleState<Visits> visits) -> std::int32_t { return ++visits->count; });
  std::string text = guest_text("(call $visit)");
  text.insert(text.find("(module") + 7, R"((import "more" "visit" (func $visit (result i32))))");
  server_.emplace(options_for(2), text, std::move(more));
  EXPECT_EQ(call(), 1);
  replace(text);
  EXPECT_EQ(call(), 2);
  EXPECT_EQ(made, 1);
}

TEST_F(ReloadTest, HealthTellsOfTheServicesThatAreServed) {
  serve(version(5));
  constexpr std::string_view watch = "/grpc.health.v1.Health/Watch";
  const std::string asks_for_it = "\x0a\x0ctest.Service";  // 1: "test.Service"
  http2::Client client(port());
  const auto id = client.open(watch);
  client.send(id, asks_for_it, true);
  const auto last = [&] { return client.reply(id).messages().empty() ? "" : client.reply(id).messages().back(); };
  EXPECT_TRUE(client.run_until([&] { return last() == "\x08\x01"; })) << "SERVING";
  replace(version(6));
  client.run_for(milliseconds(150));
  EXPECT_EQ(client.reply(id).messages().size(), 1U) << "it is served all the time";
  EXPECT_TRUE(server().remove_module("guest").ok());
  EXPECT_TRUE(client.run_until([&] { return last() == "\x08\x03"; })) << "SERVICE_UNKNOWN";
  const std::string text = version(7);
  ModuleOptions options;
  options.name = "again";
  EXPECT_TRUE(server().add_module(std::as_bytes(std::span(text)), options).ok());
  EXPECT_TRUE(client.run_until([&] { return last() == "\x08\x01"; }));
}

TEST_F(ReloadTest, IsRefusedWhereItWouldWaitForItself) {
  serve(version(5));
  std::promise<std::string> said;
  server().post(0, [&] { said.set_value(server().remove_module("guest").error().message); });
  EXPECT_EQ(said.get_future().get(), "modules cannot be changed on a worker's thread: it would wait for itself");
}

TEST_F(ReloadTest, StopsInTheMiddle) {
  for (int round = 0; round < 5; ++round) {
    serve(sleepy_version(5));
    std::jthread reloads([&] {
      while (server().replace_module(source(sleepy_version(6))).ok()) {
      }
    });
    http2::Client client(port());  // while it listens
    std::jthread calls([&] {
      while (!client.connection_ended()) (void)client.call(path, "");
    });
    std::this_thread::sleep_for(milliseconds(30));
    server().stop();
    server().wait();
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
