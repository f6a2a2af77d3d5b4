#include "runtime/instance_pool_fixture.h"

namespace wasm_grpc::runtime {
namespace {

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
