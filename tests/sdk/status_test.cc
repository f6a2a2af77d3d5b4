// What a status carries besides its code and message, and what is said of what the host refuses.
#include "wasm_grpc/guest/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "fake_host.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using testing::FakeHost;
using namespace std::chrono_literals;

google::rpc::Status parsed(const Status& status) {
  google::rpc::Status message;
  EXPECT_TRUE(message.ParseFromString(status.details()));
  return message;
}

TEST(Status, CarriesDetailsThatGooglesMessagesRead) {
  const Status status =
      Status::invalid_argument("no such date")
          .with(rpc::BadRequest{.field_violations = {{"date", "is in the past", "PAST"}, {"time", "is missing", ""}}})
          .with(rpc::ErrorInfo{.reason = "PAST", .domain = "test", .metadata = {{"today", "Monday"}, {"a", ""}}})
          .with(rpc::RetryInfo{.retry_delay = 1500ms});
  const google::rpc::Status message = parsed(status);
  EXPECT_EQ(message.code(), 3);
  EXPECT_EQ(message.message(), "no such date");
  ASSERT_EQ(message.details_size(), 3);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(message.details(0).UnpackTo(&bad));
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(0).field(), "date");
  EXPECT_EQ(bad.field_violations(0).description(), "is in the past");
  EXPECT_EQ(bad.field_violations(0).reason(), "PAST");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(message.details(1).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("today"), "Monday");
  EXPECT_EQ(info.metadata().size(), 2U);
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(message.details(2).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(Status, HasEachOfTheUsualDetails) {
  const Status status = Status::unavailable()
                            .with(rpc::DebugInfo{.stack_entries = {"a", "b"}, .detail = "d"})
                            .with(rpc::QuotaFailure{.violations = {{"s", "d"}}})
                            .with(rpc::PreconditionFailure{.violations = {{"t", "s", "d"}}})
                            .with(rpc::RequestInfo{.request_id = "r", .serving_data = "s"})
                            .with(rpc::ResourceInfo{"t", "n", "o", "d"})
                            .with(rpc::Help{.links = {{"d", "https://a.test"}}})
                            .with(rpc::LocalizedMessage{.locale = "de", .message = "Nein"});
  const google::rpc::Status message = parsed(status);
  ASSERT_EQ(message.details_size(), 7);
  google::rpc::DebugInfo debug;
  EXPECT_TRUE(message.details(0).UnpackTo(&debug) && debug.stack_entries(1) == "b" && debug.detail() == "d");
  google::rpc::QuotaFailure quota;
  EXPECT_TRUE(message.details(1).UnpackTo(&quota) && quota.violations(0).description() == "d");
  google::rpc::PreconditionFailure precondition;
  EXPECT_TRUE(message.details(2).UnpackTo(&precondition) && precondition.violations(0).subject() == "s");
  google::rpc::RequestInfo request;
  EXPECT_TRUE(message.details(3).UnpackTo(&request) && request.serving_data() == "s");
  google::rpc::ResourceInfo resource;
  EXPECT_TRUE(message.details(4).UnpackTo(&resource) && resource.owner() == "o" && resource.description() == "d");
  google::rpc::Help help;
  EXPECT_TRUE(message.details(5).UnpackTo(&help) && help.links(0).url() == "https://a.test");
  google::rpc::LocalizedMessage localized;
  EXPECT_TRUE(message.details(6).UnpackTo(&localized) && localized.message() == "Nein");
}

TEST(Status, FindsTheDetailsThatOthersSent) {
  google::rpc::Status message;
  message.set_code(14);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  message.add_details()->PackFrom(retry);
  google::rpc::ErrorInfo info;
  info.set_reason("BUSY");
  (*info.mutable_metadata())["node"] = "7";
  message.add_details()->PackFrom(info);
  const Status status = Status::unavailable("busy").with_details(message.SerializeAsString());
  EXPECT_EQ(status.detail<rpc::ErrorInfo>()->metadata.at("node"), "7");
  EXPECT_EQ(status.detail<rpc::RetryInfo>()->retry_delay.time(), 2s);
  EXPECT_FALSE(status.detail<rpc::BadRequest>().has_value());
  EXPECT_FALSE(Status::unavailable().with_details("\x1a\xff").detail<rpc::ErrorInfo>().has_value());
}

TEST(Status, IsLeftAsItWasWhereADetailIsAddedToACopy) {
  const Status plain = Status::not_found("it");
  EXPECT_FALSE(plain.with(rpc::ErrorInfo{.reason = "R"}).details().empty());
  EXPECT_TRUE(plain.details().empty());
}

struct OfGenerated {
  std::string type_url{};
  std::string value{};
};

TEST(Any, HoldsAMessageOfAnyType) {
  const auto any = pack_any<OfGenerated>(rpc::ErrorInfo{.reason = "R"});
  EXPECT_EQ(any.type_url, "type.googleapis.com/google.rpc.ErrorInfo");
  rpc::ErrorInfo info;
  EXPECT_TRUE(unpack_any(any, info));
  EXPECT_EQ(info.reason, "R");
  rpc::Help help;
  EXPECT_FALSE(unpack_any(any, help));
  EXPECT_TRUE(is_type("/a.B", "a.B"));
  EXPECT_FALSE(is_type("x/aa.B", "a.B"));
  EXPECT_FALSE(is_type("a.B", "a.B"));
}

class Refusals : public ::testing::Test {
 protected:
  FakeHost host;
  detail::Instance instance;
  Context context{1, instance};
  Refusals() { host.calls[1]; }
};

TEST_F(Refusals, OfMetadataAreInTheLogWithTheKey) {
  EXPECT_FALSE(context.add_header("Upper", "x"));
  EXPECT_FALSE(context.add_trailer("text", "\x01"));
  EXPECT_TRUE(context.add_trailer("text-bin", "\x01"));
  ASSERT_EQ(host.call_log.size(), 2U);
  EXPECT_NE(host.call_log[0].find("a header was left out: a key is of lower-case letters"), std::string::npos);
  EXPECT_NE(host.call_log[0].find("key=Upper"), std::string::npos);
  EXPECT_NE(host.call_log[1].find("a trailer was left out: a value is printable ASCII"), std::string::npos);
  host.calls[1].headers_sent = true;
  EXPECT_FALSE(context.add_header("late", "x"));
  EXPECT_NE(host.call_log[2].find("the headers have left"), std::string::npos);
}

TEST_F(Refusals, OfDetailsThatAreTooLargeAreInTheLog) {
  EXPECT_TRUE(context.finish(Status::internal().with(rpc::DebugInfo{.detail = std::string(17 << 10, 'x')})));
  ASSERT_EQ(host.call_log.size(), 1U);
  EXPECT_NE(host.call_log[0].find("more than 16 KiB"), std::string::npos);
  EXPECT_NE(host.call_log[0].find("key=grpc-status-details-bin"), std::string::npos);
}

TEST_F(Refusals, OfACallThatIsOverAreNot) {
  (void)context.finish(Status::ok());
  EXPECT_FALSE(context.add_trailer("text", "x"));
  EXPECT_TRUE(host.call_log.empty());
}

}  // namespace
}  // namespace wasm_grpc::guest
