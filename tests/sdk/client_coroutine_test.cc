// Calls that coroutines make, with a fake host below the SDK.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using namespace std::chrono_literals;
using testing::FakeCall;
using testing::FakeHost;
using testing::FakeMadeCall;
using Strings = std::vector<std::string>;

constexpr std::string_view path = "/shop.Stock/Count";

class CallsOfCoroutines : public ::testing::Test {
 protected:
  CallsOfCoroutines() { host_.made.in_events = true; }

  [[nodiscard]] Service service() { return registry_.service("test.Service"); }
  /// Opens a call of the method declared last, with one request; its number.
  std::int32_t open() {
    host_.calls[++last_].requests = {""};
    registry_.event(last_, abi::event_open, host_.methods.back().tag);
    return last_;
  }
  [[nodiscard]] FakeMadeCall& made(std::int32_t number = 0) { return host_.made.calls.at(1000 + number); }
  /// The host tells of a call that was made what holds.
  void tell(std::int32_t number = 0) {
    registry_.event(1000 + number, abi::event_client, testing::FakeMadeCalls::holding(made(number)));
  }
  void answer(std::int32_t number, Strings responses, std::int32_t code = 0, const std::string& text = {}) {
    made(number).answer(std::move(responses), code, text);
    tell(number);
  }
  [[nodiscard]] const Strings& sent(std::int32_t call) { return host_.calls[call].sent; }

  FakeHost host_;
  Registry registry_;
  AsyncTarget stock_{"stock"};

 private:
  std::int32_t last_ = 0;
};

TEST_F(CallsOfCoroutines, AreAwaitedWhileOthersAreServed) {
  service().unary("Count", [this](Context& context, Bytes) -> Task<Reply> {
    auto count = co_await stock_.unary(context, path, "tea");
    if (!count.is_ok()) co_return count.status();
    co_return std::string("there are ") + *count;
  });
  const std::int32_t first = open();
  const std::int32_t second = open();
  EXPECT_EQ(made(0).parent, first);
  EXPECT_EQ(made(1).parent, second);
  EXPECT_EQ(made(0).sent, Strings{"tea"});
  answer(1, {"5"});
  EXPECT_EQ(sent(second), Strings{"there are 5"});
  EXPECT_TRUE(sent(first).empty());
  EXPECT_TRUE(made(1).closed);
  made(0).responses = {"3"};  // a message that is not yet the end
  tell(0);
  EXPECT_TRUE(sent(first).empty());
  answer(0, {});
  EXPECT_EQ(sent(first), Strings{"there are 3"});
}

TEST_F(CallsOfCoroutines, NeedNoEventWhereTheAnswerIsThereAtOnce) {
  host_.made.when_made = [](FakeMadeCall& call) { call.answer({}, 5, "no tea"); };
  service().unary("Count", [this](Context& context, Bytes) -> Task<Reply> {
    co_return (co_await stock_.unary(context, path, "tea")).status();
  });
  const std::int32_t call = open();
  EXPECT_EQ(host_.calls[call].finished, std::pair(5, std::string("no tea")));
}

TEST_F(CallsOfCoroutines, GoOnBesideWhatTheCoroutineDoes) {
  Condition go_on;
  service().unary("Count", [&](Context& context, Bytes) -> Task<Reply> {
    const PendingReply<std::string> count = stock_.unary(context, path, "tea");
    co_await go_on.wait();
    auto result = co_await count;
    co_return *result + std::string(count.trailers().find("shelf").value_or("?"));
  });
  const std::int32_t call = open();
  made().trailers = {{"shelf", "B"}};
  answer(0, {"3"});
  EXPECT_TRUE(sent(call).empty());
  go_on.notify_all();
  tell(0);
  EXPECT_EQ(sent(call), Strings{"3B"});
}

TEST_F(CallsOfCoroutines, AreGivenUpWithTheCallTheyAreMadeFor) {
  service().unary("Count", [this](Context& context, Bytes) -> Task<Reply> {
    const auto spare = stock_.unary(context, path, "milk");
    co_return *(co_await stock_.unary(context, path, "tea"));
  });
  const std::int32_t call = open();
  EXPECT_FALSE(made(0).closed);
  host_.calls[call].cancelled = true;
  registry_.event(call, abi::event_cancelled, 0);
  EXPECT_TRUE(made(0).closed);
  EXPECT_TRUE(made(1).closed);
  tell(0);  // of a call that is gone: nothing
}

TEST_F(CallsOfCoroutines, SendTheirRequestWhenThereIsRoom) {
  host_.made.when_made = [](FakeMadeCall& call) { call.room = 0; };
  service().unary("Count", [this](Context& context, Bytes) -> Task<Reply> {
    co_return *(co_await stock_.unary(context, path, "tea"));
  });
  const std::int32_t call = open();
  EXPECT_TRUE(made().sent.empty());
  made().room = 1;
  tell();
  EXPECT_EQ(made().sent, Strings{"tea"});
  EXPECT_TRUE(made().half_closed);
  answer(0, {"3"});
  EXPECT_EQ(sent(call), Strings{"3"});
}

/// Asks three targets at once, and tells of each the response, or its code.
class FanOut : public CallsOfCoroutines {
 protected:
  FanOut() {
    service().unary("Ask", [this](Context& context, Bytes) -> Task<Reply> {
      auto tea = stock_.unary(context, path, "tea");
      auto milk = stock_.unary(context, path, "milk");
      auto ice = stock_.unary(context, path, "ice");
      const auto [a, b, c] = co_await when_all(200ms, std::move(tea), std::move(milk), std::move(ice));
      std::string merged;
      for (const auto* result : {&a, &b, &c}) {
        merged += result->is_ok() ? **result : std::to_string(static_cast<int>(result->status().code()));
        merged += " ";
      }
      co_return merged;
    });
  }
};

TEST_F(FanOut, WaitsForAllInWhateverOrderTheyCome) {
  const std::int32_t call = open();
  answer(2, {"c"});
  answer(0, {"a"});
  EXPECT_TRUE(sent(call).empty());
  answer(1, {}, 5);
  EXPECT_EQ(sent(call), Strings{"a 5 c "});
}

TEST_F(FanOut, GivesWhatThereIsAtTheDeadline) {
  const std::int32_t call = open();
  EXPECT_LE(host_.calls[call].timer.value(), 200'000'000);
  answer(1, {"b"});
  std::this_thread::sleep_for(201ms);
  registry_.event(call, abi::event_timer, 0);
  EXPECT_EQ(sent(call), Strings{"4 b 4 "});
  EXPECT_EQ(made(0).status, 1) << "it is cancelled";
  EXPECT_TRUE(made(2).closed);
}

TEST_F(CallsOfCoroutines, OfAnyNumberAreWaitedForInTheirOrder) {
  service().unary("Ask", [this](Context& context, Bytes) -> Task<Reply> {
    std::vector<PendingReply<std::string>> calls;
    for (const char* thing : {"tea", "milk"}) calls.push_back(stock_.unary(context, path, thing));
    const auto results = co_await when_all(1s, std::move(calls));
    co_return *results.at(0) + *results.at(1);
  });
  const std::int32_t call = open();
  answer(1, {"m"});
  answer(0, {"t"});
  EXPECT_EQ(sent(call), Strings{"tm"});
}

TEST_F(CallsOfCoroutines, ReadStreams) {
  service().unary("List", [this](Context& context, Bytes) -> Task<Reply> {
    auto lines = stock_.server_stream(context, path, "all");
    std::string all;
    while (const std::string* line = co_await lines.read()) all += *line + " ";
    const Status status = co_await lines.finish();
    co_return all + status.message();
  });
  const std::int32_t call = open();
  made().responses = {"one", "two"};
  tell();
  made().responses = {"three"};
  tell();
  EXPECT_TRUE(sent(call).empty());
  answer(0, {}, 14, "gone");
  EXPECT_EQ(sent(call), Strings{"one two three gone"});
}

TEST_F(CallsOfCoroutines, DropTheRestOfAStreamThatOnlyItsEndMattersOf) {
  service().unary("List", [this](Context& context, Bytes) -> Task<Reply> {
    auto lines = stock_.server_stream(context, path, "all");
    (void)co_await lines.read();
    const Status status = co_await lines.finish();
    co_return status;
  });
  const std::int32_t call = open();
  made().responses = {"one", "two"};
  tell();
  answer(0, {"three"}, 10, "so");
  EXPECT_EQ(host_.calls[call].finished, std::pair(10, std::string("so")));
}

TEST_F(CallsOfCoroutines, WriteStreams) {
  host_.made.when_made = [](FakeMadeCall& call) { call.room = 1; };
  service().unary("Sum", [this](Context& context, Bytes) -> Task<Reply> {
    auto out = stock_.client_stream(context, path);
    for (const char* thing : {"tea", "milk"}) {
      const Bytes bytes(thing);
      if (!co_await out.write(bytes)) co_return Status::internal("it has ended");
    }
    auto sum = co_await out.finish();
    co_return *sum;
  });
  const std::int32_t call = open();
  EXPECT_EQ(made().sent, Strings{"tea"});
  made().room = 1;
  tell();
  EXPECT_EQ(made().sent, (Strings{"tea", "milk"}));
  EXPECT_TRUE(made().half_closed);
  answer(0, {"2"});
  EXPECT_EQ(sent(call), Strings{"2"});
}

TEST_F(CallsOfCoroutines, AreSelectedAmongWhatElseIsWaitedFor) {
  service().bidi_stream("Talk", [this](Context& context, Stream<Bytes, Bytes>& client) -> Task<Status> {
    auto talk = stock_.bidi_stream(context, path);
    for (;;) {
      switch (co_await select(client.readable(), talk.readable(), sleep(10s))) {
        case 0: {
          const auto message = co_await client.read();
          if (!message) co_return co_await talk.finish();
          co_await talk.write(*message);
          break;
        }
        case 1: {
          const std::string* const answer = co_await talk.read();
          if (answer == nullptr) co_return co_await talk.finish();
          const Bytes bytes(*answer);
          co_await client.write(bytes);
          break;
        }
        default:
          co_return Status::deadline_exceeded();
      }
    }
  });
  host_.calls[50].ended = false;
  registry_.event(50, abi::event_open, host_.methods.back().tag);
  host_.calls[50].requests = {"tea?"};
  registry_.event(50, abi::event_message, 0);
  EXPECT_EQ(made().sent, Strings{"tea?"});
  made().responses = {"yes"};
  tell();
  EXPECT_EQ(sent(50), Strings{"yes"});
  host_.calls[50].ended = true;
  registry_.event(50, abi::event_half_close, 0);
  EXPECT_TRUE(made().half_closed);
  answer(0, {}, 0);
  ASSERT_TRUE(host_.calls[50].finished.has_value());
  EXPECT_EQ(host_.calls[50].finished->first, 0);
}

}  // namespace
}  // namespace wasm_grpc::guest
