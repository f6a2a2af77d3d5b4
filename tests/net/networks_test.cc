#include "net/networks.h"

#include <gtest/gtest.h>

#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <string>
#include <vector>

namespace wasm_grpc::net {
namespace {

Networks networks(const std::vector<std::string>& texts) {
  auto parsed = Networks::parse(texts);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return std::move(parsed).value();
}

bool contain(const std::vector<std::string>& texts, const std::string& address) {
  return networks(texts).contain(asio::ip::tcp::endpoint(asio::ip::make_address(address), 4711));
}

TEST(NetworksTest, ContainTheAddressesOfTheirPrefixes) {
  EXPECT_TRUE(contain({"10.0.0.0/8"}, "10.255.0.1"));
  EXPECT_FALSE(contain({"10.0.0.0/8"}, "11.0.0.1"));
  EXPECT_TRUE(contain({"10.1.2.3/8"}, "10.200.0.1")) << "bits beyond the prefix mean nothing";
  EXPECT_TRUE(contain({"192.0.2.128/25"}, "192.0.2.255"));
  EXPECT_FALSE(contain({"192.0.2.128/25"}, "192.0.2.127"));
  EXPECT_TRUE(contain({"0.0.0.0/0"}, "203.0.113.9"));
  EXPECT_TRUE(contain({"fd00::/8"}, "fdff::1"));
  EXPECT_FALSE(contain({"fd00::/8"}, "fe80::1"));
  EXPECT_TRUE(contain({"2001:db8::/33"}, "2001:db8:7fff::1"));
  EXPECT_FALSE(contain({"2001:db8::/33"}, "2001:db8:8000::1"));
  EXPECT_TRUE(contain({"::/0"}, "2001:db8::1"));
}

TEST(NetworksTest, ASingleAddressIsANetworkOfOne) {
  EXPECT_TRUE(contain({"192.0.2.7"}, "192.0.2.7"));
  EXPECT_FALSE(contain({"192.0.2.7"}, "192.0.2.8"));
  EXPECT_TRUE(contain({"::1"}, "::1"));
  EXPECT_FALSE(contain({"::1"}, "::2"));
}

TEST(NetworksTest, AMappedAddressIsThatOfIpv4) {
  EXPECT_TRUE(contain({"10.0.0.0/8"}, "::ffff:10.1.2.3"));
  EXPECT_FALSE(contain({"::/0"}, "10.1.2.3"));
}

TEST(NetworksTest, UnixSocketsAreInByName) {
  const asio::local::stream_protocol::endpoint socket("/tmp/s");
  EXPECT_TRUE(networks({"unix:"}).contain(socket));
  EXPECT_FALSE(networks({"0.0.0.0/0", "::/0"}).contain(socket));
  EXPECT_FALSE(Networks().contain(socket));
}

TEST(NetworksTest, AnAddressAsItIsWrittenIsTheSame) {
  const Networks some = networks({"10.0.0.0/8", "fd00::/8"});
  for (const char* peer : {"10.1.2.3:4711", "[fd00::7]:4711", "[::ffff:10.1.2.3]:1", "[fd00::7%1]:1"}) {
    EXPECT_TRUE(some.contain_peer(peer)) << peer;
  }
  for (const char* peer :
       {"11.1.2.3:4711", "[fe80::7]:4711", "unix:", "", ":", "10.1.2.3.4:1", "a.test:1", "[10.1.2.3"}) {
    EXPECT_FALSE(some.contain_peer(peer)) << peer;
  }
  EXPECT_TRUE(networks({"unix:"}).contain_peer("unix:"));
}

TEST(NetworksTest, WhatIsNoNetworkIsQuoted) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::1/129", "fd00::/-1", "localhost",
                           "10.0.0.0/8 ", "unix:/tmp/s"}) {
    const std::vector<std::string> texts = {"127.0.0.1", text};
    const auto parsed = Networks::parse(texts);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message, "\"" + std::string(text) +
                                          "\" is no network; expected one such as 10.0.0.0/8, fd00::/8, 192.0.2.7 or "
                                          "unix:");
  }
}

}  // namespace
}  // namespace wasm_grpc::net
