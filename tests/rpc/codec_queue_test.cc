// Large messages, which are compressed and decompressed over several turns of a worker.
#include "rpc/codec_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "rpc/message_prefix.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t limit = std::size_t{4} << 20;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Neither noise nor mere repetition.
std::string words(std::size_t size) {
  std::string out;
  for (std::uint32_t state = 1; out.size() < size; state = state * 1664525 + 1013904223) {
    out += "word " + std::to_string(state >> 20) + " ";
  }
  out.resize(size);
  return out;
}

class TestCall final : public Call, public CallListener {
 public:
  TestCall(Codec& codec, const Method& method) {
    request_.method = &method;
    request_.encoding = Encoding::gzip;
    request_.accepted_encodings.add_list("gzip");
    set_codec(&codec);
    set_listener(this);
    retain();
  }
  ~TestCall() override { reset(); }

  using Call::cancel;
  using Call::fail;
  using Call::output_complete;
  using Call::output_drained;

  Status client_sends(std::string_view payload, std::byte flag) {
    const auto prefix = make_prefix(flag, payload.size());
    Status status = receive(prefix, max_message);
    return status.ok() ? receive(bytes(payload), max_message) : status;
  }
  /// What the client gets of what is ready now, and that it was sent.
  std::string take_output() {
    std::string out = text_of(pending_output());
    output_sent_ += out.size();
    output_drained();
    return out;
  }
  const Status& status() const { return response_.status; }

  std::size_t max_message = limit;
  int readable_told = 0;
  int writable_told = 0;
  int cancellations = 0;
  int recycled = 0;

 private:
  void output_ready() noexcept override {}
  void input_consumed(std::size_t) noexcept override {}
  void recycle() noexcept override { ++recycled; }
  void on_readable(Call&) noexcept override { ++readable_told; }
  void on_writable(Call&) noexcept override { ++writable_told; }
  void on_cancelled(Call&) noexcept override { ++cancellations; }
};

class LargeMessages : public testing::Test {
 protected:
  std::string compressed(std::string_view text) {
    std::vector<std::byte> out;
    EXPECT_TRUE(codec_.compress(Encoding::gzip, bytes(text), out));
    return text_of(out);
  }
  /// The messages in what a client got.
  std::vector<std::string> messages(std::string_view output) {
    std::vector<std::string> out;
    while (output.size() >= prefix_size) {
      const auto* const prefix = reinterpret_cast<const std::byte*>(output.data());
      const std::string_view message = output.substr(prefix_size, read_length(prefix));
      if (prefix[0] == std::byte{0}) {
        out.emplace_back(message);
      } else {
        std::vector<std::byte> plain;
        EXPECT_EQ(codec_.decompress(Encoding::gzip, bytes(message), limit, plain), CodecOutcome::done);
        out.push_back(text_of(plain));
      }
      output.remove_prefix(prefix_size + message.size());
    }
    EXPECT_TRUE(output.empty());
    return out;
  }
  /// Works a step at a time, and counts the steps.
  int work_to_end() {
    int steps = 0;
    for (; !queue_.empty() && steps < 1'000'000; ++steps) queue_.run(0ns);
    EXPECT_TRUE(queue_.empty());
    return steps;
  }

  int woken_ = 0;
  CodecQueue queue_{[this] { ++woken_; }};
  BufferPool buffers_;
  Codec codec_{buffers_, &queue_};
  Method method_{"/test.Test/Call", MethodKind::bidi_stream, nullptr};
  Method other_method_{"/test.Test/Other", MethodKind::bidi_stream, nullptr};
  TestCall call_{codec_, method_};
  const std::string large_ = words(limit);
};

TEST_F(LargeMessages, ARequestIsReadableOnceItHasBeenDecompressedOverManyTurns) {
  ASSERT_TRUE(call_.client_sends(compressed(large_), std::byte{1}).ok());
  EXPECT_FALSE(call_.prepare_message());
  EXPECT_EQ(woken_, 1);
  EXPECT_FALSE(call_.message().has_value());
  EXPECT_FALSE(call_.readable());
  EXPECT_FALSE(call_.has_message());
  EXPECT_FALSE(call_.requests_ended());
  EXPECT_GT(work_to_end(), 20);
  EXPECT_EQ(call_.readable_told, 1);
  EXPECT_TRUE(call_.readable());
  ASSERT_TRUE(call_.message().has_value());
  EXPECT_TRUE(text_of(*call_.message()) == large_);
  EXPECT_EQ(call_.message_encoding(), Encoding::gzip);
  call_.pop_message();
  EXPECT_FALSE(call_.message().has_value());
}

TEST_F(LargeMessages, ASmallRequestIsThereAtOnce) {
  ASSERT_TRUE(call_.client_sends(compressed("small"), std::byte{1}).ok());
  ASSERT_TRUE(call_.message().has_value());
  EXPECT_EQ(text_of(*call_.message()), "small");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(LargeMessages, OneRequestIsDecompressedAfterTheOther) {
  for (const std::string& text : {large_, std::string("small"), words(1'000'000)}) {
    ASSERT_TRUE(call_.client_sends(compressed(text), std::byte{1}).ok());
  }
  for (const std::string& text : {large_, std::string("small"), words(1'000'000)}) {
    if (!call_.prepare_message()) work_to_end();
    ASSERT_TRUE(call_.message().has_value());
    EXPECT_TRUE(text_of(*call_.message()) == text);
    call_.pop_message();
  }
}

TEST_F(LargeMessages, ThousandsOfSmallRequestsAreNotAllDecompressedInOneTurn) {
  const std::string message = compressed(std::string(30'000, 'x'));
  int at_once = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(call_.client_sends(message, std::byte{1}).ok());
    if (!call_.prepare_message()) break;
    ++at_once;
    call_.pop_message();
  }
  EXPECT_GE(at_once, 2);
  EXPECT_LT(at_once, 100);
  work_to_end();
  EXPECT_EQ(call_.readable_told, 1);
  EXPECT_TRUE(call_.message().has_value());
}

TEST_F(LargeMessages, ARequestThatIsBrokenAtItsEndEndsTheCall) {
  std::string broken = compressed(large_);
  broken[broken.size() - 5] ^= 1;
  ASSERT_TRUE(call_.client_sends(broken, std::byte{1}).ok());
  EXPECT_FALSE(call_.prepare_message());
  work_to_end();
  EXPECT_EQ(call_.cancellations, 1);
  EXPECT_EQ(call_.readable_told, 0);
  EXPECT_EQ(call_.status().code, StatusCode::internal);
  EXPECT_FALSE(call_.message().has_value());
}

TEST_F(LargeMessages, ARequestThatGrowsBeyondTheLimitEndsTheCall) {
  call_.max_message = limit - 1;
  ASSERT_TRUE(call_.client_sends(compressed(std::string(limit, 'x')), std::byte{1}).ok());
  EXPECT_FALSE(call_.prepare_message());
  work_to_end();
  EXPECT_EQ(call_.cancellations, 1);
  EXPECT_EQ(call_.status().code, StatusCode::resource_exhausted);
}

TEST_F(LargeMessages, ACallThatEndsMeanwhileLeavesNothingToDo) {
  ASSERT_TRUE(call_.client_sends(compressed(large_), std::byte{1}).ok());
  EXPECT_FALSE(call_.prepare_message());
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  ASSERT_EQ(call_.send(bytes(large_)), SendResult::ok);
  for (int i = 0; i < 10; ++i) queue_.run(0ns);
  call_.cancel();
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(call_.cancellations, 1);
  EXPECT_FALSE(call_.message().has_value());
  EXPECT_TRUE(call_.take_output().empty());
}

TEST_F(LargeMessages, ResponsesLeaveInTheOrderTheyWereSent) {
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  ASSERT_EQ(call_.send(bytes("before")), SendResult::ok);
  ASSERT_EQ(call_.send(bytes(large_)), SendResult::ok);
  EXPECT_EQ(messages(call_.take_output()), std::vector<std::string>{"before"});
  EXPECT_TRUE(call_.is_packing());
  EXPECT_GT(work_to_end(), 20);
  EXPECT_FALSE(call_.is_packing());
  EXPECT_TRUE(messages(call_.take_output()) == std::vector<std::string>{large_});
}

TEST_F(LargeMessages, WhatIsSentAfterALargeResponseWaitsForIt) {
  const std::string first = words(40'000);
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  ASSERT_EQ(call_.send(bytes(first)), SendResult::ok);
  ASSERT_EQ(call_.send(bytes("compressed")), SendResult::ok);
  ASSERT_EQ(call_.compress(false), SendResult::ok);
  ASSERT_EQ(call_.send(bytes("plain")), SendResult::ok);
  EXPECT_TRUE(call_.take_output().empty());
  ASSERT_EQ(call_.finish({}), SendResult::ok);
  EXPECT_FALSE(call_.output_complete());
  work_to_end();
  EXPECT_TRUE(call_.output_complete());
  EXPECT_EQ(messages(call_.take_output()), (std::vector<std::string>{first, "compressed", "plain"}));
}

TEST_F(LargeMessages, WhatWaitsToBeCompressedCountsAsUnsent) {
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  ASSERT_EQ(call_.send(bytes(large_)), SendResult::ok);
  EXPECT_FALSE(call_.writable());
  EXPECT_EQ(call_.send(bytes("more")), SendResult::again);
  EXPECT_EQ(call_.writable_told, 0);
  work_to_end();
  static_cast<void>(call_.take_output());
  EXPECT_EQ(call_.writable_told, 1);
  EXPECT_TRUE(call_.writable());
  EXPECT_EQ(call_.send(bytes("more")), SendResult::ok);
}

TEST_F(LargeMessages, ADeadlineInTheMidstOfAResponseIsWhatTheClientGets) {
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  ASSERT_EQ(call_.send(bytes(large_)), SendResult::ok);
  ASSERT_EQ(call_.finish({}), SendResult::ok);
  for (int i = 0; i < 10; ++i) queue_.run(0ns);
  call_.fail({StatusCode::deadline_exceeded, "too late"});
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(call_.status().code, StatusCode::deadline_exceeded);
  EXPECT_TRUE(call_.output_complete());
  EXPECT_TRUE(call_.take_output().empty()) << "half a message";
}

TEST_F(LargeMessages, ACallIsNotRecycledBeforeItsResponseIsCompressed) {
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  ASSERT_EQ(call_.send(bytes(large_)), SendResult::ok);
  ASSERT_EQ(call_.finish({}), SendResult::ok);
  call_.release();
  EXPECT_EQ(call_.recycled, 0);
  work_to_end();
  EXPECT_EQ(call_.recycled, 1);
}

TEST_F(LargeMessages, OneMethodDoesNotWaitForTheMessagesOfAnother) {
  std::vector<std::unique_ptr<TestCall>> many;
  for (int i = 0; i < 5; ++i) {
    many.push_back(std::make_unique<TestCall>(codec_, method_));
    ASSERT_EQ(many.back()->compress(true), SendResult::ok);
    ASSERT_EQ(many.back()->send(bytes(large_)), SendResult::ok);
  }
  TestCall other(codec_, other_method_);
  ASSERT_EQ(other.compress(true), SendResult::ok);
  ASSERT_EQ(other.send(bytes(large_)), SendResult::ok);
  while (other.is_packing()) queue_.run(0ns);
  int done = 0;
  for (const auto& call : many) done += call->is_packing() ? 0 : 1;
  EXPECT_LE(done, 1);
}

TEST_F(LargeMessages, MessagesThatNobodyTakesGiveTheirMemoryBack) {
  const std::string message = compressed(large_);
  std::vector<std::unique_ptr<TestCall>> many;
  for (int i = 0; i < 12; ++i) {
    many.push_back(std::make_unique<TestCall>(codec_, method_));
    many.back()->let_messages_wait_compressed();
    ASSERT_TRUE(many.back()->client_sends(message, std::byte{1}).ok());
    EXPECT_FALSE(many.back()->prepare_message());
    work_to_end();
    EXPECT_LE(queue_.held_bytes(), CodecQueue::max_held_bytes);
  }
  EXPECT_TRUE(many.back()->prepare_message());
  EXPECT_FALSE(many.front()->prepare_message()) << "it is decompressed once more";
  work_to_end();
  EXPECT_EQ(many.front()->readable_told, 2);
  ASSERT_TRUE(many.front()->message().has_value());
  EXPECT_TRUE(text_of(*many.front()->message()) == large_);
  many.clear();
  EXPECT_EQ(queue_.held_bytes(), 0U);
}

}  // namespace
}  // namespace wasm_grpc::rpc
