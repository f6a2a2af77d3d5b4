#include "http2/address.h"

#include <gtest/gtest.h>

#include <string>

#include "server.h"

namespace wasm_grpc::http2 {
namespace {

TEST(Address, ReadsNumbersNamesAndIpv6InBrackets) {
  asio::io_context io;
  const auto v4 = resolve_address(io, "127.0.0.1:50051");
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(to_text(v4.value()), "127.0.0.1:50051");
  const auto v6 = resolve_address(io, "[::1]:0");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(to_text(v6.value()), "[::1]:0");
  const auto name = resolve_address(io, "localhost:80");
  ASSERT_TRUE(name.ok()) << name.error().message;
  EXPECT_TRUE(name.value().address().is_loopback());
}

TEST(Address, RefusesAndQuotesWhatItCannotRead) {
  asio::io_context io;
  for (const std::string text : {"", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
                                 "::1:80", "127.0.0.1:80x", "[::1]"}) {
    const auto result = resolve_address(io, text);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_NE(result.error().message.find("\"" + text + "\""), std::string::npos) << result.error().message;
  }
}

TEST(Listening, OnAPortInUseFailsAndSaysWhatToDo) {
  Server server;
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  server.on_thread([&](Endpoint& endpoint) {
    const auto result = endpoint.listen(address, false);
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find(address), std::string::npos) << result.error().message;
    EXPECT_NE(result.error().message.find("choose another port"), std::string::npos) << result.error().message;
  });
}

TEST(Listening, TwiceOnOnePortWorksWithReusePort) {
  Server server;
  server.on_thread([&](Endpoint& endpoint) {
    ASSERT_TRUE(endpoint.listen("127.0.0.1:0", true).ok());
    const auto port = endpoint.local_address().port();
    EXPECT_NE(port, 0);
    EXPECT_TRUE(endpoint.listen("127.0.0.1:" + std::to_string(port), true).ok());
    EXPECT_EQ(endpoint.local_address().port(), port);
  });
}

}  // namespace
}  // namespace wasm_grpc::http2
