// What the SDK makes of the events of calls whose methods are coroutines, with a fake host below it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest.h"

namespace {
std::size_t allocations = 0;
std::size_t allocated_bytes = 0;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  allocated_bytes += malloc_usable_size(memory);
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  allocated_bytes -= malloc_usable_size(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace wasm_grpc::guest {
namespace {

using namespace std::chrono_literals;
using testing::FakeCall;
using testing::FakeHost;
using Strings = std::vector<std::string>;

/// Notes its end.
struct Witness {
  Witness(std::string its_name, Strings& its_log) : name(std::move(its_name)), log(its_log) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { log.push_back(name); }
  std::string name;
  Strings& log;
};

class Coroutines : public ::testing::Test {
 protected:
  [[nodiscard]] Service service() { return registry_.service("test.Service"); }

  /// Opens a call of the method declared last; returns its number.
  std::int32_t open(FakeCall call) {
    host_.calls[++last_] = std::move(call);
    event(last_, abi::event_open, host_.methods.back().tag);
    return last_;
  }
  static FakeCall unary_call(std::string request = "", int room = -1) {
    FakeCall call;
    call.requests = {std::move(request)};
    call.room = room;
    return call;
  }
  /// A call whose client goes on sending.
  static FakeCall stream_call(int room = -1) {
    FakeCall call;
    call.ended = false;
    call.room = room;
    return call;
  }
  void event(std::int32_t call, std::int32_t event, std::int32_t value = 0) { registry_.event(call, event, value); }
  void client_sends(std::int32_t call, std::string message) {
    host_.calls[call].requests.push_back(std::move(message));
    event(call, abi::event_message);
  }
  void client_ends(std::int32_t call) {
    host_.calls[call].ended = true;
    event(call, abi::event_half_close);
  }
  void client_cancels(std::int32_t call) {
    host_.calls[call].cancelled = true;
    event(call, abi::event_cancelled);
  }
  [[nodiscard]] const FakeCall& call(std::int32_t id) { return host_.calls[id]; }
  /// Its status code; -1 while it has none.
  [[nodiscard]] std::int32_t code(std::int32_t id) {
    const auto& finished = host_.calls[id].finished;
    return finished ? finished->first : -1;
  }

  FakeHost host_;
  Strings ends_;
  Registry registry_;

 private:
  std::int32_t last_ = 0;
};

TEST_F(Coroutines, AreDeclaredInEventStyleBesideHandlers) {
  service()
      .unary("One", [](Context&, Bytes) -> Task<Reply> { co_return "coroutine"; })
      .client_stream("Two", [](Context&, InStream<Bytes>&) -> Task<Reply> { co_return ""; })
      .server_stream("Three", [](Context&, Bytes, OutStream<Bytes>&) -> Task<Status> { co_return Status::ok(); })
      .bidi_stream("Four", [](Context&, Stream<Bytes, Bytes>&) -> Task<Status> { co_return Status::ok(); })
      .unary("Five", [](Context&, Bytes) -> Reply { return "handler"; });
  ASSERT_EQ(host_.methods.size(), 5U);
  for (std::int32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(host_.methods[i].kind, i % 4);
    EXPECT_EQ(host_.methods[i].style, i < 4 ? abi::event_style : abi::handler_style);
    EXPECT_EQ(host_.methods[i].tag, i);
  }
  host_.calls[1].requests = {""};
  EXPECT_EQ(registry_.dispatch(1, 4), 0);
  EXPECT_EQ(call(1).sent, Strings{"handler"});
  EXPECT_EQ(registry_.dispatch(1, 0), 12) << "a coroutine is not a handler";
  host_.calls[2].requests = {""};
  event(2, abi::event_open, 0);
  EXPECT_EQ(call(2).sent, Strings{"coroutine"});
  EXPECT_EQ(code(2), 0);
  event(3, abi::event_open, 4);
  host_.calls[4].requests = {""};
  event(4, abi::event_open, 99);
  EXPECT_EQ(code(4), 12);
}

TEST_F(Coroutines, SayWhichInstanceTheirCallsMeet) {
  registry_.place_in_process();
  EXPECT_EQ(host_.placement, (std::pair<std::int32_t, std::string>{1, ""}));
  registry_.place_by_header("room-id");
  EXPECT_EQ(host_.placement, (std::pair<std::int32_t, std::string>{2, "room-id"}));
  registry_.place_per_worker();
  EXPECT_EQ(host_.placement, (std::pair<std::int32_t, std::string>{0, ""}));
}

TEST_F(Coroutines, AnswerUnaryCallsInAnyOrderAndLater) {
  Condition turn;
  std::string who;
  service().unary("Wait", [&](Context&, Bytes request) -> Task<Reply> {
    while (who != request.text()) co_await turn.wait();
    co_return "for " + request.copy();
  });
  const std::int32_t a = open(unary_call("a"));
  const std::int32_t b = open(unary_call(std::string(3000, 'b')));
  EXPECT_EQ(code(a), -1);
  service().unary("Call", [&](Context&, Bytes request) -> Task<Reply> {
    who = request.text();
    const std::size_t sent = call(b).sent.size();
    turn.notify_all();
    EXPECT_EQ(call(b).sent.size(), sent) << "the others go on after the one that runs";
    co_return "";
  });
  open(unary_call(std::string(3000, 'b')));
  EXPECT_EQ(code(a), -1);
  EXPECT_EQ(call(b).sent, Strings{"for " + std::string(3000, 'b')}) << "it has kept its request";
  EXPECT_EQ(code(b), 0);
  open(unary_call("a"));
  EXPECT_EQ(call(a).sent, Strings{"for a"});
}

TEST_F(Coroutines, GiveAStatusWithDetails) {
  service().unary("Fail", [](Context&, Bytes) -> Task<Reply> {
    co_return Status::not_found("no such thing").with_details("details");
  });
  const std::int32_t id = open(unary_call());
  EXPECT_EQ(call(id).finished, (std::pair<std::int32_t, std::string>{5, "no such thing"}));
  EXPECT_EQ(call(id).trailers,
            (std::vector<std::pair<std::string, std::string>>{{"grpc-status-details-bin", "details"}}));
  EXPECT_TRUE(call(id).sent.empty());
}

TEST_F(Coroutines, ReadMessagesAsTheyCome) {
  service().client_stream("Join", [](Context&, InStream<Bytes>& in) -> Task<Reply> {
    std::string joined;
    while (const auto message = co_await in.read()) joined.append(message->text()).append(";");
    EXPECT_FALSE(co_await in.read()) << "the end stays the end";
    co_return joined;
  });
  const std::int32_t one = open(stream_call());
  const std::int32_t other = open(stream_call());
  client_sends(one, "a");
  client_sends(other, std::string(5000, 'x'));
  event(one, abi::event_message);  // of nothing, as when others took it
  client_sends(one, "");
  EXPECT_EQ(code(one), -1);
  client_ends(one);
  EXPECT_EQ(call(one).sent, Strings{"a;;"});
  EXPECT_EQ(code(one), 0);
  client_ends(other);
  EXPECT_EQ(call(other).sent, Strings{std::string(5000, 'x') + ";"});
}

TEST_F(Coroutines, WaitForRoomToWrite) {
  service().bidi_stream("Echo", [](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
    while (const auto message = co_await stream.read()) {
      EXPECT_TRUE(co_await stream.write(*message));
      EXPECT_TRUE(co_await stream.write("again " + message->copy()));
    }
    co_return Status::out_of_range("the end");
  });
  const std::int32_t id = open(stream_call(1));
  client_sends(id, "a");
  client_sends(id, "b");
  EXPECT_EQ(call(id).sent, Strings{"a"});
  event(id, abi::event_writable);  // no room after all
  EXPECT_EQ(call(id).sent, Strings{"a"});
  host_.calls[id].room = 2;
  event(id, abi::event_writable);
  EXPECT_EQ(call(id).sent, (Strings{"a", "again a", "b"}));
  client_ends(id);
  EXPECT_EQ(code(id), -1);
  host_.calls[id].room = -1;
  event(id, abi::event_writable);
  EXPECT_EQ(call(id).sent.back(), "again b");
  EXPECT_EQ(call(id).finished->second, "the end");
}

TEST_F(Coroutines, KeepTheOneResponseUntilThereIsRoom) {
  service().unary("Scratch", [](Context& context, Bytes) -> Task<Reply> {
    std::string& scratch = context.scratch();
    scratch = "mine";
    co_return Bytes(scratch);
  });
  const std::int32_t first = open(unary_call("", 0));
  EXPECT_EQ(code(first), -1);
  service().unary("Other", [](Context& context, Bytes) -> Task<Reply> {
    context.scratch() = "yours";
    co_return "";
  });
  open(unary_call());
  host_.calls[first].room = 1;
  event(first, abi::event_writable);
  EXPECT_EQ(call(first).sent, Strings{"mine"});
  EXPECT_EQ(code(first), 0);
}

TEST_F(Coroutines, SleepByTheTimerOfTheirCall) {
  service().unary("Sleep", [](Context&, Bytes) -> Task<Reply> {
    co_await sleep(0s);
    co_await sleep(10ms);
    co_await sleep(20ms);
    co_return "";
  });
  const std::int32_t id = open(unary_call());
  EXPECT_EQ(call(id).timer, 10'000'000);
  event(id, abi::event_timer);
  EXPECT_EQ(call(id).timer, 20'000'000);
  EXPECT_EQ(code(id), -1);
  event(id, abi::event_timer);
  EXPECT_EQ(code(id), 0);
  event(id, abi::event_timer);  // of a call that is over
}

TEST_F(Coroutines, SelectTheFirstOfSeveral) {
  Condition news;
  std::size_t chosen = 99;
  service().bidi_stream("Select", [&](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
    for (;;) {
      chosen = co_await select(sleep(5s), stream.readable(), news.wait(), sleep(3s), stream.writable());
      if (chosen == 1 && !co_await stream.read()) co_return Status::ok();
    }
  });
  const std::int32_t id = open(stream_call(0));
  EXPECT_EQ(call(id).timer, 3'000'000'000) << "the sooner of two";
  client_sends(id, "a");
  EXPECT_EQ(chosen, 1U);
  event(id, abi::event_timer);
  EXPECT_EQ(chosen, 3U);
  event(id, abi::event_writable);
  EXPECT_EQ(chosen, 4U);
  news.notify_all();
  news.notify_all();
  EXPECT_EQ(chosen, 4U) << "it goes on with the next event";
  event(id, abi::event_message);
  EXPECT_EQ(chosen, 2U) << "it was no longer waiting for messages when that event came";
  host_.calls[id].requests = {"b", "c"};
  client_ends(id);
  EXPECT_EQ(code(id), 0) << "what holds already needs no event";
}

TEST_F(Coroutines, GoOnInTheOrderTheyCameToWait) {
  Condition free;
  Strings order;
  service().unary("Queue", [&](Context&, Bytes request) -> Task<Reply> {
    const std::string name = request.copy();
    co_await free.wait();
    order.push_back(name);
    co_return name;
  });
  std::vector<std::int32_t> calls;
  for (const char* name : {"a", "b", "c", "d"}) calls.push_back(open(unary_call(name)));
  client_cancels(calls[1]);
  free.notify_one();
  free.notify_one();
  event(calls[3], abi::event_timer);
  EXPECT_EQ(order, (Strings{"a", "c"}));
  free.notify_all();
  free.notify_one();
  event(calls[3], abi::event_timer);
  EXPECT_EQ(order, (Strings{"a", "c", "d"}));
}

TEST_F(Coroutines, ANotifyIsNotLostOnOneThatWasWokenByOtherMeans) {
  Condition free;
  Strings order;
  service().bidi_stream("Select", [&](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
    order.push_back(co_await select(stream.readable(), free.wait()) == 0 ? "message" : "notify");
    co_return Status::ok();
  });
  const std::int32_t first = open(stream_call());
  open(stream_call());
  service().unary("Notify", [&](Context&, Bytes) -> Task<Reply> {
    free.notify_one();
    event(first, abi::event_message);  // cannot happen in the midst of another event, but nothing breaks
    free.notify_one();
    co_return "";
  });
  open(unary_call());
  EXPECT_EQ(order, (Strings{"notify", "notify"}));
}

Task<> innermost(Condition& condition, Strings& ends) {
  const Witness witness("innermost", ends);
  co_await condition.wait();
}
Task<int> middle(Condition& condition, Strings& ends) {
  const Witness witness("middle", ends);
  co_await innermost(condition, ends);
  co_return 4;
}

TEST_F(Coroutines, EndWhereTheyWaitWhenTheirCallIsCancelled) {
  Condition condition;
  service().bidi_stream("Wait", [&](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
    const Witness witness("method", ends_);
    if (co_await middle(condition, ends_) == 4) (void)co_await stream.read();
    co_return Status::ok();
  });
  const std::int32_t in_task = open(stream_call());
  client_cancels(in_task);
  EXPECT_EQ(ends_, (Strings{"innermost", "middle", "method"}));
  EXPECT_EQ(code(in_task), -1);
  condition.notify_all();
  const std::int32_t in_read = open(stream_call());
  ends_.clear();
  condition.notify_all();
  event(in_read, abi::event_timer);
  EXPECT_EQ(ends_, (Strings{"innermost", "middle"}));
  host_.calls[in_read].cancelled = true;
  event(in_read, abi::event_message);  // recv answers CANCELLED before that is told of
  EXPECT_EQ(ends_.size(), 2U);
  event(in_read, abi::event_cancelled);
  EXPECT_EQ(ends_.back(), "method");
}

TEST_F(Coroutines, AreDestroyedWithTheirRegistry) {
  {
    Registry registry;
    Condition condition;
    registry.service("test.Other").unary("Wait", [&](Context&, Bytes) -> Task<Reply> {
      co_await middle(condition, ends_);
      co_return "";
    });
    for (std::int32_t id = 1; id <= 40; ++id) {
      host_.calls[id] = unary_call();
      registry.event(id, abi::event_open, 0);
    }
  }
  EXPECT_EQ(ends_.size(), 80U);
}

TEST_F(Coroutines, WriteToTheStreamsOfOthers) {
  std::vector<OutStream<Bytes>*> members;
  service().server_stream("Subscribe", [&](Context&, Bytes, OutStream<Bytes>& out) -> Task<Status> {
    members.push_back(&out);
    Condition never;
    co_await never.wait();
    co_return Status::ok();
  });
  const std::int32_t first = open(unary_call());
  const std::int32_t second = open(unary_call("", 0));
  service().unary("Publish", [&](Context&, Bytes request) -> Task<Reply> {
    EXPECT_TRUE(members[0]->try_write(request));
    EXPECT_FALSE(members[1]->try_write(request));
    co_return co_await members[1]->write(request) ? "delivered" : "gone";
  });
  const std::int32_t delivered = open(unary_call("one"));
  const std::int32_t gone = open(unary_call("two"));
  host_.calls[second].room = 1;
  event(second, abi::event_writable);
  EXPECT_EQ(call(delivered).sent, Strings{"delivered"});
  EXPECT_EQ(code(gone), -1);
  client_cancels(second);
  EXPECT_EQ(call(gone).sent, Strings{"gone"});
  EXPECT_EQ(call(first).sent, (Strings{"one", "two"}));
  EXPECT_EQ(call(second).sent, Strings{"one"});
}

TEST_F(Coroutines, AStreamMayEndBetweenTheNewsOfItAndTheOneThatWaitsForIt) {
  OutStream<Bytes>* slow = nullptr;
  service().server_stream("Slow", [&](Context&, Bytes, OutStream<Bytes>& out) -> Task<Status> {
    slow = &out;
    co_await out.write("mine");
    co_return Status::ok();
  });
  const std::int32_t owner = open(unary_call("", 0));
  service().unary("Write", [&](Context&, Bytes request) -> Task<Reply> {
    co_return co_await slow->write(request) ? "delivered" : "gone";
  });
  const std::int32_t writer = open(unary_call("theirs"));
  host_.calls[owner].room = -1;
  event(owner, abi::event_writable);  // wakes both; the first ends the call
  EXPECT_EQ(call(owner).sent, Strings{"mine"});
  EXPECT_EQ(code(owner), 0);
  EXPECT_EQ(call(writer).sent, Strings{"gone"});
}

TEST_F(Coroutines, GoOnAfterAStatusGivenEarly) {
  service().bidi_stream("Early", [&](Context& context, Stream<Bytes, Bytes>& stream) -> Task<Status> {
    const Witness witness("the end", ends_);
    EXPECT_TRUE(context.finish(Status::aborted("early")));
    co_await sleep(1h);  // there is no timer any more
    EXPECT_EQ(co_await select(sleep(1h)), 0U);
    host_.calls.erase(1);  // as the host does it
    co_await select(stream.readable());
    co_await stream.writable();
    EXPECT_FALSE(co_await stream.read());
    EXPECT_FALSE(co_await stream.write("late"));
    co_return Status::internal("late");
  });
  const std::int32_t id = open(stream_call());
  EXPECT_EQ(id, 1);
  EXPECT_EQ(ends_, Strings{"the end"});
}

Task<int> at_once(int value) { co_return value; }
Task<> one_wait(Condition& condition) { co_await condition.wait(); }

TEST_F(Coroutines, DoNotUseUpTheStackByWhatTheyAwait) {
  Condition condition;
  std::int64_t sum = 0;
  service().unary("Sum", [&](Context&, Bytes) -> Task<Reply> {
    for (int i = 0; i < 1'000'000; ++i) sum += co_await at_once(1);
    for (int i = 0; i < 100'000; ++i) co_await one_wait(condition);
    co_return std::to_string(sum);
  });
  const std::int32_t id = open(unary_call());
  for (int i = 0; i < 100'000; ++i) {
    condition.notify_all();
    event(id, abi::event_timer);
  }
  EXPECT_EQ(call(id).sent, Strings{"1000000"});
}

TEST_F(Coroutines, DoNotAllocateForEvents) {
  std::size_t messages = 0;
  service().bidi_stream("Count", [&](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
    while (co_await stream.read()) {
      ++messages;
      (void)co_await select(stream.writable(), sleep(1s));
    }
    co_return Status::ok();
  });
  const std::int32_t id = open(stream_call());
  std::deque<std::string>& requests = host_.calls[id].requests;
  for (int i = 0; i < 100; ++i) {
    requests.emplace_back("m");
    const std::size_t before = allocations;
    event(id, abi::event_message);
    event(id, abi::event_writable);
    event(id, abi::event_timer);
    if (i == 0) continue;  // the first message makes the buffer
    EXPECT_EQ(allocations, before);
  }
  EXPECT_EQ(messages, 100U);
}

TEST_F(Coroutines, KeepNoLargeMessageWhileTheyWaitForTheNext) {
  std::size_t last_size = 0;
  service().bidi_stream("Count", [&](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
    while (const auto message = co_await stream.read()) last_size = message->size();
    co_return Status::ok();
  });
  client_sends(open(stream_call()), std::string(100'000, 'm'));  // makes the buffer that all share
  const std::int32_t id = open(stream_call());
  const std::size_t before = allocated_bytes;
  client_sends(id, std::string(100'000, 'm'));
  EXPECT_EQ(last_size, 100'000U);
  host_.calls[id].requests = {};
  EXPECT_LT(allocated_bytes, before + 10'000);
}

TEST_F(Coroutines, ManyCallsAreToldApartByTheirNumbers) {
  std::size_t ended = 0;
  service().client_stream("Wait", [&](Context&, InStream<Bytes>& in) -> Task<Reply> {
    while (co_await in.read()) {
    }
    ++ended;
    co_return "";
  });
  std::vector<std::int32_t> calls;
  for (int i = 0; i < 5000; ++i) calls.push_back(open(stream_call()));
  for (std::size_t i = 0; i < calls.size(); i += 3) client_cancels(calls[i]);
  for (const std::int32_t id : calls) client_ends(id);
  EXPECT_EQ(ended, 5000U - 1667U);
}

TEST_F(Coroutines, GoOnWhenTheAlarmOfTheirInstanceWakesThem) {
  Condition woken;
  registry_.on_alarm([&] { woken.notify_all(); });
  service().unary("Wait", [&](Context&, Bytes) -> Task<Reply> {
    set_alarm(5s);
    co_await woken.wait();
    co_return "woken";
  });
  const std::int32_t id = open(unary_call());
  EXPECT_EQ(host_.alarm, 5'000'000'000);
  EXPECT_EQ(code(id), -1);
  event(abi::no_call, abi::event_alarm);
  EXPECT_EQ(call(id).sent, Strings{"woken"});
}

TEST_F(Coroutines, HearOfTheEndOfTheirInstanceWhenTheyAskForIt) {
  EXPECT_FALSE(host_.wants_ending);
  registry_.on_ending([&] { ends_.push_back("ending"); });
  EXPECT_EQ(host_.wants_ending, 1);
  EXPECT_TRUE(tell_of_ending(false));
  EXPECT_EQ(host_.wants_ending, 0);
  event(abi::no_call, abi::event_ending);
  event(abi::no_call, 1000);
  event(abi::no_call, abi::event_alarm);  // for which there is no function
  EXPECT_EQ(ends_, Strings{"ending"});
}

TEST_F(Coroutines, HaveNoAlarmsAndEndingsOnAHostThatIsOlder) {
  host_.is_old = true;
  EXPECT_FALSE(set_alarm(1s));
  EXPECT_FALSE(tell_of_ending(true));
  cancel_alarm();
}

}  // namespace
}  // namespace wasm_grpc::guest
