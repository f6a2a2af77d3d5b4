// Addresses of servers.

#include "client/target.h"

#include <gtest/gtest.h>

namespace wasm_grpc::client {
namespace {

TEST(Target, IsReadFromWhatPeopleWrite) {
  const auto plain = parse_target("example.com:50051", false).value();
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "example.com");
  EXPECT_EQ(plain.port, "50051");
  EXPECT_EQ(plain.authority, "example.com:50051");
  EXPECT_TRUE(parse_target("example.com:1", true).value().tls);
  EXPECT_TRUE(parse_target("https://example.com:1", false).value().tls);
  EXPECT_FALSE(parse_target("http://example.com:1", false).value().tls);
  const auto six = parse_target("[::1]:7", false).value();
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.authority, "[::1]:7");
  const auto socket = parse_target("unix:/tmp/a", false).value();
  EXPECT_TRUE(socket.unix_socket);
  EXPECT_EQ(socket.host, "/tmp/a");
  EXPECT_EQ(socket.authority, "localhost");
}

TEST(Target, RefusesWhatMakesNoSense) {
  for (const char* text : {"", ":", "a", "a:", ":1", "a:b", "https://", "https://a", "unix:", "a:1x"}) {
    EXPECT_FALSE(parse_target(text, false).ok()) << text;
  }
  EXPECT_FALSE(parse_target("http://a:1", true).ok()) << "TLS is asked for";
}

}  // namespace
}  // namespace wasm_grpc::client
