#include "http1/framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "bytes.h"

namespace wasm_grpc::http1 {
namespace {

/// What `fields` make of a request; its status 0 when it is let in.
struct Judged {
  Framing framing;
  int status = 0;
};

Judged judge(const std::string& fields, std::string_view version = "1.1") {
  const std::string head = "POST / HTTP/" + std::string(version) + "\r\n" + fields + "\r\n";
  HeadParser parser;
  EXPECT_EQ(parser.parse(bytes(head)), Parse::complete) << fields;
  Judged judged;
  if (const auto rejection = judged.framing.read(parser)) judged.status = rejection->status;
  return judged;
}

TEST(Http1Framing, ALengthOrChunksSayWhereABodyEnds) {
  EXPECT_EQ(judge("Host: x\r\n").framing.length, 0U);
  EXPECT_EQ(judge("Host: x\r\nContent-Length: 17\r\n").framing.length, 17U);
  EXPECT_EQ(judge("Host: x\r\nCONTENT-LENGTH: 18446744073709551615\r\n").framing.length, 18446744073709551615U);
  EXPECT_TRUE(judge("Host: x\r\nTransfer-Encoding: Chunked\r\n").framing.chunked);
}

TEST(Http1Framing, WhatCanBeReadInTwoWaysIsRefused) {
  EXPECT_EQ(judge("Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n").status, 400);
  EXPECT_EQ(judge("Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n").status, 400);
  EXPECT_EQ(judge("Host: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n").status, 400);
  for (const std::string length :
       {"", "1, 1", "+1", "-1", "0x1", "1 2", "1a", "1.0", "18446744073709551616", "99999999999999999999"}) {
    EXPECT_EQ(judge("Host: x\r\nContent-Length: " + length + "\r\n").status, 400) << length;
  }
  EXPECT_EQ(judge("Transfer-Encoding: chunked\r\n", "1.0").status, 400);
}

TEST(Http1Framing, TheOnlyTransferEncodingIsChunked) {
  for (const std::string coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "xchunked", ""}) {
    EXPECT_EQ(judge("Host: x\r\nTransfer-Encoding: " + coding + "\r\n").status, 501) << coding;
  }
  EXPECT_EQ(judge("Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n").status, 501);
}

TEST(Http1Framing, ARequestOfHttp11NamesOneHost) {
  EXPECT_EQ(judge("").status, 400);
  EXPECT_EQ(judge("Host: x\r\nHost: x\r\n").status, 400);
  EXPECT_EQ(judge("", "1.0").status, 0);
}

TEST(Http1Framing, AConnectionLivesOnUnlessOneSideSaysOtherwise) {
  EXPECT_TRUE(judge("Host: x\r\n").framing.keep_alive);
  EXPECT_FALSE(judge("Host: x\r\nConnection: Close\r\n").framing.keep_alive);
  EXPECT_FALSE(judge("Host: x\r\nConnection: upgrade, close\r\n").framing.keep_alive);
  EXPECT_FALSE(judge("Host: x\r\n", "1.0").framing.keep_alive);
  EXPECT_TRUE(judge("Host: x\r\nConnection: Keep-Alive\r\n", "1.0").framing.keep_alive);
  EXPECT_FALSE(judge("Connection: keep-alive\r\nConnection: close\r\n", "1.0").framing.keep_alive);
}

TEST(Http1Framing, TheOnlyExpectationIsContinue) {
  EXPECT_TRUE(judge("Host: x\r\nExpect: 100-Continue\r\n").framing.expects_continue);
  EXPECT_FALSE(judge("Host: x\r\nExpect: 100-continue\r\n", "1.0").framing.expects_continue);
  EXPECT_EQ(judge("Host: x\r\nExpect: cake\r\n").status, 417);
}

/// What is read of a body that comes in pieces of `piece` bytes.
struct Body {
  std::string data;
  std::string rest;
  BodyReader::State state;
};

Body read_body(const Framing& framing, std::string_view input, std::size_t piece) {
  BodyReader reader;
  reader.begin(framing);
  Body body;
  while (reader.state() == BodyReader::State::more) {
    const BodyReader::Step step = reader.take(bytes(body.rest));
    const std::string_view data(reinterpret_cast<const char*>(step.data.data()), step.data.size());
    body.data += data;
    body.rest.erase(0, step.taken);
    if (step.taken > 0 || reader.state() != BodyReader::State::more) continue;
    if (input.empty()) break;
    const std::size_t size = std::min(piece, input.size());
    body.rest += input.substr(0, size);
    input.remove_prefix(size);
  }
  body.rest += input;
  body.state = reader.state();
  return body;
}

Framing chunks() {
  Framing framing;
  framing.chunked = true;
  return framing;
}

TEST(Http1Body, EndsWhereTheLengthSays) {
  Framing framing;
  framing.length = 5;
  for (const std::size_t piece : {1, 3, 100}) {
    const Body body = read_body(framing, "helloGET /", piece);
    EXPECT_EQ(body.data, "hello");
    EXPECT_EQ(body.rest, "GET /");
    EXPECT_EQ(body.state, BodyReader::State::ended);
  }
}

TEST(Http1Body, EndsAtOnceWithoutALength) { EXPECT_EQ(read_body(Framing(), "GET /", 100).rest, "GET /"); }

TEST(Http1Body, ChunksAreJoinedAndTrailersDropped) {
  for (const std::size_t piece : {1, 2, 7, 1000}) {
    const Body body =
        read_body(chunks(), "5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\nGrpc-Status: 0\r\n\r\nGET /", piece);
    EXPECT_EQ(body.data, "hello, world");
    EXPECT_EQ(body.rest, "GET /");
    EXPECT_EQ(body.state, BodyReader::State::ended);
  }
}

TEST(Http1Body, ChunksThatAreNotWhatTheySayAreMalformed) {
  for (const std::string_view input : {"5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\rX", "\r\n\r\n",
                                       "x\r\n", "0\r\nbad trailer\r\n\r\n"}) {
    for (const std::size_t piece : {1, 1000}) {
      EXPECT_EQ(read_body(chunks(), input, piece).state, BodyReader::State::malformed) << input;
    }
  }
}

TEST(Http1Body, ExtensionsAndTrailersAreBounded) {
  const std::string extension(1000, 'x');
  EXPECT_EQ(read_body(chunks(), "1;" + extension + "\r\na\r\n0\r\n\r\n", 10'000).state, BodyReader::State::malformed);
  EXPECT_EQ(read_body(chunks(), "1;" + extension, 1).state, BodyReader::State::malformed);
  std::string trailers;
  for (int i = 0; i < 100; ++i) trailers += "a: " + extension + "\r\n";
  EXPECT_EQ(read_body(chunks(), "0\r\n" + trailers + "\r\n", 1000).state, BodyReader::State::malformed);
}

TEST(Http1Body, MissingBytesAreNotTheEnd) {
  EXPECT_EQ(read_body(chunks(), "5\r\nhel", 1000).state, BodyReader::State::more);
  EXPECT_EQ(read_body(chunks(), "5\r\nhello\r\n0\r\n", 1000).state, BodyReader::State::more);
}

}  // namespace
}  // namespace wasm_grpc::http1
