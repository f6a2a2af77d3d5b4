// Listening on unix sockets: the file comes, goes and is not taken from others.
#include "http2/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "folder.h"
#include "http2/address.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

bool connects(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return connected;
}

TEST(UnixSocket, IsThereWhileTheEndpointListensAndGoneAfter) {
  const Folder folder;
  const std::string path = folder.file("s");
  {
    Server server;
    server.on_thread([&](Endpoint& endpoint) { ASSERT_TRUE(endpoint.listen_unix(path, {}).ok()); });
    EXPECT_TRUE(connects(path));
    EXPECT_TRUE(eventually([&] { return server.counters().connections_accepted == 1; }));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(UnixSocket, ConnectionsGoInTurnToTheEndpointsThatShareIt) {
  const Folder folder;
  const std::string path = folder.file("s");
  Server second;
  Server first;
  Endpoint* other = nullptr;
  second.on_thread([&](Endpoint& endpoint) { other = &endpoint; });
  first.on_thread([&](Endpoint& endpoint) { ASSERT_TRUE(endpoint.listen_unix(path, std::span(&other, 1)).ok()); });
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(connects(path));
  EXPECT_TRUE(eventually([&] { return first.counters().connections_accepted == 3; }));
  EXPECT_TRUE(eventually([&] { return second.counters().connections_accepted == 3; }));
  first.on_thread([](Endpoint& endpoint) { endpoint.close(); });
}

TEST(UnixSocket, AStaleFileIsReplaced) {
  const Folder folder;
  const std::string path = folder.file("s");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(left);
  ASSERT_TRUE(std::filesystem::exists(path));
  Server server;
  server.on_thread([&](Endpoint& endpoint) { EXPECT_TRUE(endpoint.listen_unix(path, {}).ok()); });
  EXPECT_TRUE(connects(path));
}

TEST(UnixSocket, OfAServerThatRunsIsNotTaken) {
  const Folder folder;
  const std::string path = folder.file("s");
  Server first;
  first.on_thread([&](Endpoint& endpoint) { ASSERT_TRUE(endpoint.listen_unix(path, {}).ok()); });
  Server second;
  second.on_thread([&](Endpoint& endpoint) {
    const auto result = endpoint.listen_unix(path, {});
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find(path + ": another program listens there"), std::string::npos)
        << result.error().message;
  });
  EXPECT_TRUE(connects(path));
}

TEST(UnixSocket, IsNotPutInThePlaceOfAnotherFile) {
  const Folder folder;
  const std::string path = folder.file("data");
  std::ofstream(path) << "precious";
  Server server;
  server.on_thread([&](Endpoint& endpoint) {
    const auto result = endpoint.listen_unix(path, {});
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find("no socket"), std::string::npos) << result.error().message;
    const auto long_path = endpoint.listen_unix(folder.file(std::string(200, 'x')), {});
    ASSERT_FALSE(long_path.ok());
    EXPECT_NE(long_path.error().message.find("107"), std::string::npos) << long_path.error().message;
  });
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST(UnixSocket, ThatReplacedOursIsLeftAlone) {
  const Folder folder;
  const std::string path = folder.file("s");
  Server server;
  server.on_thread([&](Endpoint& endpoint) { ASSERT_TRUE(endpoint.listen_unix(path, {}).ok()); });
  std::filesystem::remove(path);
  std::ofstream(path) << "of someone else";
  server.on_thread([](Endpoint& endpoint) { endpoint.close(); });
  EXPECT_TRUE(std::filesystem::exists(path));
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
  EXPECT_FALSE(parse_listen_address("unix:", true).ok());
  EXPECT_FALSE(parse_listen_address("ftp://a:1", true).ok());
}

}  // namespace
}  // namespace wasm_grpc::http2
