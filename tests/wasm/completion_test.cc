// Host functions that answer later.
#include "wasm_grpc/completion.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support.h"

namespace wasm_grpc::wasm::test {
namespace {

/// What a guest is given that calls env.later(16, 5) in its exports "f", and in its start section when it says so; and
/// the promise that is kept or not.
template <typename R>
struct Later {
  std::optional<Completion<R>> promise;
  std::string asked;
  Sandboxed guest;

  explicit Later(const std::string& type, bool at_start = false)
      : guest(text(type, at_start), [this](Linker& linker) {
          expect_value(linker.define("env", "later", host_function([this](Completion<R> done, std::string_view text) {
                                       asked = text;
                                       promise = std::move(done);
                                     })));
        }) {}

  static std::string text(const std::string& type, bool at_start) {
    const std::string result = type.empty() ? "" : " (result " + type + ")";
    const std::string drop = type.empty() ? "" : "drop ";
    return "(module (import \"env\" \"later\" (func $later (param i32 i32)" + result +
           ")) (memory (export \"memory\") 1) (data (i32.const 16) \"hello\") (global (export \"answer\") (mut " +
           (type.empty() ? "i32" : type) + ") (" + (type.empty() ? "i32" : type) +
           ".const 0)) (func (export \"f\") (result i32) " +
           (type.empty() ? std::string("(call $later (i32.const 16) (i32.const 5))")
                         : "(global.set 0 (call $later (i32.const 16) (i32.const 5)))") +
           " (i32.load (i32.const 100)))" +
           (type.empty() ? ""
                         : "(func (export \"answers_3\") (result i32) (" + type + ".eq (global.get 0) (" + type +
                               ".const 3)))") +
           (at_start ? "(func $s (" + drop + "(call $later (i32.const 16) (i32.const 5)))) (start $s)" : "") + ")";
  }
  /// The guest has called it and waits.
  void suspend() {
    ASSERT_EQ(guest.instantiate(), Progress::done);
    guest.begin("f");
    ASSERT_EQ(guest.instance->poll(), Progress::suspended);
    ASSERT_EQ(guest.instance->poll(), Progress::suspended);
    ASSERT_TRUE(promise);
  }
  std::string trap() {
    EXPECT_EQ(guest.instance->poll(), Progress::failed);
    return guest.instance->failure().message;
  }
};

TEST(Completion, LetsTheGuestGoOnWithItsResult) {
  Later<std::int32_t> call("i32");
  call.suspend();
  EXPECT_EQ(call.asked, "hello");
  EXPECT_TRUE(call.promise->complete(3));
  ASSERT_EQ(call.guest.instance->poll(), Progress::done);
  EXPECT_EQ(call.guest.call("answers_3"), 1);
}

template <typename R>
void expect_to_bring(const std::string& type) {
  Later<R> call(type);
  call.suspend();
  EXPECT_TRUE(call.promise->complete(R{3}));
  ASSERT_EQ(call.guest.instance->poll(), Progress::done);
  EXPECT_EQ(call.guest.call("answers_3"), 1) << type;
}

TEST(Completion, BringsEveryKindOfNumber) {
  expect_to_bring<std::uint32_t>("i32");
  expect_to_bring<std::int64_t>("i64");
  expect_to_bring<std::uint64_t>("i64");
  expect_to_bring<float>("f32");
  expect_to_bring<double>("f64");
}

TEST(Completion, MayComeFromAnotherThread) {
  Later<void> call("");
  call.suspend();
  std::jthread([&] { EXPECT_TRUE(call.promise->complete()); }).join();
  EXPECT_EQ(call.guest.instance->poll(), Progress::done);
}

TEST(Completion, WritesIntoTheGuestAsItGoesOn) {
  Later<std::int32_t> call("i32");
  call.suspend();
  EXPECT_TRUE(call.promise->complete_with([](Caller& caller) {
    caller.range(100, 1)[0] = std::byte{42};
    return 3;
  }));
  ASSERT_EQ(call.guest.instance->poll(), Progress::done);
  EXPECT_EQ(call.guest.instance->result(), 42);
  EXPECT_EQ(call.guest.call("answers_3"), 1);
}

TEST(Completion, SeesTheMemoryOfAGuestThatIsBeingInstantiated) {
  Later<std::int32_t> call("i32", true);
  call.guest.instance->begin_instantiate();
  ASSERT_EQ(call.guest.instance->poll(), Progress::suspended);
  EXPECT_EQ(call.asked, "hello");
  std::size_t size = 0;
  call.promise->complete_with([&](Caller& caller) {
    size = caller.memory().size();
    return 0;
  });
  ASSERT_EQ(call.guest.instance->poll(), Progress::done);
  EXPECT_EQ(size, 65536u);
}

/// A guest that calls env.f once, which gives it what `give` says to be given later.
struct Limited {
  std::optional<Completion<std::int32_t>> promise;
  Sandboxed guest;

  explicit Limited(std::function<void(const Completion<std::int32_t>&)> give)
      : guest(R"((module (import "env" "f" (func $f (result i32))) (func (export "f") (result i32) (call $f))))",
              [this, give = std::move(give)](Linker& linker) {
                expect_value(linker.define("env", "f", host_function([this, give](Completion<std::int32_t> done) {
                                             give(done);
                                             promise = std::move(done);
                                           })));
              }) {}
  Progress call() {
    EXPECT_EQ(guest.instantiate(), Progress::done);
    guest.begin("f");
    return guest.instance->poll();
  }
};

TEST(Completion, IsGivenUpAtItsLimit) {
  const auto limit = Clock::now() + std::chrono::milliseconds(50);
  Limited limited([&](const auto& done) { done.give_up_at(limit, 7); });
  ASSERT_EQ(limited.call(), Progress::suspended);
  EXPECT_EQ(limited.guest.instance->suspension().until, limit) << "for whoever runs the guest";
  std::this_thread::sleep_until(limit);
  ASSERT_EQ(limited.guest.instance->poll(), Progress::done);
  EXPECT_EQ(limited.guest.instance->result(), 7);
  EXPECT_FALSE(limited.promise->wanted());
  EXPECT_FALSE(limited.promise->complete(3)) << "too late";
}

TEST(Completion, ThatComesBeforeItsLimitCounts) {
  const auto limit = Clock::now() + std::chrono::milliseconds(50);
  Limited limited([&](const auto& done) { done.give_up_at(limit, 7); });
  ASSERT_EQ(limited.call(), Progress::suspended);
  EXPECT_TRUE(limited.promise->complete(3));
  std::this_thread::sleep_until(limit);
  ASSERT_EQ(limited.guest.instance->poll(), Progress::done) << "it was given in time, and is taken later";
  EXPECT_EQ(limited.guest.instance->result(), 3);
}

TEST(Completion, MayTrapTheGuestAtItsLimit) {
  Limited limited([&](const auto& done) { done.fail_at(Clock::now(), "too slow"); });
  ASSERT_EQ(limited.call(), Progress::suspended);
  ASSERT_EQ(limited.guest.instance->poll(), Progress::failed);
  EXPECT_EQ(limited.guest.instance->failure().message, "too slow");
}

TEST(Completion, TrapsTheGuestWhenItFails) {
  Later<std::int64_t> call("i64");
  call.suspend();
  EXPECT_TRUE(call.promise->fail("the database is gone"));
  EXPECT_EQ(call.trap(), "the database is gone");
}

TEST(Completion, TrapsTheGuestWhenItIsForgotten) {
  Later<void> call("");
  call.suspend();
  call.promise.reset();
  EXPECT_EQ(call.trap(), "the host gave no answer");
}

TEST(Completion, TrapsTheGuestWhenItsLastStepGoesWrong) {
  Later<std::int32_t> throws("i32");
  throws.suspend();
  throws.promise->complete_with([](Caller&) -> std::int32_t { throw std::runtime_error("thrown"); });
  EXPECT_EQ(throws.trap(), "a host function failed: thrown");
  Later<std::int32_t> outside("i32");
  outside.suspend();
  outside.promise->complete_with(
      [](Caller& caller) { return static_cast<std::int32_t>(caller.range(65536, 1).size()); });
  EXPECT_NE(outside.trap().find("outside its memory"), std::string::npos);
}

TEST(Completion, CountsOnce) {
  Later<std::int32_t> call("i32");
  call.suspend();
  EXPECT_TRUE(call.promise->wanted());
  EXPECT_TRUE(call.promise->complete(3));
  EXPECT_FALSE(call.promise->complete(4));
  EXPECT_FALSE(call.promise->fail("too late"));
  EXPECT_FALSE(call.promise->wanted());
  ASSERT_EQ(call.guest.instance->poll(), Progress::done);
  EXPECT_EQ(call.guest.call("answers_3"), 1);
}

TEST(Completion, ComesToNothingWhenTheGuestIsGone) {
  for (const bool destroy : {false, true}) {
    Later<std::int32_t> call("i32");
    call.suspend();
    if (destroy) {
      call.guest.instance.reset();
    } else {
      call.guest.instance->drop();
    }
    EXPECT_FALSE(call.promise->wanted());
    EXPECT_FALSE(call.promise->complete_with([](Caller&) -> std::int32_t {
      ADD_FAILURE() << "nobody is there to take it";
      return 0;
    }));
  }
}

TEST(Completion, OutlivesAGuestThatIsDroppedAfterIt) {
  Later<std::int32_t> call("i32");
  call.suspend();
  EXPECT_TRUE(call.promise->complete(3));
  call.guest.instance.reset();
  call.promise.reset();
}

/// Answers within the call, in several ways.
std::string answered_at_once(const std::function<void(Completion<std::int32_t>)>& answer, std::int32_t& result,
                             const char* range = "(i32.const 16) (i32.const 5)") {
  Sandboxed guest(
      "(module (import \"env\" \"f\" (func $f (param i32 i32) (result i32))) (memory (export \"memory\") 1)"
      "(func (export \"f\") (result i32) (call $f " +
          std::string(range) + ")))",
      [&](Linker& linker) {
        expect_value(
            linker.define("env", "f", host_function([&](Completion<std::int32_t> done, std::span<const std::byte>) {
                            answer(std::move(done));
                          })));
      });
  EXPECT_EQ(guest.instantiate(), Progress::done);
  guest.begin("f");
  if (guest.instance->poll() == Progress::failed) return guest.instance->failure().message;
  EXPECT_FALSE(guest.instance->running()) << "it was not suspended";
  result = guest.instance->result();
  return {};
}

TEST(Completion, DoesNotSuspendAGuestThatIsAnsweredAtOnce) {
  std::int32_t result = 0;
  EXPECT_EQ(answered_at_once([](Completion<std::int32_t> done) { done.complete(7); }, result), "");
  EXPECT_EQ(result, 7);
  EXPECT_EQ(answered_at_once([](Completion<std::int32_t> done) { done.fail("no"); }, result), "no");
  EXPECT_EQ(answered_at_once([](Completion<std::int32_t>) {}, result), "the host gave no answer");
  EXPECT_EQ(answered_at_once([](Completion<std::int32_t>) { throw std::runtime_error("thrown"); }, result),
            "a host function failed: thrown");
}

TEST(Completion, IsNotAskedForWhenAPointerIsBad) {
  std::int32_t result = 0;
  bool called = false;
  const auto answer = [&](Completion<std::int32_t> done) {
    called = true;
    done.complete(1);
  };
  EXPECT_NE(answered_at_once(answer, result, "(i32.const 65536) (i32.const 1)").find("outside its memory"),
            std::string::npos);
  EXPECT_FALSE(called);
}

TEST(Completion, IsForgottenWithItsLastCopy) {
  const auto pending = std::make_shared<detail::PendingResult>();
  std::optional<Completion<>> promise(pending);
  std::optional<Completion<>> copy = promise;
  promise.reset();
  EXPECT_TRUE(pending->wanted());
  copy = Completion<>(std::make_shared<detail::PendingResult>());
  EXPECT_FALSE(pending->wanted());
}

struct CountingWaker final : detail::ResultWaker {
  bool note(std::uint64_t token) noexcept override {
    woken.push_back(token);
    return true;
  }
  void wake_up() noexcept override { ++wakes; }
  std::vector<std::uint64_t> woken;
  int wakes = 0;
};

TEST(PendingResult, ThatAreGivenInOneGoWakeOnceAtItsEnd) {
  const auto one = std::make_shared<CountingWaker>();
  const auto other = std::make_shared<CountingWaker>();
  std::array<detail::PendingResult, 3> pending;
  EXPECT_TRUE(pending[0].notify(one, 1));
  EXPECT_TRUE(pending[1].notify(other, 2));
  EXPECT_TRUE(pending[2].notify(one, 3));
  {
    detail::ResultWakes wakes;
    for (auto& each : pending) EXPECT_TRUE(each.give([](Caller&, RawValue*) {}, &wakes));
    EXPECT_EQ(one->woken, (std::vector<std::uint64_t>{1, 3}));
    EXPECT_EQ(one->wakes + other->wakes, 0) << "more is to come";
  }
  EXPECT_EQ(one->wakes, 1);
  EXPECT_EQ(other->wakes, 1);
}

TEST(PendingResult, WakesWhoeverWasNamedLast) {
  const auto one = std::make_shared<CountingWaker>();
  const auto other = std::make_shared<CountingWaker>();
  detail::PendingResult pending;
  EXPECT_TRUE(pending.notify(one, 1));
  EXPECT_TRUE(pending.notify(other, 2));
  EXPECT_TRUE(pending.give([](Caller&, RawValue*) {}));
  EXPECT_TRUE(one->woken.empty());
  EXPECT_EQ(other->woken, std::vector<std::uint64_t>{2});
  EXPECT_FALSE(pending.notify(one, 3)) << "it was given";
}

TEST(PendingResult, WakesNobodyWhoHasGone) {
  const auto waker = std::make_shared<CountingWaker>();
  detail::PendingResult pending;
  EXPECT_TRUE(pending.notify(waker, 1));
  pending.stop_notifying();
  EXPECT_TRUE(pending.give([](Caller&, RawValue*) {}));
  detail::PendingResult abandoned;
  EXPECT_TRUE(abandoned.notify(waker, 1));
  abandoned.abandon();
  EXPECT_FALSE(abandoned.give([](Caller&, RawValue*) {}));
  EXPECT_TRUE(waker->woken.empty());
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
