// Calls that are made more than once: to servers that fail at first, or say nothing.

#include "client/outgoing/repeat/repeated_call.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "calling_servers.h"

namespace wasm_grpc::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds very_long{600'000};

/// A server that fails so many times, and then answers with what it is asked. It notes which attempts it has been told
/// of.
class FailingServer {
 public:
  explicit FailingServer(int failures, StatusCode code = StatusCode::unavailable, std::string pushback = "")
      : failures_(failures),
        code_(code),
        pushback_(std::move(pushback)),
        server_([this](auto& call, auto request, auto& reply) {
          reply.assign(request.begin(), request.end());
          return answer(call);
        }) {}

  [[nodiscard]] const std::string& address() const { return server_.address; }
  /// "" for a first attempt, "1" for the second, and so on.
  [[nodiscard]] std::vector<std::string> attempts() {
    const std::lock_guard lock(mutex_);
    return attempts_;
  }

 private:
  rpc::Status answer(rpc::Call& call) {
    const std::lock_guard lock(mutex_);
    attempts_.emplace_back(call.request_metadata().get("grpc-previous-rpc-attempts").value_or(""));
    if (failures_ > 0) {
      --failures_;
      if (!pushback_.empty()) static_cast<void>(call.add_trailer("grpc-retry-pushback-ms", pushback_));
      return {code_, "not yet"};
    }
    return {};
  }

  std::mutex mutex_;
  int failures_;
  StatusCode code_;
  std::string pushback_;
  std::vector<std::string> attempts_;
  OwnServer server_;
};

TargetChannelOptions retried(std::uint32_t attempts, milliseconds pause = milliseconds(1)) {
  TargetChannelOptions options;
  options.retry.max_attempts = attempts;
  options.retry.initial_backoff = pause;
  options.retry.max_backoff = std::max(pause, milliseconds(5));
  return options;
}

TargetChannelOptions hedged(std::uint32_t attempts, milliseconds delay) {
  TargetChannelOptions options;
  options.hedging.max_attempts = attempts;
  options.hedging.delay = delay;
  options.policy = TargetBalancing::round_robin;
  return options;
}

using Attempts = std::vector<std::string>;

// ---- Retries ----

TEST(Retries, MakeACallAgainUntilItSucceeds) {
  FailingServer server(2);
  Caller caller(server.address(), retried(4));
  EXPECT_EQ(caller.call().code, StatusCode::ok);
  EXPECT_EQ(caller.answers, std::vector<std::string>{"hello"});
  EXPECT_EQ(server.attempts(), (Attempts{"", "1", "2"}));
}

TEST(Retries, EndWithTheStatusOfTheLastAttempt) {
  FailingServer server(100);
  Caller caller(server.address(), retried(3));
  const rpc::Status status = caller.call();
  EXPECT_EQ(status.code, StatusCode::unavailable);
  EXPECT_EQ(status.message, "not yet");
  EXPECT_EQ(server.attempts().size(), 3U);
}

TEST(Retries, AreOfTheCodesAndMethodsThatAreSaid) {
  FailingServer other_code(1, StatusCode::aborted);
  EXPECT_EQ(Caller(other_code.address(), retried(3)).call().code, StatusCode::aborted);
  EXPECT_EQ(other_code.attempts().size(), 1U);

  FailingServer other_method(1);
  TargetChannelOptions options = retried(3);
  options.retry.methods = {"/other.Service/"};
  EXPECT_EQ(Caller(other_method.address(), options).call().code, StatusCode::unavailable);
  EXPECT_EQ(other_method.attempts().size(), 1U);
  options.retry.methods.emplace_back("/test.Service/");
  EXPECT_EQ(Caller(other_method.address(), options).call().code, StatusCode::ok);
}

TEST(Retries, AreWhenTheServerSaysSo) {
  FailingServer soon(1, StatusCode::unavailable, "1");
  EXPECT_EQ(Caller(soon.address(), retried(3, milliseconds(30'000))).call().code, StatusCode::ok);
  for (const std::string never : {"-1", "soon", "9999999999999", "600000"}) {
    FailingServer server(1, StatusCode::unavailable, never);
    EXPECT_EQ(Caller(server.address(), retried(3)).call().code, StatusCode::unavailable) << never;
    EXPECT_EQ(server.attempts().size(), 1U) << never;
  }
}

TEST(Retries, EndWhereTooManyHaveFailed) {
  FailingServer server(100);
  TargetChannelOptions options = retried(5);
  options.retry_throttling.max_tokens = 4;
  Caller caller(server.address(), options);
  EXPECT_EQ(caller.call().code, StatusCode::unavailable);
  EXPECT_EQ(server.attempts().size(), 2U);
  EXPECT_EQ(caller.call().code, StatusCode::unavailable);
  EXPECT_EQ(server.attempts().size(), 3U);
}

TEST(Retries, KeepMessagesWithinABound) {
  FailingServer server(100);
  Caller caller(server.address(), retried(3));
  EXPECT_EQ(caller.call(std::string(most_kept_for_attempts / 2, 'x')).code, StatusCode::unavailable);
  EXPECT_EQ(server.attempts().size(), 3U);
  EXPECT_EQ(caller.call(std::string(most_kept_for_attempts + 1, 'x')).code, StatusCode::unavailable);
  EXPECT_EQ(server.attempts().size(), 4U);
}

TEST(Retries, AreNotBegunBeyondTheDeadline) {
  FailingServer server(1);
  Caller caller(server.address(), retried(3, very_long));
  EXPECT_EQ(caller.call("hello", milliseconds(50'000)).code, StatusCode::unavailable);
  EXPECT_EQ(server.attempts().size(), 1U);
}

TEST(Retries, EndWithTheirCaller) {
  FailingServer server(1);
  Caller caller(server.address(), retried(3, very_long));
  auto call = caller.begin(MethodKind::unary, 2 * very_long);
  ASSERT_EQ(call->send(bytes_of("hello"), true), rpc::SendResult::ok);
  ASSERT_TRUE(caller.run_until([&] { return server.attempts().size() == 1; }));
  EXPECT_FALSE(call->ended());
  call->cancel({StatusCode::cancelled, "enough"});
  ASSERT_TRUE(call->ended());
  EXPECT_EQ(call->status().message, "enough");
  EXPECT_EQ(call->send(bytes_of("hello"), true), rpc::SendResult::cancelled);
  caller.begin(MethodKind::unary, 2 * very_long).reset();
}

TEST(Retries, EndWithTheChannel) {
  FailingServer server(1);
  Caller caller(server.address(), retried(3, very_long));
  auto call = caller.begin(MethodKind::unary, 2 * very_long);
  ASSERT_EQ(call->send(bytes_of("hello"), true), rpc::SendResult::ok);
  ASSERT_TRUE(caller.run_until([&] { return server.attempts().size() == 1; }));
  caller.close();
  ASSERT_TRUE(call->ended());
  EXPECT_EQ(call->status().code, StatusCode::unavailable);
}

TEST(Retries, EndOnceThereAreHeaders) {
  const std::string fails = tail(literal("grpc-status", "14"));
  Pair pair({head() + fails, head() + piece(message("again")) + ended_well}, greeting, false, retried(3));
  EXPECT_EQ(pair.caller.call().code, StatusCode::unavailable);
}

TEST(Retries, GiveUpAnAttemptOfWhichNothingComes) {
  Pair silent({""});
  FailingServer server(0);
  TargetChannelOptions options = retried(3);
  options.policy = TargetBalancing::round_robin;
  options.retry.attempt_timeout = milliseconds(50);
  Caller caller("ipv4:" + silent.server.address() + "," + server.address(), options);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(caller.call().code, StatusCode::ok);
}

TEST(Retries, AreOfStreamsToo) {
  const std::string fails = tail(ok + literal("grpc-status", "14"));
  Pair pair({fails, head() + piece(message("again")) + ended_well}, greeting, true, retried(2));
  auto call = pair.caller.begin(MethodKind::bidi_stream);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(call->send(bytes_of("hello"), false), rpc::SendResult::ok);
  ASSERT_EQ(call->half_close(), rpc::SendResult::ok);
  EXPECT_EQ(call->half_close(), rpc::SendResult::closed);
  ASSERT_TRUE(pair.caller.run_until([&] { return call->ended(); }));
  EXPECT_EQ(call->status().code, StatusCode::ok) << call->status().message;
  ASSERT_TRUE(call->message().has_value());
  EXPECT_EQ(text_of(*call->message()), "again");
}

// ---- Hedging ----

TEST(Hedging, TakesTheFirstAnswer) {
  Pair silent({""});
  FailingServer server(0);
  Caller caller("ipv4:" + silent.server.address() + "," + server.address(), hedged(2, milliseconds(10)));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(caller.call().code, StatusCode::ok);
    EXPECT_EQ(caller.answers, std::vector<std::string>{"hello"});
  }
}

TEST(Hedging, BeginsTheNextAttemptOnceOneHasFailed) {
  FailingServer server(2);
  Caller caller(server.address(), hedged(3, milliseconds(30'000)));
  EXPECT_EQ(caller.call().code, StatusCode::ok);
  EXPECT_EQ(server.attempts(), (Attempts{"", "1", "2"}));
}

TEST(Hedging, EndsWithTheStatusOfTheLastWhereAllFail) {
  FailingServer server(100);
  Caller caller(server.address(), hedged(3, milliseconds(0)));
  const rpc::Status status = caller.call();
  EXPECT_EQ(status.code, StatusCode::unavailable);
  EXPECT_EQ(status.message, "not yet");
  EXPECT_EQ(server.attempts().size(), 3U);
}

TEST(Hedging, EndsWithAStatusThatIsFatal) {
  FailingServer server(100, StatusCode::not_found);
  Caller caller(server.address(), hedged(3, milliseconds(30'000)));
  EXPECT_EQ(caller.call().code, StatusCode::not_found);
  EXPECT_EQ(server.attempts().size(), 1U);
}

TEST(Hedging, EndsAllAttemptsOfAConnectionThatIsLost) {
  Pair pair({""}, greeting, true, hedged(3, milliseconds(0)));
  EXPECT_EQ(pair.caller.call().code, StatusCode::unavailable);
}

// ---- What they go by ----

TEST(RepeatPolicy, HasPausesThatGrow) {
  RetryOptions options;
  options.initial_backoff = milliseconds(10);
  options.max_backoff = milliseconds(50);
  options.multiplier = 2;
  const RepeatPolicy policy(options);
  EXPECT_EQ(policy.backoff(1), milliseconds(10));
  EXPECT_EQ(policy.backoff(2), milliseconds(20));
  EXPECT_EQ(policy.backoff(3), milliseconds(40));
  EXPECT_EQ(policy.backoff(4), milliseconds(50));
}

TEST(RepeatThrottle, AllowsWhileMoreThanHalfOfTheTokensAreThere) {
  RepeatThrottle throttle({.max_tokens = 2, .token_ratio = 0.5});
  EXPECT_TRUE(throttle.allows());
  throttle.failed();
  EXPECT_FALSE(throttle.allows());
  throttle.succeeded();
  EXPECT_TRUE(throttle.allows());
  RepeatThrottle none({.max_tokens = 0});
  none.failed();
  EXPECT_TRUE(none.allows());
}

}  // namespace
}  // namespace wasm_grpc::client
