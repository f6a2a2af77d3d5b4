#include "http1/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "bytes.h"

namespace wasm_grpc::http1 {
namespace {

Parse outcome(std::string_view head) {
  HeadParser parser;
  return parser.parse(bytes(head));
}

TEST(Http1Parser, ReadsMethodTargetVersionAndFields) {
  const std::string head = "PUT /a?b=c HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Spaces: \t two words \t\r\n\r\n";
  HeadParser parser;
  ASSERT_EQ(parser.parse(bytes(head + "body")), Parse::complete);
  EXPECT_EQ(parser.size(), head.size());
  EXPECT_TRUE(parser.is_http_1_1());
  EXPECT_EQ(parser.fields().size(), 3U);

  ASSERT_EQ(parser.parse(bytes(head)), Parse::complete);
  EXPECT_EQ(parser.method(), "PUT");
  EXPECT_EQ(parser.target(), "/a?b=c");
  EXPECT_EQ(parser.fields()[0].name, "Host");
  EXPECT_EQ(parser.fields()[0].value, "x");
  EXPECT_EQ(parser.fields()[1].value, "");
  EXPECT_EQ(parser.fields()[2].value, "two words");
}

TEST(Http1Parser, AHeadThatStopsAnywhereIsIncomplete) {
  const std::string head = "GET / HTTP/1.0\r\nHost: x\r\n\r\n";
  for (std::size_t size = 0; size < head.size(); ++size) {
    EXPECT_EQ(outcome(head.substr(0, size)), Parse::incomplete) << size;
  }
  HeadParser parser;
  EXPECT_EQ(parser.parse(bytes(head)), Parse::complete);
  EXPECT_FALSE(parser.is_http_1_1());
}

TEST(Http1Parser, EmptyLinesBeforeAHeadBelongToIt) {
  HeadParser parser;
  const std::string head = "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(parser.parse(bytes(head)), Parse::complete);
  EXPECT_EQ(parser.size(), head.size());
}

TEST(Http1Parser, LinesEndInCrLfOnly) {
  EXPECT_EQ(outcome("GET / HTTP/1.1\nHost: x\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: x\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: x\r\n\n"), Parse::malformed);
  EXPECT_EQ(outcome("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n"), Parse::malformed);
}

TEST(Http1Parser, WhatOthersMightReadOtherwiseIsMalformed) {
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost : x\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHo st: x\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nno colon\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\n: no name\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome("GET /\r\n\r\n"), Parse::malformed);
  EXPECT_EQ(outcome(std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29)), Parse::malformed);
}

TEST(Http1Parser, OtherVersionsAreSaidToBeThat) {
  EXPECT_EQ(outcome("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), Parse::wrong_version);
}

TEST(Http1Parser, MoreFieldsThanItHoldsAreRefused) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < max_fields; ++i) head += "a: b\r\n";
  EXPECT_EQ(outcome(head + "\r\n"), Parse::complete);
  EXPECT_EQ(outcome(head + "a: b\r\n\r\n"), Parse::too_many_fields);
}

TEST(Http1Parser, AChunkSizeIsHexadecimalAndItsExtensionsAreIgnored) {
  const auto size = [](std::string_view line) { return parse_chunk_size(bytes(line)); };
  EXPECT_EQ(size("1aF\r\n").value, 0x1afU);
  EXPECT_EQ(size("1aF\r\n").size, 5U);
  EXPECT_EQ(size("5;name=\"value\"\r\nhello").value, 5U);
  EXPECT_EQ(size("5;name=\"value\"\r\nhello").size, 16U);
  EXPECT_EQ(size("ffffffffffffffff\r\n").value, 0xffffffffffffffffU);
  EXPECT_EQ(size("").outcome, Parse::incomplete);
  EXPECT_EQ(size("5").outcome, Parse::incomplete);
  EXPECT_EQ(size("5\r").outcome, Parse::incomplete);
}

TEST(Http1Parser, AChunkSizeThatOthersMightReadOtherwiseIsMalformed) {
  for (const std::string_view line : {"\r\n", ";a\r\n", " 5\r\n", "-1\r\n", "+1\r\n", "0x5\r\n", "5 5\r\n", "g\r\n",
                                      "5\n", "5;a\nb\r\n", "5;a\nb", "5\rb", "10000000000000000\r\n"}) {
    EXPECT_EQ(parse_chunk_size(bytes(line)).outcome, Parse::malformed) << line;
  }
}

TEST(Http1Parser, TrailersEndInAnEmptyLine) {
  EXPECT_EQ(parse_trailers(bytes("\r\nGET")).size, 2U);
  EXPECT_EQ(parse_trailers(bytes("a: b\r\n\r\nGET")).size, 8U);
  EXPECT_EQ(parse_trailers(bytes("a: b\r\n")).outcome, Parse::incomplete);
  EXPECT_EQ(parse_trailers(bytes("\n")).outcome, Parse::malformed);
  EXPECT_EQ(parse_trailers(bytes("a: b\n\r\n")).outcome, Parse::malformed);
  EXPECT_EQ(parse_trailers(bytes("a b\r\n\r\n")).outcome, Parse::malformed);
}

}  // namespace
}  // namespace wasm_grpc::http1
