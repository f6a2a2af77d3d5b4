// Who may connect to a unix socket: how it is written, and that its file gets it.
#include "net/socket_access.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "folder.h"
#include "listening.h"

namespace wasm_grpc::net {
namespace {

struct stat state_of(const std::string& path) {
  struct stat found{};
  EXPECT_EQ(lstat(path.c_str(), &found), 0) << path;
  return found;
}

std::string error_of(std::string_view text) {
  const auto read = parse_socket_access(text);
  return read.ok() ? "no error" : read.error().message;
}

/// The umask of this process while it lives.
struct Umask {
  explicit Umask(mode_t mask) : before(umask(mask)) {}
  ~Umask() { umask(before); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  mode_t before;
};

TEST(SocketAccess, IsReadInAnyOrderAndLeavesOutWhatIsNotSaid) {
  const auto all = parse_socket_access("group=0&mode=0660&user=root").value();
  EXPECT_EQ(all.mode, 0660U);
  EXPECT_EQ(all.user, 0U);
  EXPECT_EQ(all.group, 0U);
  const auto one = parse_socket_access("mode=7").value();
  EXPECT_EQ(one.mode, 07U);
  EXPECT_FALSE(one.user);
  EXPECT_FALSE(one.group);
  EXPECT_EQ(parse_socket_access("user=4711").value().user, 4711U) << "nobody has to have that number";
  const auto none = parse_socket_access("").value();
  EXPECT_FALSE(none.mode || none.user || none.group);
}

TEST(SocketAccess, RefusesWhatMakesNoSenseAndSaysWhatWasExpected) {
  for (const std::string text :
       {"mode=", "mode", "mode=rw", "mode=0680", "mode=1777", "mode=-1", "mode=0o660", "mode= 660"}) {
    EXPECT_NE(error_of(text).find("expected octal digits up to 0777, such as 0660"), std::string::npos)
        << error_of(text);
  }
  EXPECT_EQ(error_of("user=no such user"), "there is no user \"no such user\"; expected the name or number of one");
  EXPECT_EQ(error_of("group=no such group"), "there is no group \"no such group\"; expected the name or number of one");
  for (const std::string text : {"user=", "group=", "user=-1", "user=4294967295", "group=1x"}) {
    EXPECT_NE(error_of(text).find("there is no"), std::string::npos) << text;
  }
  for (const std::string text : {"mod=0660", "x", "&mode=0660", "mode=0660&&user=0", "Mode=0660"}) {
    EXPECT_NE(error_of(text).find("is not known; expected mode=0660, user=NAME or group=NAME"), std::string::npos)
        << text;
  }
  EXPECT_EQ(error_of("mode=0660&mode=0600"), "mode is given twice; expected it once");
}

TEST(SocketAccess, IsThatOfTheFileWhateverTheUmask) {
  const Umask mask(077);
  const Folder folder;
  for (const mode_t mode : {0666U, 0660U, 0600U, 0777U}) {
    Listening listening(1);
    const auto opened = listening.listener().open_unix(folder.file("s"), {.mode = mode, .user = {}, .group = {}});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(state_of(folder.file("s")).st_mode & 07777U, mode);
    EXPECT_TRUE(connects(folder.file("s")));
  }
}

TEST(SocketAccess, WithoutItTheSystemDecidesAsBefore) {
  const Umask mask(027);
  const Folder folder;
  Listening listening(1);
  ASSERT_TRUE(listening.listener().open_unix(folder.file("s")).ok());
  EXPECT_EQ(state_of(folder.file("s")).st_mode & 07777U, 0750U);
  EXPECT_EQ(state_of(folder.file("s")).st_uid, geteuid());
}

TEST(SocketAccess, GivesItToAUserAndAGroup) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  const Folder folder;
  Listening listening(1);
  const auto opened = listening.listener().open_unix(folder.file("s"), {.mode = 0600U, .user = 4711U, .group = 4712U});
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const struct stat found = state_of(folder.file("s"));
  EXPECT_EQ(found.st_uid, 4711U);
  EXPECT_EQ(found.st_gid, 4712U);
  EXPECT_EQ(found.st_mode & 07777U, 0600U);
}

TEST(SocketAccess, ThatMayNotBeGivenIsAnErrorAndLeavesNoFile) {
  if (geteuid() == 0) GTEST_SKIP() << "root may give files away";
  const Folder folder;
  Listening listening(1);
  const auto opened = listening.listener().open_unix(folder.file("s"), {.mode = {}, .user = 0U, .group = {}});
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("only root may give it to another user"), std::string::npos)
      << opened.error().message;
  EXPECT_FALSE(std::filesystem::exists(folder.file("s")));
}

TEST(SocketAccess, IsNotGivenToAFileThatTookTheSocketsPlace) {
  const Folder folder;
  std::ofstream(folder.file("precious")) << "x";
  std::filesystem::permissions(folder.file("precious"), std::filesystem::perms::owner_read);
  std::filesystem::create_symlink(folder.file("precious"), folder.file("link"));
  for (const std::string name : {"precious", "link"}) {
    const auto set = set_access(folder.file(name), {.mode = 0666U, .user = {}, .group = {}});
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.error().message, "another file has taken its place");
  }
  EXPECT_EQ(state_of(folder.file("precious")).st_mode & 07777U, 0400U);
  EXPECT_FALSE(set_access(folder.file("none"), {.mode = 0666U, .user = {}, .group = {}}).ok());
}

}  // namespace
}  // namespace wasm_grpc::net
