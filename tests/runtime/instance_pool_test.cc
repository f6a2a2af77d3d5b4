#include "runtime/instances/instance_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
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
  Waiter() = default;
  explicit Waiter(const rpc::Client& client, bool silent = false) {
    client_ = &client;
    silent_ = silent;
  }
  void take_instance(std::unique_ptr<GuestInstance> given, bool was_started) noexcept override {
    instance = std::move(given);
    started = was_started;
  }
  void refuse_instance(NoInstance why) noexcept override {
    refused = true;
    reason = why;
  }
  bool refused = false;
  std::optional<NoInstance> reason;
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

// ---- Whose turn it is ----

/// Connections of clients, each from a host of its own unless it is told otherwise.
struct SharesTest : InstancePoolTest {
  const rpc::Client& connect(const std::string& host) {
    const auto number = clients.size() + 1;
    clients.push_back(std::make_shared<rpc::Client>(number, host + ":" + std::to_string(number)));
    return *clients.back();
  }
  Waiter& waiter(const rpc::Client& client, bool silent = false) {
    return *waiters.emplace_back(std::make_unique<Waiter>(client, silent));
  }
  /// Ends what it has, as a call does.
  void end(InstancePool& pool, Waiter& waiter) {
    pool.stop_counting(waiter);
    pool.give_back(std::move(waiter.instance));
  }
  void end_all(InstancePool& pool) {
    for (const auto& one : waiters) {
      pool.cancel(*one);
      pool.stop_counting(*one);
      if (one->instance != nullptr) pool.discard(std::move(one->instance));
    }
  }
  std::vector<std::shared_ptr<rpc::Client>> clients;
  std::vector<std::unique_ptr<Waiter>> waiters;
};

TEST_F(SharesTest, WhoHasFewestIsNextHoweverManyOfOthersCameBefore) {
  InstanceBudget budget(2);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  const rpc::Client& greedy = connect("10.0.0.1");
  Waiter &first = waiter(greedy), &second = waiter(greedy);
  ASSERT_EQ(pool.acquire(first), Admission::taken);
  ASSERT_EQ(pool.acquire(second), Admission::taken);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(pool.acquire(waiter(greedy)), Admission::waits);
  Waiter& modest = waiter(connect("10.0.0.2"));
  ASSERT_EQ(pool.acquire(modest), Admission::waits);
  end(pool, first);
  EXPECT_NE(modest.instance, nullptr);
  end_all(pool);
}

TEST_F(SharesTest, AHostWithManyConnectionsIsOne) {
  InstanceBudget budget(4);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  for (int i = 0; i < 4; ++i) ASSERT_EQ(pool.acquire(waiter(connect("10.0.0.1"))), Admission::taken);
  Waiter& another = waiter(connect("10.0.0.1"));
  Waiter& elsewhere = waiter(connect("10.0.0.2"));
  ASSERT_EQ(pool.acquire(another), Admission::waits);
  ASSERT_EQ(pool.acquire(elsewhere), Admission::waits);
  end(pool, *waiters[0]);
  EXPECT_NE(elsewhere.instance, nullptr);
  EXPECT_EQ(another.instance, nullptr);
  end_all(pool);
}

TEST_F(SharesTest, EqualsAreServedInTheOrderTheyCame) {
  InstanceBudget budget(1);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  Waiter& holder = waiter(connect("10.0.0.1"));
  ASSERT_EQ(pool.acquire(holder), Admission::taken);
  std::vector<Waiter*> line;
  for (int i = 2; i < 9; ++i) line.push_back(&waiter(connect("10.0.0." + std::to_string(i))));
  for (Waiter* one : line) ASSERT_EQ(pool.acquire(*one), Admission::waits);
  end(pool, holder);
  for (Waiter* one : line) {
    ASSERT_NE(one->instance, nullptr);
    end(pool, *one);
  }
}

TEST_F(SharesTest, AFullLineMakesRoomAtTheCostOfWhoHasMostInIt) {
  InstanceBudget budget(1);
  InstancePool pool(load("one", 3), PoolContext{budget, timers, hosts, post});
  const rpc::Client& greedy = connect("10.0.0.1");
  ASSERT_EQ(pool.acquire(waiter(greedy)), Admission::taken);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(pool.acquire(waiter(greedy)), Admission::waits);
  EXPECT_EQ(pool.acquire(waiter(greedy)), Admission::refused);
  const rpc::Client& modest = connect("10.0.0.2");
  EXPECT_EQ(pool.acquire(waiter(modest)), Admission::waits);
  EXPECT_EQ(waiters[3]->reason, NoInstance::crowded_out) << "the last of the greedy one";
  EXPECT_EQ(pool.acquire(waiter(modest)), Admission::refused) << "they have equally many nearly";
  EXPECT_EQ(pool.counters().calls_refused, 3U);
  end_all(pool);
}

TEST_F(SharesTest, StreamsThatSayNothingComeLastAndLeaveAQuarter) {
  InstanceBudget budget(4);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  const rpc::Client& client = connect("10.0.0.1");
  Waiter& first = waiter(client, true);
  ASSERT_EQ(pool.acquire(first), Admission::taken);
  for (int i = 0; i < 2; ++i) ASSERT_EQ(pool.acquire(waiter(client, true)), Admission::taken);
  Waiter& speaker = waiter(client, true);
  ASSERT_EQ(pool.acquire(speaker), Admission::waits) << "they leave a quarter";
  pool.has_spoken(speaker);
  EXPECT_NE(speaker.instance, nullptr) << "it has something to do now";
  Waiter& talks = waiter(client);
  ASSERT_EQ(pool.acquire(talks), Admission::waits);
  pool.has_spoken(first);
  Waiter& silent = waiter(client, true);
  ASSERT_EQ(pool.acquire(silent), Admission::waits);
  end(pool, speaker);
  EXPECT_NE(talks.instance, nullptr);
  EXPECT_EQ(silent.instance, nullptr);
  end(pool, talks);
  EXPECT_NE(silent.instance, nullptr) << "nobody else wants it";
  end_all(pool);
}

TEST_F(SharesTest, WhoHasWaitedLongIsServedAtTheCostOfIdleStreamsOfThoseWithMore) {
  struct Idle final : InstanceHolder {
    std::optional<IdleStream> find_idle_stream(const Press& press) noexcept override {
      asked.push_back(press.they);
      return std::nullopt;
    }
    std::vector<ClientInstances> asked;
  } streams;
  InstanceBudget budget(2);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  InstancePool elsewhere(load("two"), PoolContext{budget, timers, hosts, post});
  elsewhere.add_holder(streams);
  ASSERT_EQ(pool.acquire(waiter(connect("10.0.0.1"))), Admission::taken);
  ASSERT_EQ(elsewhere.acquire(waiter(connect("10.0.0.2"))), Admission::taken);
  ASSERT_EQ(elsewhere.acquire(waiter(connect("10.0.0.3"))), Admission::waits);
  timers.run_due(rpc::Clock::now() + std::chrono::seconds(1));
  settle();
  ASSERT_GE(streams.asked.size(), 1U);
  EXPECT_EQ(streams.asked[0], ClientInstances{}) << "of who has more than the one that waits";
  for (const auto& one : waiters) {
    InstancePool& its_pool = one == waiters[0] ? pool : elsewhere;
    its_pool.cancel(*one);
    its_pool.stop_counting(*one);
    if (one->instance != nullptr) its_pool.discard(std::move(one->instance));
  }
}

/// As the streams of a worker that wait for their clients.
struct IdleStreams final : InstanceHolder {
  struct One {
    InstancePool* pool;
    Waiter* waiter;
    IdleStream stream;
  };
  std::vector<One>::iterator largest(const Press& press) {
    auto found = all.end();
    for (auto one = all.begin(); one != all.end(); ++one) {
      if (!one->pool->yields_to(press) || !one->stream.client.above(press.they)) continue;
      if (found == all.end() || found->stream < one->stream) found = one;
    }
    return found;
  }
  std::optional<IdleStream> find_idle_stream(const Press& press) noexcept override {
    const auto found = largest(press);
    return found == all.end() ? std::nullopt : std::optional(found->stream);
  }
  bool end_idle_stream(const Press& press) noexcept override {
    const auto found = largest(press);
    if (found == all.end()) return false;
    const One ended = *found;
    all.erase(found);
    ended.pool->stop_counting(*ended.waiter);
    ended.pool->discard(std::move(ended.waiter->instance));
    return true;
  }
  std::vector<One> all;
};

struct PressTest : SharesTest {
  /// A stream that waits for its client, and has an instance.
  Waiter& stream(InstancePool& pool, IdleStreams& streams, const rpc::Client& client, bool silent = false) {
    Waiter& added = waiter(client, silent);
    EXPECT_EQ(pool.acquire(added), Admission::taken);
    its_pool.push_back(&pool);
    streams.all.push_back({&pool, &added, {}});
    for (IdleStreams::One& one : streams.all) {
      if (one.waiter == &added) one.stream.silent = silent;
    }
    return added;
  }
  static void count(IdleStreams& streams, std::initializer_list<std::pair<const Waiter*, ClientInstances>> has) {
    for (const auto& [waiter, instances] : has) {
      for (IdleStreams::One& one : streams.all) {
        if (one.waiter == waiter) one.stream.client = instances;
      }
    }
  }
  Waiter& call(InstancePool& pool, const rpc::Client& client) {
    Waiter& added = waiter(client);
    EXPECT_EQ(pool.acquire(added), Admission::waits);
    its_pool.push_back(&pool);
    return added;
  }
  /// Until those who wait have been helped, or long enough that they would have been.
  void wait_long() {
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      timers.run_due(rpc::Clock::now());
      settle();
    }
  }
  void end_everything() {
    for (std::size_t i = 0; i < waiters.size(); ++i) its_pool[i]->cancel(*waiters[i]);
    for (std::size_t i = 0; i < waiters.size(); ++i) {
      its_pool[i]->stop_counting(*waiters[i]);
      if (waiters[i]->instance != nullptr) its_pool[i]->discard(std::move(waiters[i]->instance));
    }
    settle();
  }
  std::vector<InstancePool*> its_pool;
};

TEST_F(PressTest, AStreamOfSomebodyWithFewStaysWhileAnotherModuleServesOneWithMany) {
  IdleStreams streams;
  InstanceBudget budget(6, 5);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  InstancePool other(load("two"), PoolContext{budget, timers, hosts, post});
  pool.add_holder(streams);
  other.add_holder(streams);
  const rpc::Client& good = connect("10.0.0.1");
  const rpc::Client& crowd = connect("10.0.0.2");
  const Waiter* const first = &stream(pool, streams, good);
  const Waiter* const second = &stream(pool, streams, good);
  for (int i = 0; i < 4; ++i) count(streams, {{&stream(other, streams, crowd), {4, 4}}});
  count(streams, {{first, {2, 2}}, {second, {2, 2}}});
  const Waiter& waits = call(pool, connect("10.0.0.3"));
  wait_long();
  EXPECT_NE(waits.instance, nullptr) << "of those that have most";
  EXPECT_NE(first->instance, nullptr);
  EXPECT_NE(second->instance, nullptr);
  end_everything();
}

TEST_F(PressTest, AStreamThatHasSpokenStaysWhileOthersHaveSaidNothing) {
  IdleStreams streams;
  InstanceBudget budget(8, 8);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  pool.add_holder(streams);
  const rpc::Client& good = connect("10.0.0.1");
  const rpc::Client& crowd = connect("10.0.0.2");
  for (int i = 0; i < 5; ++i) count(streams, {{&stream(pool, streams, good), {5, 5}}});
  for (int i = 0; i < 3; ++i) count(streams, {{&stream(pool, streams, crowd, true), {3, 3}}});
  const Waiter& waits = call(pool, connect("10.0.0.3"));
  wait_long();
  EXPECT_NE(waits.instance, nullptr);
  EXPECT_EQ(streams.all.size(), 7U);
  EXPECT_EQ(std::count_if(streams.all.begin(), streams.all.end(), [](const auto& one) { return one.stream.silent; }),
            2);
  end_everything();
}

TEST_F(PressTest, AStreamStaysWhileAnotherWorkerServesAClientWithMore) {
  IdleStreams streams;
  IdleStreams of_other;
  rpc::TimerQueue other_timers;
  InstanceBudget budget(6, 6);
  const auto module = load("one");
  InstancePool pool(module, PoolContext{budget, timers, hosts, post});
  InstancePool other(module, PoolContext{budget, other_timers, hosts, post});
  pool.add_holder(streams);
  other.add_holder(of_other);
  const rpc::Client& good = connect("10.0.0.1");
  for (int i = 0; i < 2; ++i) count(streams, {{&stream(pool, streams, good), {2, 2}}});
  for (int i = 0; i < 4; ++i) count(of_other, {{&stream(other, of_other, connect("10.0.0.2")), {4, 4}}});
  const Waiter& waits = call(pool, connect("10.0.0.3"));
  wait_long();
  EXPECT_NE(waits.instance, nullptr);
  EXPECT_EQ(streams.all.size(), 2U);
  EXPECT_EQ(of_other.all.size(), 3U);
  end_everything();
}

TEST_F(PressTest, StreamsOfAModuleStayWhoseOwnCallsWouldHaveTheirRoom) {
  IdleStreams streams;
  InstanceBudget budget(4, 3);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  InstancePool other(load("two"), PoolContext{budget, timers, hosts, post});
  pool.add_holder(streams);
  other.add_holder(streams);
  const rpc::Client& crowd = connect("10.0.0.2");
  for (int i = 0; i < 2; ++i) count(streams, {{&stream(pool, streams, connect("10.0.0.1")), {1, 1}}});
  for (int i = 0; i < 2; ++i) count(streams, {{&stream(other, streams, crowd), {2, 2}}});
  const Waiter& more_of_crowd = call(other, crowd);
  const Waiter& waits = call(pool, connect("10.0.0.3"));
  wait_long();
  EXPECT_EQ(waits.instance, nullptr) << "the other module has no more, and calls that wait";
  EXPECT_EQ(more_of_crowd.instance, nullptr);
  EXPECT_EQ(streams.all.size(), 4U);
  end_everything();
}

TEST_F(PressTest, OnlyStreamsOfItsOwnHelpAModuleThatHasAllItMayHave) {
  IdleStreams streams;
  InstanceBudget budget(6, 2);
  InstancePool pool(load("one"), PoolContext{budget, timers, hosts, post});
  InstancePool other(load("two"), PoolContext{budget, timers, hosts, post});
  pool.add_holder(streams);
  other.add_holder(streams);
  const rpc::Client& two = connect("10.0.0.1");
  for (int i = 0; i < 2; ++i) count(streams, {{&stream(pool, streams, two), {2, 2}}});
  for (int i = 0; i < 2; ++i) count(streams, {{&stream(other, streams, connect("10.0.0.2"), true), {9, 9}}});
  const Waiter& waits = call(pool, connect("10.0.0.3"));
  wait_long();
  EXPECT_NE(waits.instance, nullptr);
  EXPECT_EQ(streams.all.size(), 3U);
  end_everything();
}

/// As the instances of keys without calls: held, and given up when they are asked for.
struct IdleKeys final : InstanceHolder {
  explicit IdleKeys(InstancePool& its_pool) : pool(its_pool) { pool.add_holder(*this); }
  void hold(Waiter& waiter) {
    pool.stop_counting(waiter);
    held.push_back(std::move(waiter.instance));
    pool.count_held_idle(1);
  }
  GivenUp give_up_idle(InstancePool&) noexcept override {
    if (held.empty()) return GivenUp::none;
    auto instance = std::move(held.back());
    held.pop_back();
    pool.count_held_idle(-1);
    pool.discard(std::move(instance));
    return GivenUp::now;
  }
  std::optional<IdleStream> find_idle_stream(const Press&) noexcept override {
    ++streams_asked;
    return std::nullopt;
  }
  InstancePool& pool;
  std::vector<std::unique_ptr<GuestInstance>> held;
  int streams_asked = 0;
};

struct IdleKeysTest : SharesTest {
  IdleKeysTest() {
    for (int i = 0; i < 2; ++i) {
      Waiter& first = waiter(client);
      EXPECT_EQ(pool.acquire(first), Admission::taken);
      keys.hold(first);
    }
    // The module that has none is served first, by what this key has had given up for itself.
    EXPECT_EQ(other.acquire(others), Admission::waits);
    EXPECT_EQ(pool.acquire(another_key), Admission::waits);
    std::exchange(posted, {}).back()();  // the others are told of room; whoever was called in had nothing by then
    EXPECT_NE(others.instance, nullptr);
    EXPECT_EQ(another_key.instance, nullptr);
    EXPECT_EQ(keys.held.size(), 1U);
  }
  ~IdleKeysTest() override {
    for (const auto& one : waiters) {
      InstancePool& its_pool = one.get() == &others || one.get() == &more_others ? other : pool;
      its_pool.cancel(*one);
      its_pool.stop_counting(*one);
      if (one->instance != nullptr) its_pool.discard(std::move(one->instance));
    }
    while (keys.give_up_idle(pool) == GivenUp::now) {
    }
    settle();
  }

  InstanceBudget budget{2, 2};
  InstancePool pool{load("one"), PoolContext{budget, timers, hosts, post}};
  InstancePool other{load("two"), PoolContext{budget, timers, hosts, post}};
  IdleKeys keys{pool};
  const rpc::Client& client = connect("10.0.0.1");
  Waiter& another_key = waiter(client);
  Waiter& others = waiter(connect("10.0.0.2"));
  Waiter& more_others = waiter(connect("10.0.0.3"));
};

TEST_F(IdleKeysTest, AreGivenUpForOtherModulesAlsoWhileOtherKeysWait) {
  ASSERT_EQ(other.acquire(more_others), Admission::waits);
  settle();
  EXPECT_TRUE(keys.held.empty());
  EXPECT_NE(another_key.instance, nullptr) << "it has waited longer, and both modules have as many";
}

TEST_F(IdleKeysTest, AreGivenUpBeforeStreamsOfOthersAreEnded) {
  timers.run_due(rpc::Clock::now() + std::chrono::seconds(1));
  settle();
  EXPECT_NE(another_key.instance, nullptr);
  EXPECT_EQ(keys.streams_asked, 0);
}

TEST(ClientInstancesTest, IsAboveWhoWouldHaveFewerAfterOneChangedHands) {
  EXPECT_TRUE((ClientInstances{2, 1}.above({0, 0})));
  EXPECT_FALSE((ClientInstances{1, 1}.above({0, 0}))) << "an instance would only change hands";
  EXPECT_TRUE((ClientInstances{9, 5}.above({9, 3}))) << "of the same host";
  EXPECT_FALSE((ClientInstances{9, 5}.above({9, 4})));
  EXPECT_FALSE((ClientInstances{3, 3}.above({9, 0}))) << "its host has fewer";
}

}  // namespace
}  // namespace wasm_grpc::runtime
