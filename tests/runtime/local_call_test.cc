// Calls of modules by each other, without modules: both sides are played by the test.
#include "runtime/outgoing/local_call.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/metrics/client_meters.h"
#include "runtime/outgoing/call_accounts.h"
#include "runtime/outgoing/call_chain.h"
#include "runtime/outgoing/instance_waits.h"
#include "runtime/outgoing/local_calls.h"

namespace wasm_grpc::runtime {
namespace {

using std::chrono::milliseconds;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string text(std::span<const std::byte> message) {
  return {reinterpret_cast<const char*>(message.data()), message.size()};
}

/// Serves each call by a function, and keeps it if it has no status then.
class FakeHandler final : public rpc::Handler, public rpc::CallListener {
 public:
  void start(rpc::Call& call) noexcept override {
    ++started;
    if (serve) serve(call);
    if (call.finished() || gives_up) return;
    call.retain();
    call.set_listener(this);
    served = &call;
  }
  void on_readable(rpc::Call&) noexcept override { ++readable; }
  void on_writable(rpc::Call&) noexcept override { ++writable; }
  void on_cancelled(rpc::Call& call) noexcept override {
    ended_by = call.end();
    if (served == &call) served = nullptr;
    call.release();
  }
  void let_go() noexcept {
    if (rpc::Call* const call = std::exchange(served, nullptr)) {
      call->set_listener(nullptr);
      call->release();
    }
  }

  std::function<void(rpc::Call&)> serve;
  bool gives_up = false;
  rpc::Call* served = nullptr;
  int started = 0;
  int readable = 0;
  int writable = 0;
  rpc::CallEnd ended_by = rpc::CallEnd::none;
};

class Listener final : public rpc::OutgoingListener {
 public:
  void on_progress(rpc::OutgoingCall&) noexcept override { ++told; }
  int told = 0;
};

/// Who calls with an instance of its own.
class Holder final : public rpc::Call {
 public:
  explicit Holder(std::shared_ptr<const rpc::Client> client) : client_(std::move(client)) {
    request_.client = client_.get();
    retain();
  }

 private:
  void output_ready() noexcept override {}
  void input_consumed(std::size_t) noexcept override {}
  void recycle() noexcept override {}
  std::shared_ptr<const rpc::Client> client_;
};

class LocalCallTest : public testing::Test {
 protected:
  rpc::OutgoingCallPtr open(rpc::MethodKind kind, std::optional<milliseconds> timeout = std::nullopt,
                            const rpc::Call* served = nullptr) {
    method.kind = kind;
    rpc::OutgoingRequest request{.path = method.path, .kind = kind, .metadata = metadata};
    if (timeout) request.deadline = rpc::Clock::now() + *timeout;
    request.served = served;
    request.holds_instance = true;
    request.caller = "caller";
    rpc::OutgoingCallPtr call = calls.begin(request, method, "callee");
    call->set_listener(&listener);
    return call;
  }

  rpc::TimerQueue timers;
  int wakes = 0;
  LocalCalls calls{timers, 1000, [this] { ++wakes; }};
  FakeHandler handler;
  rpc::Method method{"/test.Service/Method", rpc::MethodKind::unary, &handler};
  rpc::Metadata metadata;
  Listener listener;
};

TEST_F(LocalCallTest, AnswersWhatItIsAsked) {
  handler.serve = [](rpc::Call& call) {
    EXPECT_EQ(call.peer(), "module:caller");
    EXPECT_EQ(call.authority(), "callee");
    EXPECT_EQ(text(*call.message()), "hello");
    call.pop_message();
    EXPECT_TRUE(call.requests_ended());
    EXPECT_TRUE(call.add_trailer("x-key", "value"));
    EXPECT_EQ(call.send(bytes("hello to you")), rpc::SendResult::ok);
    call.finish({});
  };
  auto call = open(rpc::MethodKind::unary);
  EXPECT_EQ(handler.started, 0) << "a method with one request begins with it";
  EXPECT_FALSE(call->has_headers());
  EXPECT_EQ(call->send(bytes("hello"), true), rpc::SendResult::ok);
  EXPECT_EQ(handler.started, 1);
  EXPECT_GT(listener.told, 0);
  EXPECT_TRUE(call->ended());
  EXPECT_TRUE(call->has_headers());
  EXPECT_EQ(text(*call->message()), "hello to you");
  call->pop_message();
  EXPECT_FALSE(call->message());
  EXPECT_TRUE(call->status().ok());
  EXPECT_EQ(call->trailers().get("x-key"), "value");
  EXPECT_EQ(call->send(bytes("more"), true), rpc::SendResult::cancelled);
  call.reset();
  EXPECT_EQ(method.calls, 0U) << "nobody has it any more";
}

TEST_F(LocalCallTest, IsTheSameObjectForTheNext) {
  handler.serve = [](rpc::Call& call) { call.finish({rpc::StatusCode::aborted, "no"}); };
  for (int i = 0; i < 3; ++i) {
    auto call = open(rpc::MethodKind::unary);
    static_cast<void>(call->send(bytes("x"), true));
    EXPECT_EQ(call->status().code, rpc::StatusCode::aborted);
    EXPECT_FALSE(call->message());
    EXPECT_EQ(call->trailers().size(), 0U);
  }
  EXPECT_EQ(handler.started, 3);
}

TEST_F(LocalCallTest, StreamsBeginBeforeTheirFirstMessage) {
  auto call = open(rpc::MethodKind::bidi_stream);
  EXPECT_EQ(handler.started, 1);
  EXPECT_EQ(call->send(bytes("one"), false), rpc::SendResult::ok);
  EXPECT_EQ(handler.readable, 1);
  EXPECT_EQ(text(*handler.served->message()), "one");
  handler.served->pop_message();
  EXPECT_EQ(handler.served->send(bytes("first")), rpc::SendResult::ok);
  EXPECT_EQ(handler.served->send(bytes("second")), rpc::SendResult::ok);
  EXPECT_EQ(text(*call->message()), "first");
  call->pop_message();
  EXPECT_EQ(text(*call->message()), "second");
  EXPECT_FALSE(call->ended());
  EXPECT_EQ(call->half_close(), rpc::SendResult::ok);
  EXPECT_EQ(call->half_close(), rpc::SendResult::closed);
  EXPECT_TRUE(handler.served->requests_ended());
  handler.served->finish({rpc::StatusCode::aborted, "enough"});
  handler.let_go();
  EXPECT_TRUE(call->ended());
  EXPECT_EQ(text(*call->message()), "second") << "what came before the status is there still";
  EXPECT_EQ(call->status().message, "enough");
}

TEST_F(LocalCallTest, HoldsBackWhoSendsMoreThanIsTaken) {
  auto call = open(rpc::MethodKind::client_stream);
  const std::string message(900, 'x');
  int sent = 0;
  while (call->send(bytes(message), false) == rpc::SendResult::ok) ++sent;
  EXPECT_GT(sent, 50);
  EXPECT_LT(sent, 100);
  EXPECT_FALSE(call->writable());
  const int told = listener.told;
  while (handler.served->message()) handler.served->pop_message();
  EXPECT_GT(listener.told, told);
  EXPECT_TRUE(call->writable());
  EXPECT_EQ(call->send(bytes(message), false), rpc::SendResult::ok);
}

TEST_F(LocalCallTest, TellsWhoAnswersWhenThereIsRoomAgain) {
  auto call = open(rpc::MethodKind::server_stream);
  static_cast<void>(call->send(bytes(""), true));
  const std::string message(9000, 'x');
  while (handler.served->send(bytes(message)) == rpc::SendResult::ok) {
  }
  EXPECT_EQ(handler.writable, 0);
  while (call->message()) call->pop_message();
  EXPECT_EQ(handler.writable, 1);
  EXPECT_EQ(handler.served->send(bytes(message)), rpc::SendResult::ok);
}

TEST_F(LocalCallTest, CountsMessagesAsTheMethodSays) {
  auto call = open(rpc::MethodKind::unary);
  EXPECT_EQ(call->send(bytes("x"), false), rpc::SendResult::ok);
  EXPECT_EQ(call->send(bytes("x"), false), rpc::SendResult::invalid);
  auto none = open(rpc::MethodKind::unary);
  EXPECT_EQ(none->half_close(), rpc::SendResult::ok);
  EXPECT_FALSE(none->ended()) << "not in the midst of a guest";
  calls.catch_up();
  EXPECT_EQ(none->status().code, rpc::StatusCode::unimplemented);
  EXPECT_EQ(handler.started, 0);
}

TEST_F(LocalCallTest, RefusesWhatIsLargerThanARequestMayBe) {
  auto call = open(rpc::MethodKind::bidi_stream);
  EXPECT_EQ(call->send(bytes(std::string(1001, 'x')), false), rpc::SendResult::ok);
  EXPECT_EQ(call->send(bytes("x"), false), rpc::SendResult::cancelled);
  EXPECT_NE(handler.served, nullptr) << "not in the midst of a guest";
  EXPECT_EQ(wakes, 1);
  calls.catch_up();
  EXPECT_EQ(call->status().code, rpc::StatusCode::resource_exhausted);
  EXPECT_EQ(handler.served, nullptr);
}

TEST_F(LocalCallTest, TakesNoMoreAnswersThanItsCallerDoes) {
  handler.serve = [](rpc::Call& call) {
    static_cast<void>(call.send(bytes("one")));
    static_cast<void>(call.send(bytes("two")));
    call.finish({});
  };
  method.kind = rpc::MethodKind::server_stream;
  rpc::OutgoingRequest request{.path = method.path, .kind = rpc::MethodKind::unary, .metadata = metadata};
  auto call = calls.begin(request, method, "callee");
  static_cast<void>(call->send(bytes(""), true));
  EXPECT_EQ(call->status().code, rpc::StatusCode::internal);
}

TEST_F(LocalCallTest, EndsAtItsDeadlineForBoth) {
  auto call = open(rpc::MethodKind::bidi_stream, milliseconds(5));
  EXPECT_EQ(timers.size(), 1U);
  timers.run_due(rpc::Clock::now() + milliseconds(10));
  EXPECT_EQ(call->status().code, rpc::StatusCode::deadline_exceeded);
  EXPECT_EQ(handler.ended_by, rpc::CallEnd::deadline);
  auto late = open(rpc::MethodKind::bidi_stream, milliseconds(-5));
  EXPECT_EQ(late->status().code, rpc::StatusCode::deadline_exceeded);
  EXPECT_EQ(handler.started, 1);
}

TEST_F(LocalCallTest, EndsWhenItTakesLongerThanItsMethodMay) {
  method.max_call_time = milliseconds(50);
  auto call = open(rpc::MethodKind::bidi_stream);
  auto brief = open(rpc::MethodKind::bidi_stream, milliseconds(5));
  timers.run_due(rpc::Clock::now() + milliseconds(10));
  EXPECT_EQ(brief->status().message, "the deadline passed before the call was answered");
  EXPECT_FALSE(call->ended());
  timers.run_due(rpc::Clock::now() + milliseconds(60));
  EXPECT_EQ(call->status().code, rpc::StatusCode::deadline_exceeded);
  EXPECT_EQ(call->status().message, "the server ended the call: it took longer than the 50 ms a call may take here");
  method.max_call_time = milliseconds(0);
  auto unlimited = open(rpc::MethodKind::bidi_stream);
  EXPECT_EQ(timers.size(), 0U);
}

TEST_F(LocalCallTest, TellsTheOtherSideLaterThatItIsCancelled) {
  auto call = open(rpc::MethodKind::bidi_stream, milliseconds(1000));
  call->cancel({rpc::StatusCode::cancelled, "enough"});
  EXPECT_EQ(call->status().message, "enough");
  EXPECT_EQ(handler.ended_by, rpc::CallEnd::none);
  calls.catch_up();
  EXPECT_EQ(handler.ended_by, rpc::CallEnd::client);
  EXPECT_EQ(timers.size(), 0U);
  call.reset();
  EXPECT_EQ(method.calls, 0U);
}

TEST_F(LocalCallTest, IsCancelledByLettingGoOfIt) {
  auto call = open(rpc::MethodKind::bidi_stream);
  call.reset();
  EXPECT_NE(handler.served, nullptr);
  calls.catch_up();
  EXPECT_EQ(handler.ended_by, rpc::CallEnd::client);
  EXPECT_EQ(method.calls, 0U);
  auto before_its_request = open(rpc::MethodKind::unary);
  before_its_request.reset();
  EXPECT_EQ(method.calls, 0U) << "nobody serves it: at once";
}

TEST_F(LocalCallTest, FailsWhereTheHandlerGivesNoAnswer) {
  handler.gives_up = true;
  auto call = open(rpc::MethodKind::bidi_stream);
  EXPECT_EQ(call->status().code, rpc::StatusCode::internal);
  handler.gives_up = false;
  auto other = open(rpc::MethodKind::bidi_stream);
  handler.let_go();
  EXPECT_EQ(other->status().code, rpc::StatusCode::internal);
}

TEST_F(LocalCallTest, KnowsWhoCalledWhom) {
  EXPECT_EQ(chain_depth(""), 0U);
  EXPECT_EQ(chain_depth("a>b"), 2U);
  EXPECT_EQ(count_in_chain("a>b>a", "a"), 2U);
  EXPECT_EQ(count_in_chain("ab>b", "a"), 0U);
  EXPECT_EQ(describe_chain("a>b", "c"), "a > b > c");
  auto call = open(rpc::MethodKind::bidi_stream);
  rpc::Call* const first = handler.served;
  EXPECT_EQ(chain_of(first), "caller");
  auto inner = open(rpc::MethodKind::bidi_stream, std::nullopt, first);
  EXPECT_EQ(chain_of(handler.served), "caller>caller");
  inner.reset();
  calls.catch_up();
  first->set_listener(nullptr);
  first->release();
}

TEST(CallAccounts, AreOfOneTargetAndOnePath) {
  observe::ClientMeters meters(1);
  CallAccounts accounts;
  accounts.use_meters(meters, 0);
  auto first = std::make_unique<GrantedTarget>(TargetGrant{.target = "first"});
  GrantedTarget second(TargetGrant{.target = "second"});
  const auto begin = [&](GrantedTarget& granted, std::string_view path) {
    return accounts.begin(granted, "caller", path, rpc::MethodKind::unary);
  };
  for (int i = 0; i < 2; ++i) {
    auto* const account = begin(*first, "/a/B");
    EXPECT_EQ(begin(*first, "/a/B"), account);
    EXPECT_NE(begin(*first, "/a/C"), account);
    EXPECT_NE(begin(second, "/a/B"), account);
    EXPECT_EQ(begin(*first, "/a/B"), account);
  }
  first.reset();
  accounts.forget_gone();
  EXPECT_NE(begin(second, "/a/B"), begin(second, "/a/C"));
  std::vector<std::uint64_t> started;
  for (const OutgoingCounters& counters : meters.counters()) started.push_back(counters.calls.started);
  EXPECT_EQ(started, (std::vector<std::uint64_t>{6, 2, 3, 1})) << "of first /a/B and /a/C, and of second";
}

TEST_F(LocalCallTest, WaitsForNoInstanceThatAllWaitFor) {
  InstanceBudget budget(2);
  InstanceWaits waits(budget, timers);
  Holder outside(std::make_shared<rpc::Client>(1, "127.0.0.1:1"));
  EXPECT_FALSE(waits.begin(outside, "callee", 0)) << "who is called from outside may wait";

  auto first = open(rpc::MethodKind::bidi_stream, std::nullopt, &outside);
  rpc::Call* const served = handler.served;
  EXPECT_FALSE(waits.begin(*served, "callee", 0)) << "of two instances one is held by its caller";
  waits.end(*served);
  auto second = open(rpc::MethodKind::bidi_stream, std::nullopt, served);
  const auto refusal = waits.begin(*handler.served, "callee", 0);
  ASSERT_TRUE(refusal) << "both are";
  EXPECT_EQ(refusal->code, rpc::StatusCode::resource_exhausted);
  EXPECT_NE(refusal->message.find("caller > caller > callee"), std::string::npos) << refusal->message;
  EXPECT_EQ(budget.hold_up(0), 0U);

  EXPECT_TRUE(waits.begin(*served, "caller", 1)) << "its chain has the one instance of that module";

  EXPECT_FALSE(waits.begin(*served, "callee", 0));
  timers.run_due(rpc::Clock::now() + std::chrono::seconds(2));
  EXPECT_EQ(first->status().code, rpc::StatusCode::resource_exhausted) << "it has waited long enough";
  EXPECT_EQ(budget.hold_up(0), 0U);
  second.reset();
  first.reset();
  calls.catch_up();
}

}  // namespace
}  // namespace wasm_grpc::runtime
