#include "services/load_report.h"

#include <google/protobuf/duration.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "services/load_stream.h"

namespace wasm_grpc::services {
namespace {

using std::chrono::milliseconds;

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(LoadReportTest, IsTheMessageOfXds) {
  // protoc --encode=xds.data.orca.v3.OrcaLoadReport of cpu_utilization: 0.5 mem_utilization: 0.25 rps_fractional: 100
  // eps: 1
  const std::string right(
      "\x09\0\0\0\0\0\0\xe0\x3f\x11\0\0\0\0\0\0\xd0\x3f\x31\0\0\0\0\0\0\x59\x40\x39\0\0\0\0\0\0\xf0\x3f", 36);
  EXPECT_EQ(serialized({0.5, 0.25, 100, 1}), right);
  EXPECT_EQ(serialized({}), "");
}

TEST(LoadReportTest, TheBoardHasTheLatest) {
  LoadBoard board;
  EXPECT_EQ(*board.report(), "");
  board.set({1, 0, 0, 0});
  EXPECT_EQ(*board.report(), serialized({1, 0, 0, 0}));
}

std::string request(std::int64_t seconds, std::int32_t nanoseconds) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanoseconds);
  const std::string inner = duration.SerializeAsString();
  return std::string("\x0a") + static_cast<char>(inner.size()) + inner + "\x12\x03" + "cpu";
}

TEST(LoadStreamTest, ReadsTheIntervalThatIsAskedFor) {
  EXPECT_EQ(asked_interval(bytes("")), milliseconds(0));
  EXPECT_EQ(asked_interval(bytes(request(2, 500'000'000))), milliseconds(2500));
  EXPECT_EQ(asked_interval(bytes(request(-5, -1))), milliseconds(0));
  EXPECT_EQ(asked_interval(bytes(request(INT64_MAX, 0))), std::chrono::seconds(315'576'000'000));
}

TEST(LoadStreamTest, WhatIsNoRequestIsNotRead) {
  for (const std::string bad :
       {"\x0a", "\x0a\x05", "\x0a\x01\x08", "\x0b", "\x0a\x02\x08\xff", "\xff\xff\xff\xff\xff\xff"}) {
    EXPECT_EQ(asked_interval(bytes(bad)), std::nullopt) << testing::PrintToString(bad);
  }
}

}  // namespace
}  // namespace wasm_grpc::services
