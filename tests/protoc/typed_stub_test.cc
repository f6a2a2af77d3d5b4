// Generated stubs over a fake host: what the target is asked, and what the guest gets.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_host.h"
#include "services.guest.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using ours::features::services::Features;
using ours::features::three::Repeated;
using ours::features::three::Scalars;
using testing::FakeHost;
using testing::FakeMadeCall;
using Numbers = std::vector<std::int32_t>;

constexpr std::string_view malformed = "\x18";

std::string number(std::int32_t value) { return encode(Scalars{.f_int32 = value}); }
Numbers numbers_in(const std::vector<std::string>& messages) {
  Numbers numbers;
  for (const std::string& bytes : messages) {
    Scalars message;
    EXPECT_TRUE(decode(bytes, message));
    numbers.push_back(message.f_int32);
  }
  return numbers;
}

class TypedStub : public ::testing::Test {
 protected:
  void answer_at_once(std::vector<std::string> responses, std::int32_t code = 0) {
    host_.made.when_made = [=](FakeMadeCall& call) { call.answer(responses, code); };
  }
  [[nodiscard]] FakeMadeCall& made() { return host_.made.last(); }

  FakeHost host_;
  Registry registry_;
  detail::Instance instance_;
  detail::AsyncLoop loop_{instance_};
  Context context_{7, instance_};
  Features::Stub features_{"features"};
};

TEST_F(TypedStub, CallsTheMethodOfItsKindAtItsTarget) {
  answer_at_once({number(1)});
  (void)features_.Echo(context_, {});
  EXPECT_EQ(made().target, "features");
  EXPECT_EQ(made().path, "/features.services.Features/Echo");
  EXPECT_EQ(made().kind, abi::unary);
  (void)features_.Collect(context_);
  EXPECT_EQ(made().path, "/features.services.Features/Collect");
  EXPECT_EQ(made().kind, abi::client_stream);
  (void)features_.Spread(context_, {});
  EXPECT_EQ(made().kind, abi::server_stream);
  (void)features_.Exchange(context_, {.metadata = {{"k", "v"}}});
  EXPECT_EQ(made().kind, abi::bidi_stream);
  EXPECT_EQ(made().metadata.size(), 1U);
}

TEST_F(TypedStub, GivesTheResponseOrTheStatus) {
  host_.made.while_waiting = [this] {
    made().answer({number(3)});
    return true;
  };
  const Result<Scalars> echoed = features_.Echo(context_, {.f_int32 = 2});
  EXPECT_EQ(echoed->f_int32, 3);
  EXPECT_EQ(numbers_in(made().sent), Numbers{2});
  answer_at_once({}, 5);
  EXPECT_EQ(features_.Echo(context_, {}).status().code(), StatusCode::not_found);
}

TEST_F(TypedStub, FailsWithInternalWhereTheResponseIsMalformed) {
  answer_at_once({std::string(malformed)});
  const Status status = features_.Echo(context_, {}).status();
  EXPECT_EQ(status.code(), StatusCode::internal);
  EXPECT_EQ(status.message(), "the response is not a well-formed features.three.Scalars");
  answer_at_once({number(1), std::string(malformed), number(2)});
  auto spread = features_.Spread(context_, {});
  EXPECT_EQ(spread.read()->f_int32, 1);
  EXPECT_EQ(spread.read(), nullptr);
  EXPECT_EQ(spread.read(), nullptr);
  EXPECT_EQ(spread.finish().message(), status.message());
  answer_at_once({});
  EXPECT_EQ(features_.Echo(context_, {}).status().code(), StatusCode::internal) << "there is no response";
}

TEST_F(TypedStub, ReadsAndWritesStreams) {
  answer_at_once({number(1), number(2)});
  Numbers read;
  auto spread = features_.Spread(context_, {.f_int32 = {7}});
  for (const Scalars& one : spread) read.push_back(one.f_int32);
  EXPECT_EQ(read, (Numbers{1, 2}));
  EXPECT_TRUE(spread.finish().is_ok());
  host_.made.when_made = nullptr;

  auto collect = features_.Collect(context_);
  EXPECT_TRUE(collect.write({.f_int32 = 4}));
  EXPECT_TRUE(collect.write({.f_int32 = 5}));
  EXPECT_EQ(numbers_in(made().sent), (Numbers{4, 5}));
  made().answer({encode(Repeated{.f_int32 = {9}})});
  EXPECT_EQ(collect.finish()->f_int32, Numbers{9});

  auto exchange = features_.Exchange(context_);
  EXPECT_TRUE(exchange.write({.f_int32 = 6}));
  made().answer({number(12)});
  EXPECT_EQ(exchange.read()->f_int32, 12);
  EXPECT_TRUE(exchange.finish().is_ok());
}

/// Serves Echo by what it asks of another Features.
class Relay : public Features::Async {
 public:
  Task<Result<Scalars>> Echo(Context& context, const Scalars& request) override {
    auto echoed = co_await next_.Echo(context, request);
    if (!echoed.is_ok()) co_return echoed.status();
    echoed->f_int32 += 1;
    co_return *echoed;
  }
  Task<Result<Repeated>> Collect(Context& context, InStream<Scalars>& in) override {
    auto out = next_.Collect(context);
    while (const Scalars* const one = co_await in.read()) {
      if (!co_await out.write(*one)) break;
    }
    co_return co_await out.finish();
  }
  Task<Status> Spread(Context& context, const Repeated& request, OutStream<Scalars>& out) override {
    auto in = next_.Spread(context, request);
    while (const Scalars* const one = co_await in.read()) {
      if (!co_await out.write(*one)) break;
    }
    co_return co_await in.finish();
  }
  Task<Status> Exchange(Context& context, Stream<Scalars, Scalars>& stream) override {
    auto next = next_.Exchange(context);
    while (const Scalars* const one = co_await stream.read()) {
      if (!co_await next.write(*one)) break;
      Scalars* const answer = co_await next.read();
      if (answer == nullptr) break;
      co_await stream.write(*answer);
    }
    co_return co_await next.finish();
  }

 private:
  Features::Async::Stub next_{"next"};
};

class TypedAsyncStub : public TypedStub {
 protected:
  TypedAsyncStub() {
    host_.made.in_events = true;
    registry_.serve<Relay>();
  }
  enum Method : std::int32_t { echo, collect, spread, exchange };
  testing::FakeCall& serve(Method method, std::vector<std::string> requests) {
    testing::FakeCall& call = host_.calls[++last_];
    call.requests = {requests.begin(), requests.end()};
    registry_.event(last_, abi::event_open, method);
    return call;
  }
  void answer(std::vector<std::string> responses, std::int32_t code = 0) {
    made().answer(std::move(responses), code);
    registry_.event(999 + static_cast<std::int32_t>(host_.made.calls.size()), abi::event_client,
                    testing::FakeMadeCalls::holding(made()));
  }

 private:
  std::int32_t last_ = 0;
};

TEST_F(TypedAsyncStub, AwaitsTheResponseOrTheStatus) {
  const auto& call = serve(echo, {number(2)});
  EXPECT_EQ(made().target, "next");
  EXPECT_EQ(numbers_in(made().sent), Numbers{2});
  answer({number(4)});
  EXPECT_EQ(numbers_in(call.sent), Numbers{5});
  const auto& failed = serve(echo, {number(2)});
  answer({std::string(malformed)});
  EXPECT_EQ(failed.finished->second, "the response is not a well-formed features.three.Scalars");
}

TEST_F(TypedAsyncStub, ReadsAndWritesStreams) {
  const auto& collected = serve(collect, {number(1), number(2)});
  EXPECT_EQ(numbers_in(made().sent), (Numbers{1, 2}));
  EXPECT_TRUE(made().half_closed);
  answer({encode(Repeated{.f_int32 = {9}})});
  EXPECT_EQ(collected.finished->first, 0);

  const auto& spread_out = serve(spread, {encode(Repeated{.f_int32 = {9}})});
  answer({number(1), number(2)});
  EXPECT_EQ(numbers_in(spread_out.sent), (Numbers{1, 2}));
  const auto& broken = serve(spread, {encode(Repeated{})});
  answer({number(1), std::string(malformed)});
  EXPECT_EQ(numbers_in(broken.sent), Numbers{1});
  EXPECT_EQ(broken.finished->first, static_cast<std::int32_t>(StatusCode::internal));

  const auto& exchanged = serve(exchange, {number(3)});
  EXPECT_EQ(numbers_in(made().sent), Numbers{3});
  answer({number(6)});
  EXPECT_EQ(numbers_in(exchanged.sent), Numbers{6});
  EXPECT_TRUE(made().half_closed);
}

}  // namespace
}  // namespace wasm_grpc::guest
