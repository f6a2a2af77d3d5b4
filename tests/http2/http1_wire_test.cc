// HTTP/1.1 over a session.
#include "http2/http1_wire.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "session_fixture.h"

namespace wasm_grpc::http2 {
namespace {

class Http1WireTest : public SessionTest {
 protected:
  Wire& speak() {
    begin();
    wire = std::make_unique<Http1Wire>(session(), *owner, "http", 8192);
    return *wire;
  }
  std::string answer() {
    session().submit();
    std::string text;
    for (Wire::Pulled pulled{.more = true}; pulled.more;) {
      batch.clear();
      pulled = wire->pull(batch);
      go_on = pulled.go_on;
      for (const asio::const_buffer& piece : batch.buffers()) {
        text.append(static_cast<const char*>(piece.data()), piece.size());
      }
      session().written();
    }
    return text;
  }

  std::unique_ptr<Http1Wire> wire;
  bool go_on = false;
};

TEST_F(Http1WireTest, ARequestIsServedInItsOwnWords) {
  speak().feed(bytes_of("GET /page HTTP/1.1\r\nhost: a\r\n\r\n"));
  const std::string text = answer();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\npage")) << text;
  EXPECT_FALSE(wire->is_over());
  EXPECT_FALSE(wire->can_ping());
}

TEST_F(Http1WireTest, ARequestBehindAnotherIsHeldBackAndGoneOnWithAfterTheFlush) {
  const std::string request = "GET /page HTTP/1.1\r\nhost: a\r\n\r\n";
  speak().feed(bytes_of(request + request));
  EXPECT_NE(answer(), "");
  ASSERT_TRUE(go_on);
  EXPECT_EQ(answer(), "") << "handlers are not started in a flush";
  wire->feed({});
  EXPECT_TRUE(answer().ends_with("page"));
  EXPECT_FALSE(go_on);
}

TEST_F(Http1WireTest, WhatIsNoHttpEndsItWithAReason) {
  speak().feed(bytes_of("\x16\x03\x01 TLS?\r\n"));
  EXPECT_TRUE(wire->is_over());
  EXPECT_EQ(owner->ends, std::vector{EndReason::malformed_http1});
}

TEST_F(Http1WireTest, PartOfAHeadIsIncomplete) {
  speak().feed(bytes_of("GET /page HTT"));
  EXPECT_NE(wire->incomplete(), 0U);
  wire->feed(bytes_of("P/1.1\r\nhost: a\r\n\r\n"));
  EXPECT_EQ(wire->incomplete(), 0U);
}

}  // namespace
}  // namespace wasm_grpc::http2
