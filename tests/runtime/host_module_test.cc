// Host functions that answer later: guests that wait for them on a worker, in all the ways guests run.
#include "wasm_grpc/host_module.h"

#include "http2/client.h"
#include "runtime/guest_server.h"
#include "runtime/guests/event_hub.h"
#include "runtime/host_module_fixture.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::string_view asks = "(call $ask)";

TEST_F(HostModuleTest, AGuestGoesOnWhenItIsAnsweredFromAnotherThread) {
  serve(importing({"ask"}, guest_text(asks)));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  EXPECT_FALSE(call.finished());
  ASSERT_EQ(promises.count(), 1u);
  std::jthread([&] { EXPECT_TRUE(promises.take().complete(5)); }).join();
  run_all();
  EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(pool->idle(), 1u) << "its instance goes on";
}

TEST_F(HostModuleTest, OtherCallsAreServedWhileAGuestWaits) {
  serve(importing({"ask"}, guest_text(asks)));
  TestCall first(rpc::MethodKind::unary);
  TestCall second(rpc::MethodKind::unary);
  begin(first);
  begin(second);
  run_all();
  ASSERT_EQ(promises.count(), 2u);
  auto of_first = promises.take();
  EXPECT_TRUE(promises.take().complete(6));
  run_all();
  EXPECT_FALSE(first.finished());
  EXPECT_EQ(second.status().code, rpc::StatusCode::already_exists);
  EXPECT_TRUE(of_first.complete(5));
  run_all();
  EXPECT_EQ(first.status().code, rpc::StatusCode::not_found);
}

TEST_F(HostModuleTest, ACallThatIsCancelledMeanwhileIsDroppedWithItsGuest) {
  serve(importing({"ask"}, guest_text(asks)));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  auto promise = promises.take();
  call.client_cancels();
  run_all();
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(pool->alive(), 0u);
  EXPECT_FALSE(promise.wanted());
  EXPECT_FALSE(promise.complete(5));
  run_all();
}

TEST_F(HostModuleTest, AnAnswerThatCrossesACancellationIsOfNoConsequence) {
  serve(importing({"ask"}, guest_text(asks)));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  EXPECT_TRUE(promises.take().complete(5));  // its worker has not looked yet
  call.client_cancels();
  run_all();
  EXPECT_TRUE(call.let_go_of());
  TestCall next(rpc::MethodKind::unary);
  begin(next);
  run_all();
  EXPECT_TRUE(promises.take().complete(6));
  run_all();
  EXPECT_EQ(next.status().code, rpc::StatusCode::already_exists);
}

TEST_F(HostModuleTest, ACallEndsAsInternalWhenTheHostGivesNoAnswer) {
  serve(importing({"ask"}, guest_text(asks)));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  promises.forget_all();
  run_all();
  EXPECT_EQ(call.status().code, rpc::StatusCode::internal);
  EXPECT_TRUE(logged("the host gave no answer"));
}

TEST_F(HostModuleTest, AGuestThatAsksAfterItsEndIsDropped) {
  serve(importing({"ask"}, guest_text(R"(
    (drop (call $finish (local.get $call) (i32.const 5) (i32.const 0) (i32.const 0))) (call $ask))")));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
  EXPECT_TRUE(call.let_go_of());
  EXPECT_FALSE(promises.take().wanted());
}

TEST_F(HostModuleTest, AGuestMayAskAgainAndAgain) {
  serve(importing({"ask"}, guest_text("(i32.add (call $ask) (i32.add (call $ask) (call $ask)))")));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  for (const std::int32_t answer : {1, 3, 1}) {
    run_all();
    ASSERT_EQ(promises.count(), 1u);
    EXPECT_TRUE(promises.take().complete(answer));
  }
  run_all();
  EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
}

struct ShortTimeTest : HostModuleTest {
  ShortTimeTest() : HostModuleTest({.max_cpu_time = std::chrono::milliseconds(400)}) {}
};

TEST_F(ShortTimeTest, TheWaitIsNotCpuTimeOfTheGuest) {
  serve(importing({"ask"}, guest_text("(drop (call $ask)) (call $slices (i32.const 3)) (i32.const 5)")));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_TRUE(promises.take().complete(0));
  run_all();
  EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
}

TEST_F(HostModuleTest, AStartWaitsToo) {
  std::jthread answers;
  const auto serve_asking_start = [&](const InstanceLife& life) {
    answers = std::jthread([this] {  // the start that the load of the module takes
      EXPECT_TRUE(promises.eventually(1));
      EXPECT_TRUE(promises.take().complete(0));
    });
    serve(importing({"ask"}, guest_text("(i32.const 5)", "", "(drop (call $ask))")), life);
    answers.join();
  };
  serve_asking_start(no_warm_instances());
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  EXPECT_TRUE(promises.take().complete(0));
  run_all();
  EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
  EXPECT_TRUE(call.let_go_of());

  pool.reset();
  InstanceLife warm;
  warm.warm = 1;
  serve_asking_start(warm);
  pool->top_up();
  run_all();
  EXPECT_EQ(pool->idle(), 0u);
  EXPECT_TRUE(promises.take().complete(0));
  run_all();
  EXPECT_EQ(pool->idle(), 1u);
}

TEST_F(HostModuleTest, AStartWhoseCallIsCancelledWaitsOnInTheBackground) {
  std::jthread answers([this] {
    EXPECT_TRUE(promises.eventually(1));
    EXPECT_TRUE(promises.take().complete(0));
  });
  serve(importing({"ask"}, guest_text("(i32.const 5)", "", "(drop (call $ask))")));
  answers.join();
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  call.client_cancels();
  run_all();
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(pool->idle(), 0u);
  EXPECT_TRUE(promises.take().complete(0));
  run_all();
  EXPECT_EQ(pool->idle(), 1u);
}

TEST_F(HostModuleTest, AStartThatIsNotAnsweredInTimeFails) {
  ModuleOptions options;
  const std::string text = importing({"ask"}, guest_text("(i32.const 5)", "", "(drop (call $ask))"));
  const auto loaded = GuestModule::load(engine(), linker, "guest", std::as_bytes(std::span(text)),
                                        wasi::Sandbox::create({}).value(), log, std::chrono::milliseconds(50), options);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().message, "its start did not finish within 50 ms");
}

struct EventsTest : HostModuleTest, EventHubOwner {
  ~EventsTest() override { hub.reset(); }
  void hub_idle() noexcept override {}
  void hub_in_use() noexcept override {}
  std::unique_ptr<EventHub> hub;
};

TEST_F(EventsTest, OtherEventsOfTheInstanceWaitWhileItDoes) {
  std::string text = importing({"ask"}, guest_text(R"((i32.const 0))", R"(
    (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
      (call $note (local.get $call))
      (if (local.get $event) (then (return)))
      (drop (call $finish (local.get $call) (call $ask) (i32.const 0) (i32.const 0))))
    (func $declare_events (param i32 i32 i32 i32 i32) (result i32)
      (call $method (local.get 0) (local.get 1) (local.get 2) (i32.const 1) (local.get 4))))"));
  text.replace(text.find("(drop (call $method"), 19, "(drop (call $declare_events");
  serve(text);
  hub = std::make_unique<EventHub>(*pool, guest_context(), *this);
  TestCall first(rpc::MethodKind::unary);
  TestCall second(rpc::MethodKind::unary);
  for (TestCall* call : {&first, &second}) hub->open(*call, 0);
  run_all();
  EXPECT_EQ(notes, std::vector<std::int32_t>{1});
  EXPECT_TRUE(promises.take().complete(5));
  run_all();
  EXPECT_EQ(first.status().code, rpc::StatusCode::not_found);
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2}));
  second.client_cancels();
  run_all();
  EXPECT_EQ(promises.count(), 1u) << "the guest is in the midst of it still";
  EXPECT_TRUE(promises.take().complete(6));
  run_all();
  EXPECT_TRUE(second.let_go_of());

  TestCall third(rpc::MethodKind::unary);
  hub->open(third, 0);
  run_all();
  hub.reset();
  EXPECT_TRUE(third.let_go_of());
  EXPECT_FALSE(promises.take().wanted());
}

TEST_F(HostModuleTest, AStartWhoseTimeIsOverAsItsAnswerComesIsQueuedOnce) {
  limits.start_timeout = std::chrono::milliseconds(1);
  serve(importing({"ask"}, guest_text("(i32.const 5)")));  // loads without asking
  pool.reset();
  starter.reset();
  struct Owner final : GuestRun::Owner {
    void on_turn() noexcept override { ++turns; }
    void on_refused(NoInstance) noexcept override {}
    int turns = 0;
  } owner;
  GuestRun run(owner, guest_context());
  run.enter();
  run.wait();
  run.resume();  // the timer
  run.resume();  // and the answer, before it is its turn
  this->run();
  EXPECT_EQ(owner.turns, 1);
  EXPECT_TRUE(scheduler.empty());
}

// ---- In a server ----

/// A thread that answers those who ask, for as long as it lives.
class Answering {
 public:
  explicit Answering(Promises& promises)
      : thread_([&promises](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            while (promises.count() > 0) promises.take().complete(5);
            std::this_thread::yield();
          }
        }) {}

 private:
  std::jthread thread_;
};

std::string server_text(std::string_view body) { return importing({"ask"}, guest_text(body)); }

struct ServerWithHost {
  explicit ServerWithHost(const ServerOptions& options, std::string_view body)
      : server(options, server_text(body), promises.module()) {}
  Promises promises;
  GuestServer server;
};

TEST(HostModuleServer, AnswersManyCallsOnTwoWorkersFromAThirdThread) {
  ServerWithHost host(of_workers(2), "(drop (call $ask)) (drop (call $ask)) (call $ask)");
  const Answering answering(host.promises);
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        http2::Client client(host.server.port());
        for (int n = 0; n < 50; ++n) answered += client.call(path, "").status() == 5 ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(answered, 200);
}

TEST(HostModuleServer, WakesGuestsThatMovedWhereTheyAre) {
  ServerWithHost host(of_workers(2), R"((local $left i32)
    (local.set $left (i32.const 6000000))
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $ask))");
  const Answering answering(host.promises);
  http2::Client client(host.server.port());
  for (int round = 0; round < 3 || (host.server.counters().guests_lent == 0 && round < 200); ++round) {
    std::vector<std::int32_t> ids;
    for (int i = 0; i < 4; ++i) {
      ids.push_back(client.open(path));
      client.send(ids.back(), "", true);
    }
    for (const std::int32_t id : ids) {
      ASSERT_TRUE(client.run_until_closed(id));
      EXPECT_EQ(client.reply(id).status(), 5);
    }
  }
  EXPECT_GT(host.server.counters().guests_lent, 0u);
}

TEST(HostModuleServer, DropsCallsThatAreResetWhileTheyWait) {
  ServerWithHost host(of_workers(2), "(call $ask)");
  http2::Client client(host.server.port());
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(client.open(path));
    client.send(ids.back(), "", true);
  }
  client.run_for(std::chrono::milliseconds(1));
  while (host.promises.count() < 4) client.run_for(std::chrono::milliseconds(1));
  for (const std::int32_t id : ids) client.reset(id);
  client.run_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(host.server.eventually(
      [](const ServerCounters& counters) { return counters.modules[0].instances_discarded >= 4; }));
  while (host.promises.count() > 0) EXPECT_FALSE(host.promises.take().complete(5));
}

TEST(HostModuleServer, StopsWhileGuestsWaitAndAnswersCome) {
  for (int round = 0; round < 10; ++round) {
    ServerWithHost host(of_workers(2), "(loop $again (drop (call $ask)) (br $again)) (i32.const 5)");
    http2::Client client(host.server.port());
    for (int i = 0; i < 4; ++i) {
      const std::int32_t id = client.open(path);
      client.send(id, "", true);
    }
    client.run_for(std::chrono::milliseconds(1));
    ASSERT_TRUE(host.promises.eventually(1));
    const Answering answering(host.promises);
    client.run_for(std::chrono::milliseconds(round));
    host.server.destroy();
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
