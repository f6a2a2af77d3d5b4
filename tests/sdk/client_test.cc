// Calls that handlers make, with a fake host below the SDK.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest.h"
#include "wasm_grpc/guest/error_details.h"

namespace wasm_grpc::guest {
namespace {

using namespace std::chrono_literals;
using testing::FakeHost;
using testing::FakeMadeCall;
using Strings = std::vector<std::string>;

constexpr std::string_view path = "/shop.Stock/Count";

class CallsOfHandlers : public ::testing::Test {
 protected:
  [[nodiscard]] FakeMadeCall& made(std::int32_t number = 0) { return host_.made.calls.at(1000 + number); }
  void answer_at_once(Strings responses, std::int32_t code = 0, const std::string& text = {}) {
    host_.made.when_made = [=](FakeMadeCall& call) { call.answer(responses, code, text); };
  }
  /// What comes about while the guest waits, one after the other; then the time passes.
  void meanwhile(std::vector<std::function<void()>> steps) {
    host_.made.while_waiting = [steps, next = std::size_t{0}]() mutable {
      if (next == steps.size()) return false;
      steps[next++]();
      return true;
    };
  }

  FakeHost host_;
  Registry registry_;
  detail::Instance instance_;
  detail::AsyncLoop loop_{instance_};
  Context context_{7, instance_};
  Target stock_{"stock"};
};

TEST_F(CallsOfHandlers, SayWhomTheyCallForWhomAndHowLong) {
  answer_at_once({"3"});
  const auto count =
      stock_.unary(context_, path, "tea", {.timeout = 50ms, .metadata = {{"who", "me"}, {"x-bin", {"\0", 1}}}});
  ASSERT_TRUE(count.is_ok()) << count.status().message();
  EXPECT_EQ(*count, "3");
  EXPECT_EQ(made().target, "stock");
  EXPECT_EQ(made().path, path);
  EXPECT_EQ(made().kind, abi::unary);
  EXPECT_EQ(made().parent, 7);
  EXPECT_EQ(made().timeout, 50'000'000);
  EXPECT_EQ(made().metadata, (testing::FakePairs{{"who", "me"}, {"x-bin", std::string(1, '\0')}}));
  EXPECT_TRUE(made().closed);
}

TEST_F(CallsOfHandlers, HaveNoTimeOfTheirOwnWhereNoneIsSaid) {
  answer_at_once({""});
  EXPECT_TRUE(stock_.unary(context_, path, "").is_ok());
  EXPECT_EQ(made().timeout, abi::no_timeout);
  EXPECT_TRUE(stock_.unary(context_, path, "", {.timeout = -1s}).is_ok());
  EXPECT_EQ(made(1).timeout, 0) << "a time that has passed is one";
}

TEST_F(CallsOfHandlers, WaitForRoomAndForTheResponse) {
  host_.made.when_made = [](FakeMadeCall& call) { call.room = 0; };
  meanwhile({[&] { made().room = 1; }, [&] { made().responses = {"3"}; }, [&] { made().status = 0; }});
  const auto count = stock_.unary(context_, path, "tea");
  ASSERT_TRUE(count.is_ok());
  EXPECT_EQ(*count, "3");
  EXPECT_EQ(made().sent, Strings{"tea"});
  EXPECT_TRUE(made().half_closed);
  EXPECT_EQ(host_.made.waits, 3);
}

TEST_F(CallsOfHandlers, EndWithTheStatusOfTheTargetAndItsDetails) {
  const Status sold_out = Status::resource_exhausted("sold out").with(rpc::ErrorInfo{.reason = "TEA"});
  host_.made.when_made = [&](FakeMadeCall& call) {
    call.answer({}, 8, "sold out");
    call.details = sold_out.details();
  };
  const Status status = stock_.unary(context_, path, "tea").status();
  EXPECT_EQ(status.code(), StatusCode::resource_exhausted);
  EXPECT_EQ(status.message(), "sold out");
  ASSERT_TRUE(status.detail<rpc::ErrorInfo>().has_value());
  EXPECT_EQ(status.detail<rpc::ErrorInfo>()->reason, "TEA");
}

TEST_F(CallsOfHandlers, ThatTheHostRefusesEndWithAStatusToo) {
  const std::pair<std::int32_t, StatusCode> refusals[] = {{abi::full, StatusCode::resource_exhausted},
                                                          {abi::closed, StatusCode::cancelled},
                                                          {abi::unsupported, StatusCode::unimplemented},
                                                          {abi::invalid, StatusCode::internal}};
  for (const auto& [refusal, code] : refusals) {
    host_.made.refusal = refusal;
    EXPECT_EQ(stock_.unary(context_, path, "tea").status().code(), code);
    auto lines = stock_.server_stream(context_, path, "tea");
    EXPECT_EQ(lines.read(), nullptr);
    EXPECT_EQ(lines.finish().code(), code);
    auto out = stock_.client_stream(context_, path);
    EXPECT_FALSE(out.write("tea"));
    EXPECT_EQ(out.finish().status().code(), code);
  }
}

TEST_F(CallsOfHandlers, EndWhenTheServedCallDoes) {
  host_.made.served_is_over = true;
  EXPECT_EQ(stock_.unary(context_, path, "tea").status().code(), StatusCode::cancelled);
  auto lines = stock_.server_stream(context_, path, "tea");
  EXPECT_EQ(lines.finish().code(), StatusCode::cancelled);
}

TEST_F(CallsOfHandlers, AreToBeMadeByStubsForCoroutinesWhereNothingMayWait) {
  host_.made.in_events = true;
  const Status status = stock_.unary(context_, path, "tea").status();
  EXPECT_EQ(status.code(), StatusCode::cancelled);
  EXPECT_NE(status.message().find("coroutine"), std::string::npos);
}

TEST_F(CallsOfHandlers, ReadResponsesAsTheyCome) {
  meanwhile({[&] { made().responses = {"one"}; }, [&] { made().answer({"two", std::string(5000, 'x')}); }});
  auto lines = stock_.server_stream(context_, path, "tea");
  EXPECT_FALSE(lines.ready());
  Strings read;
  for (std::string& line : lines) read.push_back(std::move(line));
  EXPECT_EQ(read, (Strings{"one", "two", std::string(5000, 'x')}));
  EXPECT_TRUE(lines.ready());
  made().headers = {{"from", "shelf"}};
  made().trailers = {{"left", "3"}};
  EXPECT_TRUE(lines.finish().is_ok());
  EXPECT_EQ(lines.headers().find("from"), "shelf");
  EXPECT_EQ(lines.trailers().find("left"), "3");
  EXPECT_EQ(lines.trailers().find("from"), std::nullopt);
  EXPECT_EQ(made().sent, Strings{"tea"});
}

TEST_F(CallsOfHandlers, TellHowAStreamEndedThatWasNotReadToItsEnd) {
  answer_at_once({"one", "two"}, 14, "gone");
  auto lines = stock_.server_stream(context_, path, "tea");
  ASSERT_NE(lines.read(), nullptr);
  EXPECT_EQ(lines.finish().message(), "gone");
}

TEST_F(CallsOfHandlers, AreLetGoOfWhenTheirObjectGoes) {
  {
    auto lines = stock_.server_stream(context_, path, "tea");
    EXPECT_FALSE(made().closed);
  }
  EXPECT_TRUE(made().closed);
}

TEST_F(CallsOfHandlers, SendRequestsAndTakeTheOneResponse) {
  host_.made.when_made = [](FakeMadeCall& call) { call.room = 1; };
  meanwhile({[&] { made().room = 5; }, [&] { made().answer({"2"}); }});
  auto out = stock_.client_stream(context_, path);
  EXPECT_TRUE(out.ready());
  EXPECT_TRUE(out.write("tea"));
  EXPECT_FALSE(out.ready());
  EXPECT_TRUE(out.write("milk"));
  const auto count = out.finish();
  EXPECT_EQ(*count, "2");
  EXPECT_EQ(made().sent, (Strings{"tea", "milk"}));
  EXPECT_TRUE(made().half_closed);
}

TEST_F(CallsOfHandlers, StopSendingToACallThatHasEnded) {
  answer_at_once({}, 7, "not you");
  auto out = stock_.client_stream(context_, path);
  EXPECT_FALSE(out.write("tea"));
  EXPECT_EQ(out.finish().status().message(), "not you");
}

TEST_F(CallsOfHandlers, TalkBothWays) {
  auto talk = stock_.bidi_stream(context_, path);
  EXPECT_TRUE(talk.write("tea"));
  made().responses = {"yes"};
  EXPECT_EQ(*talk.read(), "yes");
  EXPECT_TRUE(talk.writable());
  talk.writes_done();
  EXPECT_TRUE(made().half_closed);
  made().answer({"bye"});
  EXPECT_EQ(*talk.read(), "bye");
  EXPECT_EQ(talk.read(), nullptr);
  EXPECT_TRUE(talk.finish().is_ok());
}

TEST_F(CallsOfHandlers, GoOnTogetherAndGiveWhatCameInTime) {
  const AsyncTarget stock("stock");
  meanwhile({[&] { made(1).answer({"second"}); }, [&] { made(0).answer({}, 5, "no tea"); }});
  auto first = stock.unary(context_, path, "tea");
  auto second = stock.unary(context_, path, "milk");
  auto third = stock.unary(context_, path, "ice");
  EXPECT_FALSE(second.ended());
  const auto results = wait_all(1s, std::move(first), std::move(second), std::move(third));
  EXPECT_EQ(std::get<0>(results).status().message(), "no tea");
  EXPECT_EQ(*std::get<1>(results), "second");
  EXPECT_EQ(std::get<2>(results).status().code(), StatusCode::deadline_exceeded);
  EXPECT_EQ(made(2).status, 1) << "it is cancelled";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(made(i).closed);
}

TEST_F(CallsOfHandlers, SayWhatTheModuleNeeds) {
  require_target("stock");
  EXPECT_EQ(host_.made.required, Strings{"stock"});
}

}  // namespace
}  // namespace wasm_grpc::guest
