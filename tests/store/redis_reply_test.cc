#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/redis/reply.h"

namespace wasm_grpc::store::redis {
namespace {

using Kind = Reply::Kind;

/// The replies in some bytes, which come in pieces of that size; and what was wrong with them.
struct Read {
  explicit Read(const std::string& bytes, std::size_t piece = 1, std::size_t max_bytes = 1000) {
    ReplyReader reader(max_bytes);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(std::string_view(bytes).substr(at, piece));
      while (auto reply = reader.next()) replies.push_back(std::move(*reply));
    }
    wrong = reader.broken().value_or("");
  }
  std::vector<Reply> replies;
  std::string wrong;
};

TEST(RedisReplyTest, RepliesAreReadHoweverTheyCome) {
  for (const std::size_t piece : {1, 2, 7, 1000}) {
    const Read read("+OK\r\n:-7\r\n$-1\r\n$5\r\na\r\nb!\r\n-ERR no\r\n*3\r\n:1\r\n*1\r\n$1\r\nx\r\n*-1\r\n$0\r\n\r\n",
                    piece);
    EXPECT_EQ(read.wrong, "");
    ASSERT_EQ(read.replies.size(), 7u);
    EXPECT_EQ(read.replies[0].text, "OK");
    EXPECT_EQ(read.replies[1].number, -7);
    EXPECT_EQ(read.replies[2].kind, Kind::nothing);
    EXPECT_EQ(read.replies[3].text, "a\r\nb!");
    EXPECT_TRUE(read.replies[4].is_error("ERR"));
    EXPECT_FALSE(read.replies[4].is_error("ER"));
    ASSERT_EQ(read.replies[5].items.size(), 3u);
    EXPECT_EQ(read.replies[5].items[1].items.at(0).text, "x");
    EXPECT_EQ(read.replies[5].items[2].kind, Kind::nothing);
    EXPECT_EQ(read.replies[6].kind, Kind::text);
  }
}

TEST(RedisReplyTest, WhatIsNoReplyBreaksTheReader) {
  for (const std::string bytes :
       {"HTTP/1.1 400 Bad Request\r\n", "\r\n", ":seven\r\n", "$-2\r\n", "*-9\r\n", "%1\r\n"}) {
    EXPECT_NE(Read(bytes).wrong, "") << bytes;
    EXPECT_TRUE(Read(bytes).replies.empty()) << bytes;
  }
}

TEST(RedisReplyTest, AReplyThatIsTooLargeBreaksTheReaderBeforeItIsThere) {
  EXPECT_EQ(Read("$900\r\n" + std::string(900, 'x') + "\r\n", 100).wrong, "");
  EXPECT_NE(Read("$1100\r\n" + std::string(1100, 'x') + "\r\n", 100).wrong, "");
  EXPECT_NE(Read("$9000000000\r\n" + std::string(100'000, 'x'), 1000).wrong, "") << "its end never came";
  EXPECT_NE(
      Read("*3\r\n$500\r\n" + std::string(500, 'x') + "\r\n$501\r\n" + std::string(501, 'x') + "\r\n:1\r\n", 100).wrong,
      "")
      << "its parts count together";
  EXPECT_NE(Read("*2000000000\r\n").wrong, "");
  EXPECT_NE(Read("*60000\r\n*60000\r\n").wrong, "");
}

TEST(RedisReplyTest, ALineThatDoesNotEndBreaksTheReader) {
  EXPECT_NE(Read("+" + std::string(200'000, 'x'), 1000).wrong, "");
  EXPECT_NE(Read("$" + std::string(100, '1')).wrong, "");
  EXPECT_NE(Read("*" + std::string(100, '1')).wrong, "");
}

TEST(RedisReplyTest, OneReplyAfterTheOtherMayBeAsLargeAsEachMayBe) {
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += "$900\r\n" + std::string(900, 'x') + "\r\n";
  EXPECT_EQ(Read(bytes, 333).replies.size(), 50u);
}

}  // namespace
}  // namespace wasm_grpc::store::redis
