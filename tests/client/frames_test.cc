// Messages out of the bytes of a response.

#include "client/frames.h"

#include <gtest/gtest.h>

#include "rpc/buffer_pool.h"
#include "rpc/codec.h"

namespace wasm_grpc::client {
namespace {

TEST(Deframer, TakesBytesInAnyPortions) {
  const std::string bytes = frame("one") + frame("") + frame(std::string(70'000, 'x'));
  for (const std::size_t portion : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, bytes.size()}) {
    Deframer deframer(100'000);
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < bytes.size(); at += portion) {
      deframer.receive(std::string_view(bytes).substr(at, portion));
      std::string message;
      while (deframer.next("identity", message).value()) messages.push_back(message);
    }
    EXPECT_EQ(messages, (std::vector<std::string>{"one", "", std::string(70'000, 'x')})) << portion;
    EXPECT_FALSE(deframer.incomplete());
  }
}

TEST(Deframer, RefusesALargeMessageByItsPrefix) {
  Deframer deframer(10);
  deframer.receive(frame(std::string(11, 'x')).substr(0, 5));
  std::string message;
  const auto taken = deframer.next("identity", message);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().message, "a response message is larger than the 10 bytes accepted");
}

TEST(Deframer, Decompresses) {
  rpc::BufferPool buffers;
  rpc::Codec codec(buffers);
  std::vector<std::byte> packed;
  const std::string text(5000, 'x');
  ASSERT_TRUE(codec.compress(rpc::Encoding::gzip, std::as_bytes(std::span(text)), packed));
  std::string bytes = frame({reinterpret_cast<const char*>(packed.data()), packed.size()});
  bytes[0] = 1;
  const auto take = [&](std::string_view encoding, std::size_t limit) {
    Deframer deframer(limit);
    deframer.receive(bytes);
    std::string message;
    const auto taken = deframer.next(encoding, message);
    return taken.ok() ? message : taken.error().message;
  };
  EXPECT_EQ(take("gzip", 5000), text);
  EXPECT_EQ(take("gzip", 4999), "a response message is larger than the 4999 bytes accepted");
  EXPECT_EQ(take("deflate", 5000), "the server sent a message that cannot be decompressed");
  EXPECT_EQ(take("snappy", 5000), "the server sent a compressed message in the encoding \"snappy\"");
  EXPECT_EQ(take("", 5000), "the server sent a compressed message in the encoding \"\"");
  bytes[0] = 2;
  EXPECT_EQ(take("gzip", 5000), "the server sent a message with the unknown flag 2");
}

}  // namespace
}  // namespace wasm_grpc::client
