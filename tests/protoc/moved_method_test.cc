// The same methods as handlers and as coroutines: one text, but for the words that make a coroutine.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "fake_host.h"
#include "services.guest.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using namespace std::chrono_literals;
using ours::features::three::Repeated;
using ours::features::three::Scalars;
using testing::FakeCall;
using testing::FakeHost;

// Without co_await in a condition that a status follows, which GCC 12 compiles wrongly.
#define METHODS(GIVES, RETURN, WAIT)                                                                        \
  GIVES<Result<Scalars>> Echo(Context& context, const Scalars& request) override {                          \
    if (request.f_int32 < 0) RETURN Status::out_of_range("it is negative");                                 \
    WAIT context.sleep_for(10ms);                                                                           \
    const bool slept = WAIT context.sleep_for(20ms);                                                        \
    if (!slept) RETURN Status::cancelled();                                                                 \
    RETURN request;                                                                                         \
  }                                                                                                         \
  GIVES<Result<Repeated>> Collect(Context&, InStream<Scalars>& in) override {                               \
    Repeated all;                                                                                           \
    while (const Scalars* const one = WAIT in.read()) all.f_int32.push_back(one->f_int32);                  \
    if (in.malformed()) log(LogLevel::info, "malformed");                                                   \
    RETURN all;                                                                                             \
  }                                                                                                         \
  GIVES<Status> Spread(Context&, const Repeated& request, OutStream<Scalars>& out) override {               \
    std::vector<Scalars> all;                                                                               \
    for (const std::int32_t number : request.f_int32) {                                                     \
      const Scalars scalars{.f_int32 = number};                                                             \
      if (!WAIT out.write(scalars)) break;                                                                  \
      all.push_back(scalars);                                                                               \
    }                                                                                                       \
    if (const Scalars extra{.f_int32 = -1}; !out.try_write(extra)) log(LogLevel::info, "there is no room"); \
    RETURN WAIT out.write_all(all);                                                                         \
  }

template <typename Given>
using Plain = Given;

class Handlers : public ours::features::services::Features {
 public:
  METHODS(Plain, return, )
  Status Exchange(Context&, InStream<Scalars>& in, OutStream<Scalars>& out) override {
    while (const Scalars* const message = in.read()) {
      if (!out.write(*message)) break;
    }
    return Status::ok();
  }
};

class Coroutines : public ours::features::services::Features::Async {
 public:
  METHODS(Task, co_return, co_await)
  Task<Status> Exchange(Context&, Stream<Scalars, Scalars>& stream) override {
    auto& [in, out] = stream;
    while (const Scalars* const message = co_await in.read()) {
      if (!co_await out.write(*message)) break;
    }
    co_return Status::ok();
  }
};

enum Method : std::int32_t { echo, collect, spread, exchange };

struct Served {
  std::vector<std::string> sent;
  std::int32_t code = 0;
  std::vector<std::pair<std::int32_t, std::string>> log;

  bool operator==(const Served&) const = default;
};

FakeCall call_with(const std::vector<std::string>& requests) {
  FakeCall call;
  call.requests = {requests.begin(), requests.end()};
  return call;
}

Served by_handler(Method method, const std::vector<std::string>& requests) {
  FakeHost host;
  Registry registry;
  registry.serve<Handlers>();
  FakeCall& call = host.calls[1] = call_with(requests);
  const std::int32_t code = registry.dispatch(1, method);
  return {call.sent, code, host.log};
}

Served by_coroutine(Method method, const std::vector<std::string>& requests) {
  FakeHost host;
  Registry registry;
  registry.serve<Coroutines>();
  FakeCall& call = host.calls[1] = call_with(requests);
  registry.event(1, abi::event_open, method);
  while (call.timer && !call.finished) {
    call.timer.reset();
    registry.event(1, abi::event_timer, 0);
  }
  return {call.sent, call.finished ? call.finished->first : -1, host.log};
}

std::string number(std::int32_t value) { return encode(Scalars{.f_int32 = value}); }

TEST(MovedMethod, DoesTheSameAsHandlerAndAsCoroutine) {
  const std::vector<std::string> three{number(1), number(2), number(3)};
  const std::string repeated = encode(Repeated{.f_int32 = {4, 5}});
  EXPECT_EQ(by_handler(echo, {number(7)}), (Served{{number(7)}, 0, {}}));
  EXPECT_EQ(by_handler(echo, {number(-7)}).code, static_cast<std::int32_t>(StatusCode::out_of_range));
  EXPECT_EQ(by_handler(collect, three), (Served{{encode(Repeated{.f_int32 = {1, 2, 3}})}, 0, {}}));
  EXPECT_EQ(by_handler(spread, {repeated}), (Served{{number(4), number(5), number(-1), number(4), number(5)}, 0, {}}));
  EXPECT_EQ(by_handler(exchange, three), (Served{three, 0, {}}));
  EXPECT_EQ(by_handler(collect, {"\x18"}).log.size(), 1U);

  EXPECT_EQ(by_coroutine(echo, {number(7)}), by_handler(echo, {number(7)}));
  EXPECT_EQ(by_coroutine(echo, {number(-7)}), by_handler(echo, {number(-7)}));
  EXPECT_EQ(by_coroutine(collect, three), by_handler(collect, three));
  EXPECT_EQ(by_coroutine(spread, {repeated}), by_handler(spread, {repeated}));
  EXPECT_EQ(by_coroutine(exchange, three), by_handler(exchange, three));
  EXPECT_EQ(by_coroutine(collect, {"\x18"}), by_handler(collect, {"\x18"}));
}

TEST(MovedMethod, SleepsAsLongInBoth) {
  FakeHost host;
  Registry handlers;
  handlers.serve<Handlers>();
  FakeCall& one = host.calls[1] = call_with({number(1)});
  EXPECT_EQ(handlers.dispatch(1, echo), 0);
  EXPECT_EQ(one.waits, 2);
  EXPECT_EQ(one.last_timeout, 20'000'000);

  Registry coroutines;
  coroutines.serve<Coroutines>();
  FakeCall& other = host.calls[2] = call_with({number(1)});
  coroutines.event(2, abi::event_open, echo);
  EXPECT_EQ(other.timer, 10'000'000);
  coroutines.event(2, abi::event_timer, 0);
  EXPECT_EQ(other.timer, 20'000'000);
  EXPECT_FALSE(other.finished);
  coroutines.event(2, abi::event_timer, 0);
  EXPECT_TRUE(other.finished);
  EXPECT_EQ(other.waits, 0);
}

TEST(MovedMethod, IsToldOfACancelledCallWhereAHandlerSleeps) {
  FakeHost host;
  Registry registry;
  registry.serve<Handlers>();
  FakeCall& call = host.calls[1] = call_with({number(1)});
  call.cancelled_when_waiting = true;
  EXPECT_EQ(registry.dispatch(1, echo), static_cast<std::int32_t>(StatusCode::cancelled));
  EXPECT_TRUE(call.sent.empty());
}

}  // namespace
}  // namespace wasm_grpc::guest
