// Generated services over a fake host: what the handlers see, and what the client gets.
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <cstddef>
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

class Features : public ours::features::services::Features {
 public:
  explicit Features(int* alive) : alive_(alive) { ++*alive_; }
  ~Features() override { --*alive_; }

  Result<Scalars> Echo(Context& context, const Scalars& request) override {
    if (request.f_int32 < 0) return Status::out_of_range("it is negative");
    context.add_trailer("calls", std::to_string(++calls_));
    return request;
  }
  Result<Repeated> Collect(Context&, MessageReader<Scalars>& in) override {
    Repeated all;
    for (const Scalars& one : in) all.f_int32.push_back(one.f_int32);
    if (in.cancelled()) return Status::cancelled();
    return all;
  }
  Status Spread(Context&, const Repeated& request, MessageWriter<Scalars>& out) override {
    for (const std::int32_t number : request.f_int32) {
      if (!out.write({.f_int32 = number})) return Status::cancelled();
    }
    return Status::ok();
  }
  Status Exchange(Context&, MessageReader<Scalars>& in, MessageWriter<Scalars>& out) override {
    while (Scalars* const message = in.read()) {
      message->f_int32 *= 2;
      if (!out.write(*message)) return Status::cancelled();
    }
    saw_malformed = in.malformed();
    return Status::ok();
  }

  bool saw_malformed = false;

 private:
  int* alive_;
  int calls_ = 0;
};

class TypedService : public ::testing::Test {
 protected:
  TypedService() : features_(&registry_.serve<Features>(&alive_)) {}

  enum Method : std::int32_t { echo, collect, spread, exchange, missing };

  std::int32_t serve(Method method, std::vector<std::string> requests, bool cancelled = false,
                     const std::string& content_subtype = {}) {
    const std::int32_t id = ++calls_;
    FakeCall& call = host_.calls[id];
    if (!content_subtype.empty()) call.info[abi::content_subtype] = content_subtype;
    call.requests = {requests.begin(), requests.end()};
    call.cancelled = cancelled;
    const std::int32_t code = registry_.dispatch(id, method);
    served_ = std::move(call);
    host_.calls.erase(id);
    return code;
  }
  [[nodiscard]] static std::string number(std::int32_t value) { return encode(Scalars{.f_int32 = value}); }
  [[nodiscard]] std::vector<std::int32_t> sent() const {
    std::vector<std::int32_t> numbers;
    for (const std::string& bytes : served_.sent) {
      Scalars message;
      EXPECT_TRUE(decode(bytes, message));
      numbers.push_back(message.f_int32);
    }
    return numbers;
  }
  using Numbers = std::vector<std::int32_t>;

  int alive_ = 0;
  FakeHost host_;
  Registry registry_;
  Features* features_;
  FakeCall served_;

 private:
  std::int32_t calls_ = 0;
};

constexpr std::string_view malformed = "\x18";

TEST_F(TypedService, DeclaresItsMethodsWithTheirKinds) {
  const std::pair<const char*, std::int32_t> expected[] = {
      {"Echo", 0}, {"Collect", 1}, {"Spread", 2}, {"Exchange", 3}, {"Missing", 0}};
  ASSERT_EQ(host_.methods.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(host_.methods[i].path, std::string("/features.services.Features/") + expected[i].first);
    EXPECT_EQ(host_.methods[i].kind, expected[i].second);
  }
}

TEST_F(TypedService, DescribesItselfWithAllItImports) {
  ASSERT_EQ(host_.descriptors.size(), 1u);
  google::protobuf::FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(host_.descriptors[0]));
  google::protobuf::DescriptorPool pool;
  for (const auto& file : set.file()) {
    EXPECT_FALSE(file.name().starts_with("google/") && file.has_source_code_info());
    ASSERT_NE(pool.BuildFile(file), nullptr) << file.name() << " comes before what it imports";
  }
  const auto* const service = pool.FindServiceByName("features.services.Features");
  ASSERT_NE(service, nullptr);
  google::protobuf::SourceLocation place;  // of what has a comment
  ASSERT_TRUE(service->GetSourceLocation(&place));
  EXPECT_EQ(place.leading_comments, " Does this and that.\n");
  EXPECT_FALSE(service->FindMethodByName("Collect")->GetSourceLocation(&place));
  EXPECT_TRUE(service->FindMethodByName("Collect")->client_streaming());
  EXPECT_EQ(service->FindMethodByName("Echo")->input_type()->FindFieldByName("f_int32")->json_name(), "fInt32");
}

TEST_F(TypedService, IsMadeOnceAndKept) {
  EXPECT_EQ(serve(echo, {number(1)}), 0);
  EXPECT_EQ(serve(echo, {number(2)}), 0);
  EXPECT_EQ(sent(), Numbers{2});
  EXPECT_EQ(served_.trailers.back().second, "2");
  EXPECT_EQ(alive_, 1);
  int others = 0;
  {
    Registry registry;
    registry.serve<Features>(&others);
    EXPECT_EQ(others, 1);
  }
  EXPECT_EQ(others, 0);
}

TEST_F(TypedService, RefusesMessagesThatAreNotProtobuf) {
  for (const Method method : {echo, collect, spread, exchange}) {
    EXPECT_EQ(serve(method, {"{}"}, false, "json"), static_cast<std::int32_t>(StatusCode::unimplemented));
    EXPECT_TRUE(served_.sent.empty());
    EXPECT_NE(served_.finished->second.find("protobuf"), std::string::npos) << served_.finished->second;
  }
}

TEST_F(TypedService, AnswersWithTheStatusOfTheHandler) {
  EXPECT_EQ(serve(echo, {number(-1)}), 11);
  EXPECT_EQ(served_.finished->second, "it is negative");
  EXPECT_TRUE(served_.sent.empty());
}

TEST_F(TypedService, ReadsStreamsAndWritesThem) {
  EXPECT_EQ(serve(collect, {number(1), number(2), number(3)}), 0);
  Repeated all;
  ASSERT_TRUE(decode(served_.sent.at(0), all));
  EXPECT_EQ(all.f_int32, (Numbers{1, 2, 3}));
  EXPECT_EQ(serve(spread, {encode(all)}), 0);
  EXPECT_EQ(sent(), (Numbers{1, 2, 3}));
  EXPECT_EQ(serve(exchange, {number(1), number(0), number(-4)}), 0);
  EXPECT_EQ(sent(), (Numbers{2, 0, -8}));
}

TEST_F(TypedService, TellsHandlersThatTheCallWasCancelled) {
  EXPECT_EQ(serve(collect, {number(1)}, true), 1);
  EXPECT_TRUE(served_.sent.empty());
}

TEST_F(TypedService, AnswersMalformedRequestsWithInternalAsOthersDo) {
  for (const Method method : {echo, collect, exchange}) {
    EXPECT_EQ(serve(method, {std::string(malformed)}), 13);
    EXPECT_EQ(served_.finished->second, "the request is not a well-formed features.three.Scalars");
    EXPECT_TRUE(served_.sent.empty());
  }
  EXPECT_EQ(serve(spread, {std::string(malformed)}), 13);
}

TEST_F(TypedService, EndsAStreamAtTheFirstMalformedRequest) {
  EXPECT_EQ(serve(exchange, {number(1), std::string(malformed), number(2)}), 13);
  EXPECT_EQ(sent(), Numbers{2});
  EXPECT_TRUE(features_->saw_malformed);
}

TEST_F(TypedService, AnswersMethodsNobodyWroteWithUnimplemented) {
  EXPECT_EQ(serve(missing, {number(1)}), 12);
  EXPECT_EQ(served_.finished->second, "features.services.Features/Missing is not implemented");
}

}  // namespace
}  // namespace wasm_grpc::guest
