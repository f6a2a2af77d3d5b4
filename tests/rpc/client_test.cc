#include "wasm_grpc/rpc/client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wasm_grpc::rpc {
namespace {

TEST(ClientTest, IsOfOneHostWhateverItsPort) {
  EXPECT_EQ(host_of("127.0.0.1:4711"), host_of("127.0.0.1:1"));
  EXPECT_EQ(host_of("[::1]:4711"), host_of("[::1]:1"));
  EXPECT_EQ(host_of("unix:"), host_of("unix:/run/x.sock"));
}

TEST(ClientTest, OfAnIpv6NetworkIsOneHost) {
  EXPECT_EQ(host_of("[2001:db8:1:2::1]:1"), host_of("[2001:db8:1:2:ffff:ffff:ffff:ffff]:1"));
  EXPECT_NE(host_of("[2001:db8:1:2::1]:1"), host_of("[2001:db8:1:3::1]:1"));
}

TEST(ClientTest, OfIpv4IsTheSameOnASocketForIpv6) {
  EXPECT_EQ(host_of("[::ffff:192.0.2.1]:1"), host_of("192.0.2.1:2"));
  EXPECT_NE(host_of("[::ffff:192.0.2.1]:1"), host_of("[::ffff:192.0.2.2]:1"));
}

TEST(ClientTest, OfALinkLocalAddressHasAHostInSpiteOfItsScope) {
  EXPECT_EQ(host_of("[fe80::1%eth0]:1"), host_of("[fe80::1]:1"));
  EXPECT_NE(host_of("[fe80::1%eth0]:1"), 0U);
}

TEST(ClientTest, OfDifferentKindsAreDifferentHosts) {
  const std::vector<std::string> addresses = {"unix:",   "127.0.0.1:1",       "0.0.0.1:1",       "0.0.0.2:1",
                                              "[::1]:1", "255.255.255.255:1", "[2001:db8::1]:1", "[fe80::1]:1"};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    EXPECT_NE(host_of(addresses[i]), 0U) << addresses[i];
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(host_of(addresses[i]), host_of(addresses[j])) << addresses[i];
  }
}

TEST(ClientTest, WithoutAnAddressHasNoHost) {
  for (const std::string address :
       {"", ":", "nonsense", "300.1.1.1:1", "[]:1", "[::1", "::1:1", "[::g]:1", "[%]:1", "1.2.3.4"}) {
    EXPECT_EQ(host_of(address), 0U) << address;
  }
  EXPECT_EQ(host_of(std::string(10'000, '1') + ":1"), 0U);
}

TEST(ClientTest, HasANumberOfItsOwn) { EXPECT_NE(next_connection_number(), next_connection_number()); }

}  // namespace
}  // namespace wasm_grpc::rpc
