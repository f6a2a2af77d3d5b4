// Streams that make way for calls that have waited long: whose, and how many.
#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <thread>

#include "runtime/instance_pool_fixture.h"

namespace wasm_grpc::runtime {
namespace {

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

}  // namespace
}  // namespace wasm_grpc::runtime
