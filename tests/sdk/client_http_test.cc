// Plain HTTP that guests ask for, with a fake host below the SDK.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using testing::FakeHost;
using testing::FakeMadeCall;
using testing::FakePairs;
using Strings = std::vector<std::string>;

HttpQuestion question() {
  return {.method = "PUT",
          .path = "/v1/events?sort=name",
          .headers = {{"x-who", "me"}},
          .body = "tea",
          .authority = "a.example.com",
          .timeout = std::chrono::seconds(9),
          .most_body = 10};
}

std::string text_of(const Result<HttpAnswer>& answer) {
  if (!answer.is_ok()) return "code " + std::to_string(static_cast<int>(answer.status().code()));
  return std::to_string(answer->status) + " " + std::string(answer->header("x-from").value_or("?")) + " " +
         std::to_string(answer->headers.size()) + " " + answer->body;
}

class HttpQuestions : public ::testing::Test {
 protected:
  /// Opens a call of the only method, which is a coroutine: its number.
  std::int32_t open() {
    host_.made.in_events = true;
    registry_.service("test.Service").unary("Ask", [this](Context& context, Bytes) -> Task<Reply> {
      const auto answer = co_await AsyncHttpTarget("hooks").ask(context, question());
      co_return text_of(answer);
    });
    host_.calls[1].requests = {""};
    registry_.event(1, abi::event_open, host_.methods.back().tag);
    return 1;
  }
  /// What a handler answers.
  std::string answer_of_handler() {
    registry_.service("test.Service").unary("Ask", [](Context& context, Bytes) -> Reply {
      return text_of(HttpTarget("hooks").ask(context, question()));
    });
    host_.calls[1].requests = {""};
    EXPECT_EQ(registry_.dispatch(1, host_.methods.back().tag), 0);
    return host_.calls[1].sent.at(0);
  }
  void tell() {
    const std::int32_t number = host_.made.calls.rbegin()->first;
    registry_.event(number, abi::event_client, testing::FakeMadeCalls::holding(host_.made.last()));
  }
  static void answer(FakeMadeCall& call, Strings body) {
    call.headers = {{":status", "404"}, {"x-from", "shop"}};
    call.answer(std::move(body));
  }

  FakeHost host_;
  Registry registry_;
};

TEST_F(HttpQuestions, HaveAMethodAPathHeadersAndABody) {
  host_.made.while_waiting = [this] {
    answer(host_.made.last(), {"none"});
    return true;
  };
  EXPECT_EQ(answer_of_handler(), "404 shop 1 none");
  const FakeMadeCall& asked = host_.made.last();
  EXPECT_EQ(asked.target + asked.path, "hooks/v1/events?sort=name");
  EXPECT_EQ(asked.kind, 4);
  EXPECT_EQ(asked.timeout, 9'000'000'000);
  EXPECT_EQ(asked.metadata, (FakePairs{{":method", "PUT"}, {":authority", "a.example.com"}, {"x-who", "me"}}));
  EXPECT_EQ(asked.sent, Strings{"tea"});
  EXPECT_TRUE(asked.closed);
}

TEST_F(HttpQuestions, AreWaitedForPieceByPieceInAHandler) {
  host_.made.while_waiting = [this] {
    FakeMadeCall& call = host_.made.last();
    if (host_.made.waits == 1) {
      call.responses = {"no"};
    } else {
      answer(call, {"ne"});
    }
    return true;
  };
  EXPECT_EQ(answer_of_handler(), "404 shop 1 none");
}

TEST_F(HttpQuestions, EndWithWhyThereIsNoAnswer) {
  host_.made.when_made = [](FakeMadeCall& call) { call.answer({}, 14, "away"); };
  EXPECT_EQ(answer_of_handler(), "code 14");
}

TEST_F(HttpQuestions, GiveUpAnAnswerThatIsTooLarge) {
  host_.made.when_made = [](FakeMadeCall& call) { answer(call, {"12345", "67890", "1"}); };
  EXPECT_EQ(answer_of_handler(), "code 8");
}

TEST_F(HttpQuestions, AreAwaitedPieceByPieceInACoroutine) {
  const std::int32_t call = open();
  EXPECT_EQ(host_.made.last().sent, Strings{"tea"});
  host_.made.last().responses = {"no"};
  tell();
  EXPECT_TRUE(host_.calls[call].sent.empty());
  answer(host_.made.last(), {"ne"});
  tell();
  EXPECT_EQ(host_.calls[call].sent, Strings{"404 shop 1 none"});
  EXPECT_TRUE(host_.made.last().closed);
}

TEST_F(HttpQuestions, AreGivenUpInACoroutineWhereTheAnswerIsTooLarge) {
  const std::int32_t call = open();
  answer(host_.made.last(), {"12345678901"});
  tell();
  EXPECT_EQ(host_.calls[call].sent, Strings{"code 8"});
}

}  // namespace
}  // namespace wasm_grpc::guest
