// Addresses of targets.

#include "client/outgoing/target_address.h"

#include <gtest/gtest.h>

namespace wasm_grpc::client {
namespace {

std::string read(std::string_view text) {
  const auto address = parse_target_address(text);
  if (!address.ok()) return "none";
  std::string out = address.value().host.empty() ? "" : address.value().host + " at " + address.value().port;
  for (const Endpoint& endpoint : address.value().endpoints) out += (out.empty() ? "" : " ") + to_text(endpoint);
  return out + " as " + address.value().authority;
}

TEST(TargetAddress, IsAName) {
  EXPECT_EQ(read("example.com:50051"), "example.com at 50051 as example.com:50051");
  EXPECT_EQ(read("dns:example.com:50051"), "example.com at 50051 as example.com:50051");
  EXPECT_EQ(read("dns:///example.com"), "example.com at 443 as example.com");
}

TEST(TargetAddress, IsOneOrMoreAddresses) {
  EXPECT_EQ(read("127.0.0.1:1"), "127.0.0.1:1 as 127.0.0.1:1");
  EXPECT_EQ(read("[::1]:1"), "[::1]:1 as [::1]:1");
  EXPECT_EQ(read("ipv4:127.0.0.1:1,127.0.0.2:2"), "127.0.0.1:1 127.0.0.2:2 as 127.0.0.1:1");
  EXPECT_EQ(read("ipv6:[::1]:1"), "[::1]:1 as [::1]:1");
  EXPECT_EQ(read("unix:/run/x"), "unix:/run/x as localhost");
  EXPECT_EQ(read("unix:///run/x"), "unix:/run/x as localhost");
}

TEST(TargetAddress, IsNothingElse) {
  for (const char* text : {"",
                           "example.com",
                           ":1",
                           "example.com:",
                           "example.com:0",
                           "example.com:65536",
                           "example.com:x",
                           "http://example.com:1",
                           "dns://8.8.8.8/example.com:1",
                           "dns:",
                           "ipv4:",
                           "ipv4:::1:1",
                           "ipv4:127.0.0.1",
                           "ipv4:127.0.0.1:1,",
                           "ipv6:127.0.0.1:1",
                           "::1:1",
                           "[::1:1",
                           "unix:",
                           "a b:1",
                           "xds:///a"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(TargetAddress, FamiliesTakeTurns) {
  const auto address = parse_target_address("ipv4:127.0.0.1:1,127.0.0.2:1,127.0.0.3:1");
  auto endpoints = address.value().endpoints;
  endpoints.insert(endpoints.begin(), parse_target_address("ipv6:[::1]:1").value().endpoints.front());
  endpoints.insert(endpoints.begin(), parse_target_address("ipv6:[::2]:1").value().endpoints.front());
  std::string order;
  for (const Endpoint& endpoint : interleave_families(endpoints)) order += to_text(endpoint) + " ";
  EXPECT_EQ(order, "[::2]:1 127.0.0.1:1 [::1]:1 127.0.0.2:1 127.0.0.3:1 ");
}

}  // namespace
}  // namespace wasm_grpc::client
