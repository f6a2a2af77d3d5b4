#include "net/address.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace wasm_grpc::net {
namespace {

TEST(Address, ReadsNumbersNamesAndIpv6InBrackets) {
  asio::io_context io;
  const auto v4 = resolve_address(io, "127.0.0.1:50051");
  ASSERT_TRUE(v4.ok());
  ASSERT_EQ(v4.value().size(), 1U);
  EXPECT_EQ(to_text(v4.value()[0]), "127.0.0.1:50051");
  const auto v6 = resolve_address(io, "[::1]:0");
  ASSERT_TRUE(v6.ok());
  ASSERT_EQ(v6.value().size(), 1U);
  EXPECT_EQ(to_text(v6.value()[0]), "[::1]:0");
  const auto name = resolve_address(io, "localhost:80");
  ASSERT_TRUE(name.ok()) << name.error().message;
  ASSERT_FALSE(name.value().empty());
  for (std::size_t i = 0; i < name.value().size(); ++i) {
    const auto& found = name.value()[i];
    EXPECT_TRUE(found.address().is_loopback());
    EXPECT_EQ(found.port(), 80);
    EXPECT_EQ(std::count(name.value().begin(), name.value().end(), found), 1) << "each once";
  }
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

TEST(ListenAddress, SaysByItsSchemeWhatIsSpoken) {
  using enum ListenAddress::Transport;
  const auto is = [](std::string_view text, bool tls_by_default, ListenAddress::Transport transport,
                     std::string_view place) {
    const auto parsed = parse_listen_address(text, tls_by_default);
    return parsed.ok() && parsed.value().transport == transport && parsed.value().place == place;
  };
  EXPECT_TRUE(is("127.0.0.1:1", false, cleartext, "127.0.0.1:1"));
  EXPECT_TRUE(is("127.0.0.1:1", true, tls, "127.0.0.1:1"));
  EXPECT_TRUE(is("http://[::1]:1", true, cleartext, "[::1]:1"));
  EXPECT_TRUE(is("https://a:1", false, tls, "a:1"));
  EXPECT_TRUE(is("unix:/run/x", true, unix_socket, "/run/x"));
  EXPECT_TRUE(is("unix:///run/x", true, unix_socket, "/run/x"));
  EXPECT_TRUE(is("unix:/run/x?mode=0660", true, unix_socket, "/run/x"));
  EXPECT_TRUE(is("unix:/run/x?y?", true, unix_socket, "/run/x?y"));
  EXPECT_TRUE(is("fd://", true, passed, ""));
  EXPECT_TRUE(is("fd://web", false, passed, "web"));
  EXPECT_TRUE(parse_listen_address("fd://3", true).value().tls);
  EXPECT_FALSE(parse_listen_address("unix:", true).ok());
  EXPECT_FALSE(parse_listen_address("unix:?mode=0660", true).ok());
  EXPECT_FALSE(parse_listen_address("ftp://a:1", true).ok());
}

TEST(ListenAddress, SaysWhoMayConnectToAUnixSocket) {
  EXPECT_EQ(parse_listen_address("unix:/run/x?mode=0660", true).value().access.mode, 0660U);
  EXPECT_FALSE(parse_listen_address("unix:/run/x", true).value().access.mode);
  const auto bad = parse_listen_address("unix:/run/x?mode=rw", true);
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.error().message.find("\"unix:/run/x?mode=rw\": mode \"rw\""), std::string::npos) << bad.error().message;
}

}  // namespace
}  // namespace wasm_grpc::net
