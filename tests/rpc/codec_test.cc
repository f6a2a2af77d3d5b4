#include "rpc/codec.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "rpc/buffer_pool.h"

namespace wasm_grpc::rpc {
namespace {

using Outcome = Codec::Outcome;

std::string_view text_of(const std::vector<std::byte>& data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class CodecTest : public testing::TestWithParam<Encoding> {
 protected:
  std::string compressed(std::string_view text) {
    std::vector<std::byte> out;
    EXPECT_TRUE(codec_.compress(GetParam(), bytes(text), out));
    return std::string(text_of(out));
  }
  Outcome decompress(std::string_view data, std::size_t limit = 1'000'000) {
    return codec_.decompress(GetParam(), bytes(data), limit, out_);
  }

  BufferPool buffers_;
  Codec codec_{buffers_};
  std::vector<std::byte> out_;
};

INSTANTIATE_TEST_SUITE_P(Encodings, CodecTest, testing::Values(Encoding::gzip, Encoding::deflate),
                         [](const auto& test) { return std::string(name(test.param)); });

std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

TEST_P(CodecTest, GivesBackWhatItCompressed) {
  for (const std::size_t size : {0, 1, 1023, 1024, 1025, 65'536, 999'999, 1'000'000}) {
    for (const std::string& text : {std::string(size, 'x'), noise(size)}) {
      ASSERT_EQ(decompress(compressed(text)), Outcome::done) << size;
      ASSERT_EQ(text_of(out_), text) << size;
    }
  }
}

TEST_P(CodecTest, MakesRepetitionSmaller) { EXPECT_LT(compressed(std::string(100'000, 'x')).size(), 1000u); }

TEST_P(CodecTest, AppendsToWhatIsThere) {
  std::vector<std::byte> out(3, std::byte{'a'});
  ASSERT_TRUE(codec_.compress(GetParam(), bytes("hello"), out));
  EXPECT_EQ(text_of(out).substr(0, 3), "aaa");
  EXPECT_EQ(decompress(text_of(out).substr(3)), Outcome::done);
  EXPECT_EQ(text_of(out_), "hello");
}

TEST_P(CodecTest, StopsAtTheLimitWithoutMoreMemoryThanThat) {
  const std::string bomb = compressed(std::string(4'000'000, '\0'));
  ASSERT_LT(bomb.size(), 20'000u);
  EXPECT_EQ(decompress(bomb, 300'000), Outcome::too_large);
  EXPECT_LE(out_.capacity(), 300'000u);
  EXPECT_EQ(decompress(bomb, 3'999'999), Outcome::too_large);
  EXPECT_EQ(decompress(bomb, 4'000'000), Outcome::done);
}

TEST_P(CodecTest, TakesAMessageOfExactlyTheLimit) {
  for (const std::size_t size : {0, 1, 1000, 5000}) {
    const std::string text = noise(size);
    EXPECT_EQ(decompress(compressed(text), size), Outcome::done) << size;
    EXPECT_EQ(text_of(out_), text);
    if (size > 0) {
      EXPECT_EQ(decompress(compressed(text), size - 1), Outcome::too_large) << size;
    }
  }
}

TEST_P(CodecTest, EveryTruncationIsCorrupt) {
  const std::string whole = compressed("a message that is cut off somewhere");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decompress(whole.substr(0, size)), Outcome::corrupt) << size;
  }
}

TEST_P(CodecTest, WhatFollowsTheEndIsCorrupt) {
  const std::string whole = compressed("hello");
  EXPECT_EQ(decompress(whole + '\0'), Outcome::corrupt);
  EXPECT_EQ(decompress(whole + whole), Outcome::corrupt);
}

TEST_P(CodecTest, AWrongChecksumIsCorrupt) {
  std::string data = compressed("hello");
  // The last four bytes of zlib's form are the checksum; in gzip's it comes before the length.
  data[data.size() - (GetParam() == Encoding::gzip ? 6 : 2)] ^= 1;
  EXPECT_EQ(decompress(data), Outcome::corrupt);
}

TEST_P(CodecTest, TheOtherFormatIsCorrupt) {
  const Encoding other = GetParam() == Encoding::gzip ? Encoding::deflate : Encoding::gzip;
  std::vector<std::byte> data;
  ASSERT_TRUE(codec_.compress(other, bytes("hello"), data));
  EXPECT_EQ(decompress(text_of(data)), Outcome::corrupt);
}

TEST_P(CodecTest, GoesOnAfterAFailure) {
  EXPECT_EQ(decompress("no such format"), Outcome::corrupt);
  EXPECT_EQ(decompress(compressed("hello")), Outcome::done);
  EXPECT_EQ(text_of(out_), "hello");
}

TEST(Codec, ReadsWhatOthersWrote) {
  BufferPool buffers;
  Codec codec(buffers);
  std::vector<std::byte> out;
  // RFC 1950: "hello" by Python's zlib.compress(). RFC 1952: a stored block, with a file's name in the header.
  constexpr std::string_view zlib("\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15", 13);
  ASSERT_EQ(codec.decompress(Encoding::deflate, bytes(zlib), 100, out), Outcome::done);
  EXPECT_EQ(text_of(out), "hello");
  constexpr std::string_view gzip(
      "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"
      "n\x00\x01\x05\x00\xfa\xff"
      "hello\x86\xa6\x10\x36\x05\x00\x00\x00",
      30);
  ASSERT_EQ(codec.decompress(Encoding::gzip, bytes(gzip), 100, out), Outcome::done);
  EXPECT_EQ(text_of(out), "hello");
}

TEST(Codec, LeavesMessagesThatTakeTooLong) {
  BufferPool buffers;
  Codec codec(buffers);
  std::vector<std::byte> out(1);
  const std::string large(Codec::max_compressed_input + 1, 'x');
  EXPECT_FALSE(codec.compress(Encoding::gzip, bytes(large), out));
  EXPECT_EQ(out.size(), 1u);
}

TEST(EncodingSet, TakesTheBestOfAList) {
  const auto best = [](std::string_view list) {
    EncodingSet set;
    set.add_list(list);
    return set.best();
  };
  EXPECT_EQ(best("identity, deflate, gzip"), Encoding::gzip);
  EXPECT_EQ(best("gzip,deflate"), Encoding::gzip);
  EXPECT_EQ(best("br , deflate,x"), Encoding::deflate);
  EXPECT_EQ(best("identity"), Encoding::identity);
  EXPECT_EQ(best("gzipped,GZIP,,"), Encoding::identity);
  EXPECT_EQ(best(""), Encoding::identity);
}

}  // namespace
}  // namespace wasm_grpc::rpc
