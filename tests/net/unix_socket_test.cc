// Listening on unix sockets: the file comes, goes and is not taken from others.
#include "net/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "folder.h"
#include "listening.h"

namespace wasm_grpc::net {
namespace {

TEST(UnixSocket, IsThereWhileSomeoneListensAndGoneAfter) {
  const Folder folder;
  const std::string path = folder.file("s");
  {
    Listening listening(1);
    ASSERT_TRUE(listening.listener().open_unix(path).ok());
    EXPECT_TRUE(connects(path));
    EXPECT_TRUE(listening.run_until([&] { return listening.received() == 1; }));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
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
  Listening listening(1);
  EXPECT_TRUE(listening.listener().open_unix(path).ok());
  EXPECT_TRUE(connects(path));
}

TEST(UnixSocket, OfAServerThatRunsIsNotTaken) {
  const Folder folder;
  const std::string path = folder.file("s");
  Listening first(1);
  ASSERT_TRUE(first.listener().open_unix(path).ok());
  Listening second(1);
  const auto result = second.listener().open_unix(path);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find(path + ": another program listens there"), std::string::npos)
      << result.error().message;
  EXPECT_TRUE(connects(path));
}

TEST(UnixSocket, IsNotPutInThePlaceOfAnotherFile) {
  const Folder folder;
  const std::string path = folder.file("data");
  std::ofstream(path) << "precious";
  Listening listening(1);
  const auto result = listening.listener().open_unix(path);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("no socket"), std::string::npos) << result.error().message;
  Listening far(1);
  const auto long_path = far.listener().open_unix(folder.file(std::string(200, 'x')));
  ASSERT_FALSE(long_path.ok());
  EXPECT_NE(long_path.error().message.find("107"), std::string::npos) << long_path.error().message;
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST(UnixSocket, ThatReplacedOursIsLeftAlone) {
  const Folder folder;
  const std::string path = folder.file("s");
  Listening listening(1);
  ASSERT_TRUE(listening.listener().open_unix(path).ok());
  std::filesystem::remove(path);
  std::ofstream(path) << "of someone else";
  listening.listener().close();
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace wasm_grpc::net
