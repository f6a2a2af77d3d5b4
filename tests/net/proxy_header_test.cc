// What a proxy says of its client, by the PROXY protocol.
#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::net {
namespace {

using State = ProxyHeader::State;

std::size_t give(ProxyHeader& header, std::string_view bytes) { return header.take(std::as_bytes(std::span(bytes))); }

/// Reads a header with something behind it, whole and in single bytes; gives what became of it.
std::string read(const std::string& header) {
  const std::string behind = "PRI * HTTP/2.0";
  ProxyHeader whole;
  const std::size_t taken = give(whole, header + behind);
  ProxyHeader pieces;
  std::size_t taken_in_pieces = 0;
  for (const char byte : header + behind) {
    if (pieces.state() != State::incomplete) break;
    taken_in_pieces += give(pieces, {&byte, 1});
  }
  EXPECT_EQ(whole.state(), pieces.state()) << header;
  EXPECT_EQ(whole.client(), pieces.client()) << header;
  switch (whole.state()) {
    case State::incomplete:
      return "incomplete";
    case State::malformed:
      EXPECT_FALSE(whole.complaint().empty());
      return "malformed";
    case State::complete:
      break;
  }
  EXPECT_EQ(taken, header.size());
  EXPECT_EQ(taken_in_pieces, header.size());
  return whole.client().empty() ? "unknown" : whole.client();
}

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string binary(char version_and_command, char family, const std::string& rest) {
  return signature + version_and_command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size()) + rest;
}
const std::string v4(
    "\xC0\0\2\1"
    "\xC6\x33\x64\1"
    "\x12\x67"
    "\1\xBB",
    12);
const std::string v6 = std::string("\x20\1\x0d\xb8", 4) + std::string(11, '\0') + "\1" + std::string(16, '\2') +
                       std::string(
                           "\x12\x67"
                           "\1\xBB",
                           4);

TEST(ProxyHeaderTest, ALineNamesTheClient) {
  EXPECT_EQ(read("PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n"), "192.0.2.1:4711");
  EXPECT_EQ(read("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n"), "[2001:db8::1]:65535");
  EXPECT_EQ(read("PROXY UNKNOWN\r\n"), "unknown");
  EXPECT_EQ(read("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "unknown");
}

TEST(ProxyHeaderTest, ALineThatIsNotAsItShouldBeIsMalformed) {
  for (const char* line :
       {"PROXY\r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 4711\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443 1\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1  443\r\n",
        "PROXY TCP4 ::1 198.51.100.1 4711 443\r\n", "PROXY TCP6 192.0.2.1 ::1 4711 443\r\n",
        "PROXY TCP4 192.0.2 198.51.100.1 4711 443\r\n", "PROXY TCP4 192.0.2.1 a 4711 443\r\n",
        "PROXY UDP4 192.0.2.1 198.51.100.1 4711 443\r\n", "proxy TCP4 192.0.2.1 198.51.100.1 4711 443\r\n",
        "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\n", "\x16\x03\x01"}) {
    EXPECT_EQ(read(line), "malformed") << line;
  }
  EXPECT_EQ(read("PROXY TCP4 " + std::string(200, '1')), "malformed");
}

TEST(ProxyHeaderTest, ABinaryHeaderNamesTheClientAndWhatElseItHasIsPassedOver) {
  EXPECT_EQ(read(binary('\x21', '\x11', v4)), "192.0.2.1:4711");
  EXPECT_EQ(read(binary('\x21', '\x21', v6)), "[2001:db8::1]:4711");
  EXPECT_EQ(read(binary('\x21', '\x11', v4 + std::string(300, 'x'))), "192.0.2.1:4711");
  EXPECT_EQ(read(binary('\x21', '\x31', std::string(216, '/'))), "unix:");
  EXPECT_EQ(read(binary('\x21', '\x00', "")), "unknown");
  EXPECT_EQ(read(binary('\x21', '\x12', v4)), "unknown") << "UDP";
  EXPECT_EQ(read(binary('\x20', '\x00', "")), "unknown") << "the proxy's own";
  EXPECT_EQ(read(binary('\x20', '\x11', v4)), "unknown");
}

TEST(ProxyHeaderTest, ABinaryHeaderThatIsNotAsItShouldBeIsMalformed) {
  EXPECT_EQ(read(binary('\x11', '\x11', v4)), "malformed");
  EXPECT_EQ(read(binary('\x22', '\x11', v4)), "malformed");
  EXPECT_EQ(read(binary('\x21', '\x11', v4.substr(1))), "malformed");
  EXPECT_EQ(read(binary('\x21', '\x21', v6.substr(1))), "malformed");
  EXPECT_EQ(read(binary('\x21', '\x31', v6)), "malformed");
  EXPECT_EQ(read(signature.substr(0, 5) + "GET /"), "malformed");
}

TEST(ProxyHeaderTest, WhatABinaryHeaderMayHaveIsBounded) {
  EXPECT_EQ(read(binary('\x21', '\x11', v4 + std::string(ProxyHeader::max_rest - v4.size(), 'x'))), "192.0.2.1:4711");
  EXPECT_EQ(read(binary('\x21', '\x11', v4 + std::string(ProxyHeader::max_rest - v4.size() + 1, 'x'))), "malformed");
  EXPECT_EQ(read(signature + "\x21\x11\xff\xff"), "malformed");
}

TEST(ProxyHeaderTest, AHeaderThatStopsIsIncomplete) {
  for (const std::string& header : {std::string("PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n"),
                                    binary('\x21', '\x11', v4), binary('\x20', '\x00', "")}) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      ProxyHeader part;
      EXPECT_EQ(give(part, header.substr(0, size)), size);
      EXPECT_EQ(part.state(), State::incomplete) << size;
    }
  }
}

}  // namespace
}  // namespace wasm_grpc::net
