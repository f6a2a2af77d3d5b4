// Generated services whose methods are coroutines, over a fake host.
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

using ours::features::three::Repeated;
using ours::features::three::Scalars;
using testing::FakeCall;
using testing::FakeHost;
using Numbers = std::vector<std::int32_t>;

class Features : public ours::features::services::Features::Async {
 public:
  Task<Result<Scalars>> Echo(Context& context, const Scalars& request) override {
    while (request.f_int32 > limit) co_await higher.wait();
    if (request.f_int32 < 0) co_return Status::out_of_range("it is negative");
    context.add_trailer("answered", "yes");
    co_return request;
  }
  Task<Result<Repeated>> Collect(Context&, InStream<Scalars>& in) override {
    Repeated all;
    while (const Scalars* const one = co_await in.read()) all.f_int32.push_back(one->f_int32);
    co_return all;
  }
  Task<Status> Spread(Context&, const Repeated& request, OutStream<Scalars>& out) override {
    for (const std::int32_t number : request.f_int32) {
      const Scalars scalars{.f_int32 = number};  // GCC 12 destroys `write({...})` twice in a coroutine
      co_await out.write(scalars);
    }
    const Encoded<Scalars> last(Scalars{.f_int32 = -1});
    co_await out.write(last);
    co_return out.try_write(last) ? Status::ok() : Status::resource_exhausted();
  }
  Task<Status> Exchange(Context&, Stream<Scalars, Scalars>& stream) override {
    while (Scalars* const message = co_await stream.read()) {
      message->f_int32 *= 2;
      co_await stream.write(*message);
    }
    co_return Status::ok();
  }

  std::int32_t limit = 100;
  Condition higher;
};

class TypedCoroutine : public ::testing::Test {
 protected:
  TypedCoroutine() : features_(registry_.serve<Features>()) {}

  enum Method : std::int32_t { echo, collect, spread, exchange, missing };

  FakeCall& open(Method method, std::vector<std::string> requests, bool ended = true, int room = -1,
                 const std::string& content_subtype = {}) {
    FakeCall& call = host_.calls[++last_];
    if (!content_subtype.empty()) call.info[abi::content_subtype] = content_subtype;
    call.requests = {requests.begin(), requests.end()};
    call.ended = ended;
    call.room = room;
    registry_.event(last_, abi::event_open, method);
    return call;
  }
  [[nodiscard]] static std::string number(std::int32_t value) { return encode(Scalars{.f_int32 = value}); }
  [[nodiscard]] static Numbers sent(const FakeCall& call) {
    Numbers numbers;
    for (const std::string& bytes : call.sent) {
      Scalars message;
      EXPECT_TRUE(decode(bytes, message));
      numbers.push_back(message.f_int32);
    }
    return numbers;
  }
  static std::pair<std::int32_t, std::string> status(const FakeCall& call) {
    return call.finished.value_or(std::pair<std::int32_t, std::string>(-1, "none yet"));
  }

  FakeHost host_;
  Registry registry_;
  Features& features_;
  std::int32_t last_ = 0;
};

constexpr std::string_view malformed = "\x18";

TEST_F(TypedCoroutine, RefusesMessagesThatAreNotProtobuf) {
  for (const Method method : {echo, collect, spread, exchange}) {
    const FakeCall& call = open(method, {"{}"}, true, -1, "json");
    ASSERT_TRUE(call.finished.has_value());
    EXPECT_EQ(call.finished->first, static_cast<std::int32_t>(StatusCode::unimplemented));
    EXPECT_TRUE(call.sent.empty());
  }
}

TEST_F(TypedCoroutine, DeclaresItsMethodsInEventStyle) {
  const std::int32_t kinds[] = {0, 1, 2, 3, 0};
  ASSERT_EQ(host_.methods.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(host_.methods[i].kind, kinds[i]);
    EXPECT_EQ(host_.methods[i].style, abi::event_style);
  }
  EXPECT_EQ(host_.methods[3].path, "/features.services.Features/Exchange");
  EXPECT_EQ(host_.descriptors.size(), 1U);
}

TEST_F(TypedCoroutine, AnswersOneRequestNowOrLater) {
  EXPECT_EQ(sent(open(echo, {number(3)})), Numbers{3});
  FakeCall& later = open(echo, {number(200)});
  EXPECT_EQ(status(later).first, -1);
  EXPECT_EQ(status(open(echo, {number(-1)})).second, "it is negative");
  features_.limit = 300;
  features_.higher.notify_all();
  open(echo, {number(1)});
  EXPECT_EQ(sent(later), Numbers{200});
  EXPECT_EQ(status(later).first, 0);
  EXPECT_EQ(later.trailers.size(), 1U);
}

TEST_F(TypedCoroutine, ReadsStreamsAndWritesThem) {
  FakeCall& all = open(collect, {number(1), number(2)}, false);
  const std::int32_t id = last_;
  EXPECT_EQ(status(all).first, -1);
  all.requests.push_back(number(3));
  all.ended = true;
  registry_.event(id, abi::event_message, 0);
  Repeated collected;
  ASSERT_TRUE(decode(all.sent.at(0), collected));
  EXPECT_EQ(collected.f_int32, (Numbers{1, 2, 3}));

  FakeCall& narrow = open(spread, {encode(collected)}, true, 2);
  EXPECT_EQ(sent(narrow), (Numbers{1, 2}));
  narrow.room = 2;
  registry_.event(last_, abi::event_writable, 0);
  EXPECT_EQ(sent(narrow), (Numbers{1, 2, 3, -1}));
  EXPECT_EQ(status(narrow).first, 8) << "there was no room to write without waiting";

  EXPECT_EQ(sent(open(exchange, {number(1), number(0), number(-4)})), (Numbers{2, 0, -8}));
}

TEST_F(TypedCoroutine, AnswersMalformedRequestsWithInternal) {
  const std::pair<std::int32_t, std::string> internal = {13, "the request is not a well-formed features.three.Scalars"};
  EXPECT_EQ(status(open(echo, {std::string(malformed)})), internal);
  EXPECT_EQ(status(open(collect, {number(1), std::string(malformed)})), internal);
  EXPECT_EQ(status(open(spread, {std::string(malformed)})).first, 13);
  const FakeCall& call = open(exchange, {number(1), std::string(malformed), number(2)});
  EXPECT_EQ(status(call), internal);
  EXPECT_EQ(sent(call), Numbers{2});
}

TEST_F(TypedCoroutine, AnswersMethodsNobodyWroteWithUnimplemented) {
  EXPECT_EQ(status(open(missing, {number(1)})).second, "features.services.Features/Missing is not implemented");
}

}  // namespace
}  // namespace wasm_grpc::guest
