#include "net/passed_sockets.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "folder.h"
#include "listening.h"

namespace wasm_grpc::net {
namespace {

using Names = std::vector<std::string>;

/// A socket that listens, as whoever starts a program makes it, and passes on.
int listening_tcp(int type = SOCK_STREAM) {
  const int made = socket(AF_INET, type, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(listen(made, 16), 0);
  }
  return made;
}

std::string why_not(const Result<Acceptor>& taken) { return taken.ok() ? "taken" : taken.error().message; }

TEST(PassedSockets, AreThoseOfTheEnvironmentWhereItMeansThisProcess) {
  const auto passed = PassedSockets::read("3", "42", "web:grpc:web", 42);
  EXPECT_EQ(passed.names, (Names{"web", "grpc", "web"}));
  EXPECT_EQ(PassedSockets::read("2", "42", nullptr, 42).names, (Names{"unknown", "unknown"}));
  EXPECT_EQ(PassedSockets::read("2", "42", "web", 42).names, (Names{"web", "unknown"}));
  EXPECT_TRUE(PassedSockets::read(nullptr, nullptr, nullptr, 42).names.empty());
  const auto others = PassedSockets::read("3", "41", "web", 42);
  EXPECT_TRUE(others.names.empty());
  EXPECT_EQ(others.why_none, "LISTEN_PID is \"41\", and this process 42");
  for (const char* count : {"-1", "x", "", "3x", "9999999999999999999999"}) {
    EXPECT_TRUE(PassedSockets::read(count, "42", "web", 42).names.empty()) << count;
    EXPECT_NE(PassedSockets::read(count, "42", "web", 42).why_none, "") << count;
  }
}

TEST(PassedSockets, AreFoundByNameNumberOrAllTogether) {
  const auto passed = PassedSockets::read("3", "42", "web:grpc:web", 42);
  const auto found = [&](std::string_view which) { return find_passed(passed, which); };
  EXPECT_EQ(found("").value(), (std::vector{3, 4, 5}));
  EXPECT_EQ(found("web").value(), (std::vector{3, 5}));
  EXPECT_EQ(found("grpc").value(), std::vector{4});
  EXPECT_EQ(found("7").value(), std::vector{7}) << "by number it need not be named";
  ASSERT_FALSE(found("admin").ok());
  EXPECT_EQ(found("admin").error().message,
            "no socket that was passed has the name \"admin\"; there is \"web\", \"grpc\", \"web\" "
            "(FileDescriptorName= of a .socket unit)");
  EXPECT_FALSE(found("2").ok()) << "standard error";
  const auto none = find_passed(PassedSockets::read("3", "41", nullptr, 42), "web");
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("LISTEN_PID"), std::string::npos) << none.error().message;
}

TEST(PassedSockets, AreListenedOnAndNotInherited) {
  Listening listening(1);
  const int passed = listening_tcp();
  auto taken = take_passed(listening.io(), passed);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(fcntl(passed, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  listening.listener().open_passed(std::move(taken).value(), true);
  EXPECT_EQ(listening.listener().address(), "https://" + to_text(listening.listener().local_endpoint()));
  const auto client = listening.connect();
  ASSERT_TRUE(listening.run_until([&] { return listening.received() == 1; }));
  EXPECT_TRUE(listening.keeper(0).kept()[0].tls);
}

TEST(PassedSockets, OfUnixAreInCleartextAndTheirFileStays) {
  const Folder folder;
  const std::string path = folder.file("socket");
  const int passed = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(passed, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(passed, 16), 0);
  {
    Listening listening(1);
    auto taken = take_passed(listening.io(), passed);
    ASSERT_TRUE(taken.ok()) << taken.error().message;
    listening.listener().open_passed(std::move(taken).value(), true);
    EXPECT_EQ(listening.listener().address(), "unix:" + path);
    EXPECT_TRUE(connects(path));
    ASSERT_TRUE(listening.run_until([&] { return listening.received() == 1; }));
    EXPECT_FALSE(listening.keeper(0).kept()[0].tls);
    listening.listener().close();
  }
  EXPECT_EQ(access(path.c_str(), F_OK), 0) << "it is of who made it";
}

TEST(PassedSockets, RefuseWhatCannotBeListenedOn) {
  asio::io_context io;
  EXPECT_NE(why_not(take_passed(io, 987'654)).find("is not open"), std::string::npos);
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  EXPECT_NE(why_not(take_passed(io, pipes[0])).find("is no socket"), std::string::npos);
  const int datagrams = listening_tcp(SOCK_DGRAM);
  EXPECT_NE(why_not(take_passed(io, datagrams)).find("ListenStream="), std::string::npos);
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_NE(why_not(take_passed(io, pair[0])).find("does not listen"), std::string::npos);
  const int twice = listening_tcp();
  {
    const auto first = take_passed(io, twice);
    EXPECT_TRUE(first.ok());
    EXPECT_NE(why_not(take_passed(io, twice)).find("is listened on already"), std::string::npos);
  }
  for (const int one : {pipes[0], pipes[1], datagrams, pair[0], pair[1]}) {
    EXPECT_EQ(fcntl(one, F_GETFD), 0) << "what is refused stays as it is";
    close(one);
  }
}

}  // namespace
}  // namespace wasm_grpc::net
