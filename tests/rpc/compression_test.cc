// Compression as a handler sees it.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {
namespace {

constexpr std::size_t limit = 10'000;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

class TestCall final : public Call, public CallListener {
 public:
  explicit TestCall(Codec& codec) {
    request_.method = &own_method_;
    set_codec(&codec);
    set_listener(this);
    retain();
  }

  using Call::reset;

  void client_compresses_by(Encoding encoding) { request_.encoding = encoding; }
  void client_accepts(std::string_view list) { request_.accepted_encodings.add_list(list); }
  Status client_sends(std::string_view payload, char flags) {
    const auto size = payload.size();
    std::string frame = {flags, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                         static_cast<char>(size >> 8), static_cast<char>(size)};
    return receive(bytes(frame.append(payload)), limit);
  }
  std::string sent() const { return text_of(pending_output()); }
  const Status& status() const { return response_.status; }
  Encoding announced() const { return response_.encoding; }

  int cancellations = 0;
  std::size_t consumed = 0;

 private:
  void output_ready() noexcept override {}
  void input_consumed(std::size_t size) noexcept override { consumed += size; }
  void recycle() noexcept override {}
  void on_readable(Call&) noexcept override {}
  void on_writable(Call&) noexcept override {}
  void on_cancelled(Call&) noexcept override { ++cancellations; }

  Method own_method_{"/test.Test/Call", MethodKind::bidi_stream, nullptr};
};

class Compression : public testing::Test {
 protected:
  std::string compressed(Encoding encoding, std::string_view text) {
    std::vector<std::byte> out;
    EXPECT_TRUE(codec_.compress(encoding, bytes(text), out));
    return text_of(out);
  }
  std::string decompressed(Encoding encoding, std::string_view data) {
    std::vector<std::byte> out;
    EXPECT_EQ(codec_.decompress(encoding, bytes(data), limit, out), Codec::Outcome::done);
    return text_of(out);
  }

  BufferPool buffers_;
  Codec codec_{buffers_};
  TestCall call_{codec_};
};

TEST_F(Compression, MessagesArriveDecompressedWhetherMarkedOrNot) {
  call_.client_compresses_by(Encoding::gzip);
  const std::string first = compressed(Encoding::gzip, "first");
  ASSERT_TRUE(call_.client_sends(first, 1).ok());
  ASSERT_TRUE(call_.client_sends("second", 0).ok());
  ASSERT_TRUE(call_.client_sends(compressed(Encoding::gzip, std::string(limit, 'x')), 1).ok());
  EXPECT_FALSE(call_.message_encoding().has_value());

  EXPECT_EQ(text_of(call_.message().value()), "first");
  EXPECT_EQ(text_of(call_.message().value()), "first");
  EXPECT_EQ(call_.message_encoding(), Encoding::gzip);
  call_.pop_message();
  EXPECT_EQ(call_.consumed, 5 + first.size());  // what came over the wire

  EXPECT_EQ(text_of(call_.message().value()), "second");
  EXPECT_EQ(call_.message_encoding(), Encoding::identity);
  call_.pop_message();

  EXPECT_EQ(text_of(call_.message().value()), std::string(limit, 'x'));
  EXPECT_EQ(call_.message_encoding(), Encoding::gzip);
  call_.pop_message();
  EXPECT_FALSE(call_.message().has_value());
  EXPECT_FALSE(call_.cancelled());
}

TEST_F(Compression, AMarkedMessageWithoutBytesIsAnEmptyMessage) {
  for (const auto encoding : {Encoding::gzip, Encoding::deflate}) {
    call_.client_compresses_by(encoding);
    ASSERT_TRUE(call_.client_sends("", 1).ok());
    ASSERT_TRUE(call_.client_sends(compressed(encoding, "next"), 1).ok());
    EXPECT_TRUE(call_.prepare_message());
    EXPECT_EQ(text_of(call_.message().value()), "");
    EXPECT_EQ(call_.message_encoding(), encoding);
    call_.pop_message();
    EXPECT_EQ(text_of(call_.message().value()), "next");
    call_.pop_message();
    EXPECT_FALSE(call_.cancelled());
  }
}

TEST_F(Compression, AMessageThatGrowsBeyondTheLimitIsResourceExhausted) {
  call_.client_compresses_by(Encoding::deflate);
  ASSERT_TRUE(call_.client_sends(compressed(Encoding::deflate, std::string(limit + 1, 'x')), 1).ok());
  EXPECT_FALSE(call_.message().has_value());
  EXPECT_EQ(call_.status().code, StatusCode::resource_exhausted);
  EXPECT_TRUE(call_.cancelled());
  EXPECT_EQ(call_.send(bytes("late")), SendResult::cancelled);
}

TEST_F(Compression, AMessageThatIsNotWhatItSaysIsInternalAndTheListenerIsNotTold) {
  call_.client_compresses_by(Encoding::gzip);
  ASSERT_TRUE(call_.client_sends("not gzip at all", 1).ok());
  ASSERT_TRUE(call_.client_sends("plain", 0).ok());
  EXPECT_TRUE(call_.readable());
  EXPECT_FALSE(call_.message().has_value());
  EXPECT_EQ(call_.status().code, StatusCode::internal);
  EXPECT_NE(call_.status().message.find("gzip"), std::string::npos) << call_.status().message;
  EXPECT_TRUE(call_.cancelled());
  EXPECT_EQ(call_.cancellations, 0);
  EXPECT_FALSE(call_.message().has_value());
}

TEST_F(Compression, AStatusGivenBeforeIsKept) {
  call_.client_compresses_by(Encoding::gzip);
  ASSERT_TRUE(call_.client_sends("not gzip at all", 1).ok());
  ASSERT_EQ(call_.finish({StatusCode::aborted, "enough"}), SendResult::ok);
  EXPECT_FALSE(call_.message().has_value());
  EXPECT_EQ(call_.status().code, StatusCode::aborted);
}

TEST_F(Compression, AMarkedMessageWithoutAnEncodingIsInternal) {
  EXPECT_EQ(call_.client_sends("anything", 1).code, StatusCode::internal);
}

TEST_F(Compression, ResponsesAreCompressedByTheBestTheClientAcceptsWhileItIsOn) {
  call_.client_accepts("deflate, gzip");
  ASSERT_TRUE(call_.compress(true) == SendResult::ok);
  EXPECT_TRUE(call_.compressing());
  EXPECT_EQ(call_.announced(), Encoding::gzip);
  ASSERT_EQ(call_.send(bytes("hello")), SendResult::ok);
  ASSERT_EQ(call_.compress(false), SendResult::ok);
  const std::string first = call_.sent();
  EXPECT_EQ(first[0], 1);
  EXPECT_EQ(static_cast<std::size_t>(first[4]), first.size() - 5);
  EXPECT_EQ(decompressed(Encoding::gzip, first.substr(5)), "hello");

  ASSERT_EQ(call_.send(bytes("plain")), SendResult::ok);
  EXPECT_EQ(call_.sent().substr(first.size()), std::string("\0\0\0\0\5plain", 10));

  ASSERT_EQ(call_.compress(true), SendResult::ok);  // the headers have announced it
  const std::size_t before = call_.sent().size();
  ASSERT_EQ(call_.send(bytes("")), SendResult::ok);
  const std::string third = call_.sent().substr(before);
  EXPECT_EQ(third[0], 1);
  EXPECT_EQ(decompressed(Encoding::gzip, third.substr(5)), "");
}

TEST_F(Compression, AClientThatAcceptsNoneGetsMessagesAsTheyAre) {
  call_.client_accepts("identity, br");
  EXPECT_EQ(call_.compress(true), SendResult::ok);
  EXPECT_FALSE(call_.compressing());
  EXPECT_EQ(call_.announced(), Encoding::identity);
  ASSERT_EQ(call_.send(bytes("hello")), SendResult::ok);
  EXPECT_EQ(call_.sent(), std::string("\0\0\0\0\5hello", 10));
}

TEST_F(Compression, CannotBeginWhenTheHeadersHaveNotAnnouncedIt) {
  call_.client_accepts("gzip");
  ASSERT_EQ(call_.send_headers(), SendResult::ok);
  EXPECT_EQ(call_.compress(true), SendResult::invalid);
  EXPECT_FALSE(call_.compressing());
  EXPECT_EQ(call_.compress(false), SendResult::ok);
  ASSERT_EQ(call_.finish({}), SendResult::ok);
  EXPECT_EQ(call_.compress(true), SendResult::closed);
}

TEST_F(Compression, AMessageTooLargeToCompressQuicklyIsSentAsItIs) {
  call_.client_accepts("gzip");
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  const std::string large(Codec::max_compressed_input + 1, 'x');
  ASSERT_EQ(call_.send(bytes(large)), SendResult::ok);
  const std::string sent = call_.sent();
  EXPECT_EQ(sent.size(), 5 + large.size());
  EXPECT_EQ(sent[0], 0);
}

TEST_F(Compression, ACallUsedAgainKnowsNothingOfTheOneBefore) {
  call_.client_compresses_by(Encoding::gzip);
  call_.client_accepts("gzip");
  ASSERT_EQ(call_.compress(true), SendResult::ok);
  ASSERT_TRUE(call_.client_sends(compressed(Encoding::gzip, "first"), 1).ok());
  ASSERT_TRUE(call_.message().has_value());
  call_.reset();
  EXPECT_FALSE(call_.compressing());
  EXPECT_FALSE(call_.message_encoding().has_value());
  EXPECT_EQ(call_.announced(), Encoding::identity);
  EXPECT_EQ(call_.compress(true), SendResult::ok);
  EXPECT_FALSE(call_.compressing());
}

}  // namespace
}  // namespace wasm_grpc::rpc
