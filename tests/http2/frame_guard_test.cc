// What the guard lets pass of a client's frames, and what it ends a connection for.
#include "http2/session/frame_guard.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace wasm_grpc::http2 {
namespace {

constexpr std::uint8_t end_stream = NGHTTP2_FLAG_END_STREAM;
constexpr std::uint8_t end_headers = NGHTTP2_FLAG_END_HEADERS;

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t id, std::string_view payload = "") {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<char>(payload.size() >> shift));
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(id >> shift));
  return bytes.append(payload);
}

std::string headers(std::uint32_t id, std::uint8_t flags = end_headers) {
  return frame(NGHTTP2_HEADERS, flags, id, "block");
}

std::string data(std::uint32_t id, std::string_view payload, std::uint8_t flags = 0) {
  return frame(NGHTTP2_DATA, flags, id, payload);
}

std::string reset(std::uint32_t id) { return frame(NGHTTP2_RST_STREAM, 0, id, std::string(4, '\0')); }

class FrameGuardTest : public testing::Test {
 protected:
  FrameGuardTest() { EXPECT_TRUE(passes(NGHTTP2_CLIENT_MAGIC)); }

  bool passes(std::string_view bytes) {
    return guard_->inspect(std::as_bytes(std::span(bytes))) == bytes.size() && !guard_->violation();
  }
  void expect_refused(std::string_view bytes, EndReason reason, std::uint32_t error_code) {
    EXPECT_FALSE(passes(bytes));
    ASSERT_TRUE(guard_->violation());
    EXPECT_EQ(guard_->violation()->reason, reason) << guard_->violation()->text;
    EXPECT_EQ(guard_->violation()->error_code, error_code) << guard_->violation()->text;
  }
  /// Sends that frame until the guard has enough; returns how many passed.
  int flood(const std::string& bytes, EndReason reason) {
    int passed = 0;
    while (passed < 100'000 && passes(bytes)) ++passed;
    EXPECT_TRUE(guard_->violation());
    if (guard_->violation()) {
      EXPECT_EQ(guard_->violation()->reason, reason) << guard_->violation()->text;
    }
    return passed;
  }

  ClientLimits limits_{.reset_burst = 50, .resets_per_second = 1, .overhead_burst = 1000, .overhead_per_second = 1};
  std::optional<FrameGuard> guard_{limits_};
};

TEST_F(FrameGuardTest, CallsPassInPiecesOfAnySize) {
  const std::string call = headers(1) + data(1, "hello") + data(1, "", end_stream) +
                           frame(NGHTTP2_PRIORITY, 0, 3, std::string("\0\0\0\1\7", 5)) + headers(3) + reset(3);
  for (std::size_t size = 1; size <= call.size(); ++size) {
    FrameGuard guard(limits_);
    std::string all = NGHTTP2_CLIENT_MAGIC + call;
    for (std::size_t at = 0; at < all.size(); at += size) {
      const std::string piece = all.substr(at, size);
      EXPECT_EQ(guard.inspect(std::as_bytes(std::span(piece))), piece.size());
    }
    EXPECT_FALSE(guard.violation()) << size;
    EXPECT_EQ(guard.incomplete(), 0u);
  }
}

TEST_F(FrameGuardTest, AViolationIsFoundInPiecesOfAnySize) {
  const std::string bytes =
      NGHTTP2_CLIENT_MAGIC + headers(1) + frame(NGHTTP2_PRIORITY, 0, 9, std::string("\0\0\0\x9\7", 5));
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    FrameGuard guard(limits_);
    for (std::size_t at = 0; at < bytes.size() && !guard.violation(); at += size) {
      const std::string piece = bytes.substr(at, size);
      (void)guard.inspect(std::as_bytes(std::span(piece)));
    }
    EXPECT_TRUE(guard.violation()) << size;
  }
}

TEST_F(FrameGuardTest, WhatComesBeforeAViolationIsLetThrough) {
  const std::string good = headers(5) + data(5, "hello");
  const std::string all = good + headers(3) + headers(7);
  EXPECT_EQ(guard_->inspect(std::as_bytes(std::span(all))), good.size());
  EXPECT_TRUE(guard_->violation());
}

TEST_F(FrameGuardTest, AStreamIdBelowAnEarlierOneIsAProtocolError) {
  EXPECT_TRUE(passes(headers(5)));
  expect_refused(headers(3), EndReason::protocol_error, NGHTTP2_PROTOCOL_ERROR);
}

TEST_F(FrameGuardTest, NothingMayFollowTheEndOfAStream) {
  EXPECT_TRUE(passes(headers(1) + data(1, "x", end_stream)));
  expect_refused(data(1, "y"), EndReason::protocol_error, NGHTTP2_STREAM_CLOSED);
}

TEST_F(FrameGuardTest, NothingMayFollowAResetByTheClient) {
  EXPECT_TRUE(passes(headers(1) + reset(1)));
  expect_refused(headers(1), EndReason::protocol_error, NGHTTP2_STREAM_CLOSED);
}

TEST_F(FrameGuardTest, TrailersAndWindowUpdatesMayFollow) {
  EXPECT_TRUE(passes(headers(1) + data(1, "x") + headers(1, end_headers | end_stream) +
                     frame(NGHTTP2_WINDOW_UPDATE, 0, 1, std::string("\0\0\0\1", 4)) + reset(1)));
}

TEST_F(FrameGuardTest, WhatOldStreamsSendIsLeftToNghttp2) {
  EXPECT_TRUE(passes(headers(1, end_headers | end_stream)));
  EXPECT_TRUE(passes(headers(100'001)));
  EXPECT_TRUE(passes(data(1, "x")));
  expect_refused(headers(99'999), EndReason::protocol_error, NGHTTP2_PROTOCOL_ERROR);
}

TEST_F(FrameGuardTest, FramesThatCarryNothingAreLimited) {
  const std::pair<std::string, int> floods[] = {
      {frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')), 1000},
      {frame(NGHTTP2_SETTINGS, 0, 0), 10},
      {frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string("\0\0\0\1", 4)), 1000},
      {frame(NGHTTP2_PRIORITY, 0, 3, std::string("\0\0\0\1\7", 5)), 1000},
      {frame(0xbe, 0, 0, "unknown"), 1000},
      {data(1, ""), 1000},
      {data(1, std::string(200, '\0'), NGHTTP2_FLAG_PADDED), 1000},
  };
  for (const auto& [bytes, allowed] : floods) {
    guard_.emplace(limits_);
    ASSERT_TRUE(passes(NGHTTP2_CLIENT_MAGIC + headers(1)));
    const int passed = flood(bytes, EndReason::control_flood);
    EXPECT_GE(passed, allowed);
    EXPECT_LE(passed, allowed + 100) << "more than time has allowed for";
  }
}

TEST_F(FrameGuardTest, MessagesSentAllowForWindowUpdates) {
  const std::string update = frame(NGHTTP2_WINDOW_UPDATE, 0, 1, std::string("\0\0\0\1", 4));
  ASSERT_TRUE(passes(headers(1)));
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(passes(update)) << i;
    if (i % 20 == 0) guard_->data_sent();
  }
}

TEST_F(FrameGuardTest, ResetsAreLimited) {
  int id = 1;
  int passed = 0;
  while (passed < 1000 && passes(headers(id) + reset(id))) id += 2, ++passed;
  EXPECT_GE(passed, 50);
  EXPECT_LE(passed, 100);
  EXPECT_EQ(guard_->violation()->reason, EndReason::reset_flood);
}

TEST_F(FrameGuardTest, ResetsOfStreamsThatWereAnsweredAreOnlyOverhead) {
  int id = 1;
  int passed = 0;
  while (passed < 5000 && passes(headers(id))) {
    guard_->answered(id);
    if (!passes(reset(id))) break;
    id += 2, ++passed;
  }
  EXPECT_GE(passed, 1000) << "all that overhead may be";
  EXPECT_EQ(guard_->violation()->reason, EndReason::control_flood);
}

TEST_F(FrameGuardTest, AnAnswerIsForgottenWithItsStream) {
  for (std::uint32_t id = 1; id < 2 * 1024; id += 2) {
    ASSERT_TRUE(passes(headers(id)));
    guard_->answered(id);
  }
  // These have the places of those.
  std::uint32_t id = 2 * 1024 + 1;
  int passed = 0;
  while (passed < 1000 && passes(headers(id) + reset(id))) id += 2, ++passed;
  EXPECT_LE(passed, 100);
  EXPECT_EQ(guard_->violation()->reason, EndReason::reset_flood);
  guard_->answered(1);  // which is too old, as is one that was never opened
  guard_->answered(99'999'999);
}

TEST_F(FrameGuardTest, CallsThatWereWaitedForMayBeCancelled) {
  std::string opened;
  for (std::uint32_t id = 1; id < 400; id += 2) opened += headers(id);
  ASSERT_TRUE(passes(opened));
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  ASSERT_TRUE(passes(headers(401)));
  for (std::uint32_t id = 1; id < 400; id += 2) EXPECT_TRUE(passes(reset(id)));
}

TEST_F(FrameGuardTest, StreamsOpenedAfterALongSilenceAreNotOld) {
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  std::string opened;
  for (std::uint32_t id = 1; id < 400; id += 2) opened += headers(id);
  ASSERT_TRUE(passes(opened));
  int passed = 0;
  for (std::uint32_t id = 1; id < 400 && passes(reset(id)); id += 2) ++passed;
  EXPECT_LE(passed, 100);  // where this thread is not stopped for 20 ms, 51
}

TEST_F(FrameGuardTest, AHeaderBlockMayNotComeInManyFrames) {
  ASSERT_TRUE(passes(headers(1, 0)));
  EXPECT_EQ(flood(frame(NGHTTP2_CONTINUATION, 0, 1, "x"), EndReason::header_flood), 8);
}

TEST_F(FrameGuardTest, AHeaderListIsCountedUpToFourTimesItsLimit) {
  guard_->begin_block();
  std::size_t counted = 0;
  while (counted < 1'000'000 && guard_->count_field(968)) counted += 1000;
  EXPECT_EQ(counted, 65'000u);  // of 4 * 16 KiB
  EXPECT_EQ(guard_->violation()->reason, EndReason::header_flood);
}

TEST_F(FrameGuardTest, KnowsWhetherAFrameIsIncompleteUnlessItIsData) {
  EXPECT_EQ(guard_->incomplete(), 0u);
  const std::string whole = headers(1);
  EXPECT_TRUE(passes(whole.substr(0, 3)));
  const auto number = guard_->incomplete();
  EXPECT_NE(number, 0u);
  EXPECT_TRUE(passes(whole.substr(3, 8)));
  EXPECT_EQ(guard_->incomplete(), number) << "still the same frame";
  EXPECT_TRUE(passes(whole.substr(11)));
  EXPECT_EQ(guard_->incomplete(), 0u);
  EXPECT_TRUE(passes(data(1, "hello").substr(0, 10)));
  EXPECT_EQ(guard_->incomplete(), 0u) << "a body may take its time";
}

TEST_F(FrameGuardTest, AHeaderBlockIsIncompleteUntilItsLastFrame) {
  EXPECT_TRUE(passes(headers(1, 0)));
  const auto number = guard_->incomplete();
  EXPECT_NE(number, 0u);
  EXPECT_TRUE(passes(frame(NGHTTP2_CONTINUATION, 0, 1, "x")));
  EXPECT_EQ(guard_->incomplete(), number);
  EXPECT_TRUE(passes(frame(NGHTTP2_CONTINUATION, end_headers, 1, "x")));
  EXPECT_EQ(guard_->incomplete(), 0u);
}

}  // namespace
}  // namespace wasm_grpc::http2
