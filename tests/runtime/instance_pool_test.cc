#include "runtime/instances/instance_pool.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abi/abi.h"
#include "wasi/imports.h"
#include "wasm/engine.h"

namespace wasm_grpc::runtime {
namespace {

constexpr std::string_view module_text = R"((module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "/a.B/C")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))))";

/// Takes an instance and keeps it.
class Waiter final : public InstanceWaiter {
 public:
  void take_instance(std::unique_ptr<GuestInstance> given, bool was_started) noexcept override {
    instance = std::move(given);
    started = was_started;
  }
  void refuse_instance(NoInstance) noexcept override { refused = true; }
  bool refused = false;
  std::unique_ptr<GuestInstance> instance;
  std::optional<bool> started;
};

struct InstancePoolTest : testing::Test {
  InstancePoolTest() : engine(make_engine()), linker(engine), log(LogLevel::error, {}) {
    EXPECT_TRUE(abi::define_imports(linker).ok());
    EXPECT_TRUE(wasi::define_imports(linker).ok());
  }
  static wasm::Engine make_engine() {
    wasm::EngineOptions options;
    options.max_instances = 8;
    return std::move(wasm::Engine::create(options)).value();
  }
  std::shared_ptr<const GuestModule> load(std::string name, std::size_t max_waiting = 10) {
    auto sandbox = wasi::Sandbox::create({});
    ModuleOptions options;
    options.instances.warm = 0;
    options.guests.emplace().max_waiting_calls = max_waiting;
    auto loaded = GuestModule::load(engine, linker, std::move(name), std::as_bytes(std::span(module_text)),
                                    sandbox.value(), log, std::chrono::seconds(10), options);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.value();
  }

  wasm::Engine engine;
  wasm::Linker linker;
  observe::Log log;
  rpc::TimerQueue timers;
  ClientHosts hosts;
  std::vector<std::function<void()>> posted;
  const InstanceClaim::Post post = [this](std::function<void()> function) { posted.push_back(std::move(function)); };
  /// What workers have been asked to do, and what follows from that.
  void settle() {
    while (!posted.empty()) {
      for (const auto& function : std::exchange(posted, {})) function();
    }
  }
  using Admission = InstancePool::Admission;
};

TEST_F(InstancePoolTest, MakesAnInstanceThenReusesIt) {
  InstanceBudget budget(2);
  InstancePool pool(load("one", 10), PoolContext{budget, timers, hosts, post});
  Waiter first;
  ASSERT_EQ(pool.acquire(first), Admission::taken);
  EXPECT_EQ(first.started, false);
  GuestInstance* made = first.instance.get();
  pool.give_back(std::move(first.instance));
  Waiter second;
  ASSERT_EQ(pool.acquire(second), Admission::taken);
  EXPECT_EQ(second.started, true);
  EXPECT_EQ(second.instance.get(), made);
  pool.discard(std::move(second.instance));
}

TEST_F(InstancePoolTest, LetsCallsWaitInOrderWhenAllAreBusyAndRefusesTooMany) {
  InstanceBudget budget(1);
  InstancePool pool(load("one", 2), PoolContext{budget, timers, hosts, post});
  Waiter holder, a, b, c;
  ASSERT_EQ(pool.acquire(holder), Admission::taken);
  EXPECT_EQ(pool.acquire(a), Admission::waits);
  EXPECT_EQ(pool.acquire(b), Admission::waits);
  EXPECT_EQ(pool.acquire(c), Admission::refused);
  pool.give_back(std::move(holder.instance));
  ASSERT_NE(a.instance, nullptr);
  EXPECT_EQ(a.started, true);
  EXPECT_EQ(b.instance, nullptr);
  pool.discard(std::move(a.instance));
  ASSERT_NE(b.instance, nullptr) << "a discarded instance is replaced for who waits";
  EXPECT_EQ(b.started, false);
  pool.discard(std::move(b.instance));
}

TEST_F(InstancePoolTest, ForgetsAWaiterThatGaveUp) {
  InstanceBudget budget(1);
  InstancePool pool(load("one", 3), PoolContext{budget, timers, hosts, post});
  Waiter holder, a, b, c;
  ASSERT_EQ(pool.acquire(holder), Admission::taken);
  ASSERT_EQ(pool.acquire(a), Admission::waits);
  ASSERT_EQ(pool.acquire(b), Admission::waits);
  ASSERT_EQ(pool.acquire(c), Admission::waits);
  pool.cancel(b);
  pool.cancel(b);
  EXPECT_EQ(pool.waiting(), 2U);
  pool.give_back(std::move(holder.instance));
  pool.give_back(std::move(a.instance));
  EXPECT_EQ(b.instance, nullptr);
  ASSERT_NE(c.instance, nullptr);
  pool.discard(std::move(c.instance));
}

TEST_F(InstancePoolTest, TakesRoomFromAnotherModulesIdleInstances) {
  InstanceBudget budget(1);
  InstancePool one(load("one", 10), PoolContext{budget, timers, hosts, post});
  InstancePool two(load("two", 10), PoolContext{budget, timers, hosts, post});
  Waiter first, second;
  ASSERT_EQ(one.acquire(first), Admission::taken);
  one.give_back(std::move(first.instance));
  ASSERT_EQ(two.acquire(second), Admission::waits);
  settle();
  ASSERT_NE(second.instance, nullptr);
  EXPECT_EQ(second.started, false);
  two.discard(std::move(second.instance));
}

TEST_F(InstancePoolTest, ServesWhoWaitsAtAnotherModuleWhenRoomIsMade) {
  InstanceBudget budget(1);
  InstancePool one(load("one", 10), PoolContext{budget, timers, hosts, post});
  InstancePool two(load("two", 10), PoolContext{budget, timers, hosts, post});
  Waiter holder, waiter, next;
  ASSERT_EQ(one.acquire(holder), Admission::taken);
  ASSERT_EQ(two.acquire(waiter), Admission::waits);
  one.give_back(std::move(holder.instance));
  settle();
  ASSERT_NE(waiter.instance, nullptr) << "the idle instance of one made way";
  ASSERT_EQ(one.acquire(next), Admission::waits);
  two.discard(std::move(waiter.instance));
  settle();
  ASSERT_NE(next.instance, nullptr);
  one.discard(std::move(next.instance));
}

TEST_F(InstancePoolTest, GivesAModuleThatHasFewerItsPartWhenAllAreTaken) {
  InstanceBudget budget(4, 4);
  InstancePool greedy(load("greedy", 10), PoolContext{budget, timers, hosts, post});
  InstancePool modest(load("modest", 10), PoolContext{budget, timers, hosts, post});
  Waiter greedy_holders[4], greedy_waiters[4], modest_waiters[4];
  for (Waiter& waiter : greedy_holders) ASSERT_EQ(greedy.acquire(waiter), Admission::taken);
  for (Waiter& waiter : greedy_waiters) ASSERT_EQ(greedy.acquire(waiter), Admission::waits);
  for (Waiter& waiter : modest_waiters) ASSERT_EQ(modest.acquire(waiter), Admission::waits);
  for (Waiter& waiter : greedy_holders) {
    greedy.give_back(std::move(waiter.instance));
    settle();
  }
  EXPECT_EQ(greedy.alive(), 2U);
  EXPECT_EQ(modest.alive(), 2U);
  EXPECT_EQ(greedy.waiting(), 2U) << "those of the greedy module are served from its own part";
  EXPECT_EQ(modest.waiting(), 2U);
  modest.give_back(std::move(modest_waiters[0].instance));
  settle();
  EXPECT_EQ(modest.alive(), 2U) << "with equal parts instances do not change hands";
  EXPECT_EQ(modest.waiting(), 1U);
  for (Waiter* waiter : {&greedy_waiters[0], &greedy_waiters[1], &modest_waiters[1], &modest_waiters[2]}) {
    (waiter < &modest_waiters[0] || waiter > &modest_waiters[3] ? greedy : modest).discard(std::move(waiter->instance));
  }
}

TEST_F(InstancePoolTest, LetsModulesTakeTurnsWithTheOnlyInstance) {
  InstanceBudget budget(1);
  InstancePool pools[] = {InstancePool(load("a"), PoolContext{budget, timers, hosts, post}),
                          InstancePool(load("b"), PoolContext{budget, timers, hosts, post}),
                          InstancePool(load("c"), PoolContext{budget, timers, hosts, post})};
  Waiter waiters[3][3];
  for (int call = 0; call < 3; ++call) {
    for (int module = 0; module < 3; ++module) (void)pools[module].acquire(waiters[module][call]);
  }
  std::string order;
  for (int served = 0; served < 9; ++served) {
    for (int module = 0; module < 3; ++module) {
      for (Waiter& waiter : waiters[module]) {
        if (waiter.instance == nullptr) continue;
        order += static_cast<char>('a' + module);
        pools[module].give_back(std::move(waiter.instance));
        settle();
        module = 3;
        break;
      }
      if (module == 3) break;
    }
  }
  EXPECT_EQ(order, "abcabcabc");
}

}  // namespace
}  // namespace wasm_grpc::runtime
