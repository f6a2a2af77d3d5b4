// Instances: calls, traps, limits, time slices, suspension.
#include "wasm/instance.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support.h"
#include "wasm/epoch.h"

namespace wasm_grpc::wasm::test {
namespace {

using namespace std::chrono_literals;

TEST(Instance, CallsExportsWithArguments) {
  Sandboxed guest(R"((module
      (func (export "subtract") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
      (func (export "nothing"))
      (global (export "number") i32 (i32.const 1))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EXPECT_EQ(guest.call("subtract", {5, 7}), -2);
  guest.begin("nothing", {}, false);
  EXPECT_EQ(guest.finish(), Progress::done);
  EXPECT_FALSE(guest.instance->running());
  EXPECT_FALSE(guest.instance->find_function("absent"));
  EXPECT_FALSE(guest.instance->find_function("number"));
  EXPECT_TRUE(guest.instance->memory().empty());
}

TEST(Instance, KeepsItsMemoryBetweenCalls) {
  Sandboxed guest(R"((module (memory (export "memory") 1)
      (func (export "count") (result i32)
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))) (i32.load (i32.const 8)))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EXPECT_EQ(guest.call("count"), 1);
  EXPECT_EQ(guest.call("count"), 2);
  EXPECT_EQ(guest.instance->memory()[8], std::byte{2});
  // And shares it with no other instance.
  Instance other(*guest.linked);
  other.begin_instantiate();
  ASSERT_EQ(other.poll(), Progress::done);
  EXPECT_EQ(other.memory()[8], std::byte{0});
}

TEST(Instance, HasNothingOfTheInstanceThatHadItsPlaceBefore) {
  // One slot, of which the engine overwrites the beginning, part of a page, all or more, and gives back the rest.
  for (const std::size_t kept : {std::size_t{0}, std::size_t{5000}, std::size_t{65536}, std::size_t{1} << 20}) {
    EngineOptions options;
    options.max_instances = 1;
    options.max_memory_bytes = std::size_t{4} << 20;
    options.kept_memory_bytes = kept;
    const Engine engine = expect_value(Engine::create(options));
    const Linker linker(engine);
    const auto linked = expect_value(linker.link(expect_value(compile(engine, R"((module
        (memory (export "memory") 3) (table $table 10 funcref) (elem declare func $f) (global $g (mut i32) (i32.const 7))
        (data (i32.const 100) "first") (data (i32.const 70000) "second")
        (func $f)
        (func (export "clean") (result i32)
          (i32.and (ref.is_null (table.get $table (i32.const 3))) (i32.eq (global.get $g) (i32.const 7))))
        (func (export "litter") (result i32)
          (drop (memory.grow (i32.const 2)))
          (memory.fill (i32.const 0) (i32.const 255) (i32.const 327680))
          (table.set $table (i32.const 3) (ref.func $f)) (global.set $g (i32.const 8)) (i32.const 0))))"))));
    for (int i = 0; i < 3; ++i) {
      Instance instance(*linked);
      instance.begin_instantiate();
      ASSERT_EQ(instance.poll(), Progress::done);
      std::string expected(3 * 65536, '\0');
      expected.replace(100, 5, "first").replace(70000, 6, "second");
      const auto memory = instance.memory();
      EXPECT_TRUE(expected == std::string_view(reinterpret_cast<const char*>(memory.data()), memory.size()))
          << "instance " << i << " with " << kept << " bytes kept";
      for (const auto& [name, answer] : {std::pair{"clean", 1}, std::pair{"litter", 0}}) {
        instance.begin_call(*instance.find_function(name), {}, true);
        ASSERT_EQ(instance.poll(), Progress::done);
        EXPECT_EQ(instance.result(), answer);
      }
    }
  }
}

TEST(Instance, TrapsWithABacktraceThatNamesFunctions) {
  Sandboxed guest(R"((module
      (func $inner unreachable)
      (func $outer (export "outer") (result i32) call $inner i32.const 0)))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  guest.begin("outer");
  ASSERT_EQ(guest.finish(), Progress::failed);
  const Failure& failure = guest.instance->failure();
  EXPECT_EQ(failure.kind, Failure::Kind::trap);
  EXPECT_EQ(failure.message, "wasm trap: wasm `unreachable` instruction executed");
  ASSERT_EQ(failure.backtrace.size(), 2U);
  EXPECT_TRUE(failure.backtrace[0].starts_with("inner at offset")) << failure.backtrace[0];
  EXPECT_TRUE(failure.backtrace[1].starts_with("outer at offset")) << failure.backtrace[1];
  EXPECT_NE(failure.describe().find("\n    in inner"), std::string::npos);
}

TEST(Instance, TrapsOnEveryKindOfFault) {
  struct Case {
    const char* body;
    const char* message;
  };
  for (const Case& fault : {
           Case{"(i32.load (i32.const 65533))", "out of bounds memory access"},
           Case{"(i32.load (i32.const -4))", "out of bounds memory access"},
           Case{"(i32.div_s (i32.const 1) (i32.const 0))", "integer divide by zero"},
           Case{"(call_indirect (result i32) (i32.const 9))", "undefined element"},
           Case{"(call $f)", "call stack exhausted"},
       }) {
    Sandboxed guest(R"((module (memory (export "memory") 1) (table 4 funcref)
        (func $f (export "f") (result i32) )" +
                    std::string(fault.body) + "))");
    ASSERT_EQ(guest.instantiate(), Progress::done);
    guest.begin("f");
    ASSERT_EQ(guest.finish(), Progress::failed) << fault.body;
    EXPECT_NE(guest.instance->failure().message.find(fault.message), std::string::npos)
        << guest.instance->failure().message;
  }
}

TEST(Instance, BoundsTheBacktraceOfADeepStack) {
  Sandboxed guest(R"((module (func $f (export "f") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then unreachable))
      (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  guest.begin("f", {1000});
  ASSERT_EQ(guest.finish(), Progress::failed);
  EXPECT_LE(guest.instance->failure().backtrace.size(), 31U);
}

TEST(Instance, FailsToStartWhenItsStartFunctionTraps) {
  Sandboxed guest("(module (func $s unreachable) (start $s))");
  EXPECT_EQ(guest.instantiate(), Progress::failed);
  EXPECT_NE(guest.instance->failure().message.find("unreachable"), std::string::npos);
}

TEST(Instance, MayNotGrowItsMemoryBeyondTheLimit) {
  Sandboxed guest(R"((module (memory (export "memory") 1)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EXPECT_EQ(guest.call("grow", {62}), 1);
  EXPECT_EQ(guest.call("grow", {1}), 63);
  EXPECT_EQ(guest.call("grow", {1}), -1);
  EXPECT_EQ(guest.instance->memory().size(), std::size_t{4} << 20);
}

TEST(Instance, IsRefusedWhenAllSlotsAreTaken) {
  Sandboxed guest("(module (memory 1))");
  ASSERT_EQ(guest.instantiate(), Progress::done);
  std::vector<std::unique_ptr<Instance>> more;
  for (int i = 0; i < 3; ++i) {
    more.push_back(std::make_unique<Instance>(*guest.linked));
    more.back()->begin_instantiate();
    ASSERT_EQ(more.back()->poll(), Progress::done) << more.back()->failure().describe();
  }
  {
    Instance one_too_many(*guest.linked);
    one_too_many.begin_instantiate();
    ASSERT_EQ(one_too_many.poll(), Progress::failed);
    EXPECT_NE(one_too_many.failure().message.find("limit"), std::string::npos) << one_too_many.failure().message;
  }
  more.pop_back();
  Instance next(*guest.linked);
  next.begin_instantiate();
  EXPECT_EQ(next.poll(), Progress::done);
}

constexpr std::string_view spinning = R"((module
    (func (export "spin") (result i32) (loop $again (br $again)) (i32.const 0))
    (func (export "count_down") (param i32) (result i32)
      (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))))";

TEST(Slices, EndWhenTheEngineTicks) {
  Sandboxed guest(spinning);
  ASSERT_EQ(guest.instantiate(), Progress::done);
  std::atomic<bool> stop = false;
  std::thread ticking([&] {
    while (!stop) {
      guest.engine.tick();
      std::this_thread::sleep_for(200us);
    }
  });
  guest.begin("spin");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guest.instance->poll(), Progress::sliced);
  guest.instance->drop();
  EXPECT_FALSE(guest.instance->running());
  stop = true;
  ticking.join();
}

TEST(Slices, GoOnWhereTheyEndedAlsoOnAnotherThread) {
  Sandboxed guest(spinning);
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EpochTicker ticker(guest.engine);
  EpochTicker::Activity activity(ticker);
  activity.enter();
  guest.begin("count_down", {100'000'000});
  const Progress first = guest.instance->poll();
  EXPECT_TRUE(first == Progress::sliced || first == Progress::done);
  if (first == Progress::sliced) {
    std::thread([&] { EXPECT_EQ(guest.finish(), Progress::done); }).join();
  }
  activity.leave();
  EXPECT_EQ(guest.instance->result(), 0);
}

TEST(Slices, AreEndedByATickerThatWakesWhenGuestsRun) {
  Sandboxed guest(spinning);
  ASSERT_EQ(guest.instantiate(), Progress::done);
  EpochTicker ticker(guest.engine);
  EpochTicker::Activity activity(ticker);
  std::this_thread::sleep_for(100ms);  // long enough for it to have gone to sleep
  for (int i = 0; i < 3; ++i) {
    activity.enter();
    guest.begin("spin");
    EXPECT_EQ(guest.instance->poll(), Progress::sliced);
    activity.leave();
    guest.instance->drop();
    guest.instance = std::make_unique<Instance>(*guest.linked);
    ASSERT_EQ(guest.instantiate(), Progress::done);
  }
}

/// A host function that suspends until the test sets `answer`.
struct Gate {
  std::optional<std::int32_t> answer;
  int asked = 0;
  void define(Linker& linker) {
    expect_value(linker.define_suspending("env", "wait", host_function([this](Caller& caller, std::int32_t interests) {
                                            Suspension suspension;
                                            suspension.interests = static_cast<std::uint32_t>(interests);
                                            suspension.notes[0] = reinterpret_cast<std::uintptr_t>(this);
                                            suspension.resolve = [](Instance&, const Suspension& waiting) {
                                              auto* gate = reinterpret_cast<Gate*>(waiting.notes[0]);
                                              ++gate->asked;
                                              return gate->answer;
                                            };
                                            if (interests < 0) caller.trap("no such interests");
                                            if (interests != 0) {
                                              InstanceCaller::from(caller).instance().suspend(suspension);
                                            }
                                            return std::int32_t{-1};
                                          })));
  }
};

constexpr std::string_view waiting = R"((module
    (import "env" "wait" (func $wait (param i32) (result i32)))
    (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
    (func (export "wait_twice") (param i32) (result i32)
      (i32.add (call $wait (local.get 0)) (call $wait (local.get 0))))))";

class Waiting : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(guest.instantiate(), Progress::done); }
  Gate gate;
  Sandboxed guest{waiting, [this](Linker& linker) { gate.define(linker); }};
};

TEST_F(Waiting, SuspendsTheGuestUntilItIsResolved) {
  guest.begin("wait", {6});
  ASSERT_EQ(guest.instance->poll(), Progress::suspended);
  EXPECT_EQ(gate.asked, 0);
  EXPECT_EQ(guest.instance->suspension().interests, 6U);
  EXPECT_EQ(guest.instance->suspension().until, Suspension::never);
  ASSERT_EQ(guest.instance->poll(), Progress::suspended);
  EXPECT_EQ(gate.asked, 1);
  gate.answer = 42;
  ASSERT_EQ(guest.instance->poll(), Progress::done);
  EXPECT_EQ(guest.instance->result(), 42);
}

TEST_F(Waiting, DoesNotSuspendWhenTheHostFunctionAnswersAtOnce) {
  guest.begin("wait", {0});
  ASSERT_EQ(guest.instance->poll(), Progress::done);
  EXPECT_EQ(guest.instance->result(), -1);
}

TEST_F(Waiting, SuspendsAsOftenAsItIsAsked) {
  gate.answer = 4;
  guest.begin("wait_twice", {1});
  EXPECT_EQ(guest.instance->poll(), Progress::suspended);
  EXPECT_EQ(guest.instance->poll(), Progress::suspended);
  ASSERT_EQ(guest.instance->poll(), Progress::done);
  EXPECT_EQ(guest.instance->result(), 8);
  EXPECT_EQ(guest.call("wait", {1}), 4) << "the instance is good for another call";
}

TEST_F(Waiting, TrapsInsteadWhenTheHostFunctionDoes) {
  guest.begin("wait", {-1});
  ASSERT_EQ(guest.instance->poll(), Progress::failed);
  EXPECT_EQ(guest.instance->failure().message, "no such interests");
}

TEST_F(Waiting, EndsWhenItIsDropped) {
  guest.begin("wait", {1});
  ASSERT_EQ(guest.instance->poll(), Progress::suspended);
  guest.instance->drop();
  EXPECT_FALSE(guest.instance->running());
  guest.instance->drop();
  guest.instance.reset();
  // Its slot is free again.
  for (int i = 0; i < 8; ++i) {
    Instance next(*guest.linked);
    next.begin_instantiate();
    ASSERT_EQ(next.poll(), Progress::done);
  }
}

TEST_F(Waiting, LeavesOtherInstancesRunning) {
  guest.begin("wait", {1});
  ASSERT_EQ(guest.instance->poll(), Progress::suspended);
  Instance other(*guest.linked);
  other.begin_instantiate();
  ASSERT_EQ(other.poll(), Progress::done);
  const auto function = other.find_function("wait");
  const std::int32_t zero = 0;
  other.begin_call(*function, std::span(&zero, 1), true);
  ASSERT_EQ(other.poll(), Progress::done);
  gate.answer = 1;
  EXPECT_EQ(guest.instance->poll(), Progress::done);
}

TEST(Exit, IsToldFromATrap) {
  Sandboxed guest(
      R"((module (import "env" "exit" (func $exit (param i32))) (func (export "f") (result i32)
          (call $exit (i32.const 7)) (i32.const 0))))",
      [](Linker& linker) {
        expect_value(linker.define("env", "exit", host_function([](Caller& caller, std::int32_t code) {
                                     InstanceCaller::from(caller).instance().set_exit_code(code);
                                     caller.trap("it exits");
                                   })));
      });
  ASSERT_EQ(guest.instantiate(), Progress::done);
  guest.begin("f");
  ASSERT_EQ(guest.finish(), Progress::failed);
  EXPECT_EQ(guest.instance->failure().kind, Failure::Kind::exit);
  EXPECT_EQ(guest.instance->failure().exit_code, 7);
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
