// Ways out of a granted directory, and things a grant does not allow. Each must fail.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "support.h"

namespace wasm_grpc::wasi::test {
namespace {

/// A granted directory "inside", next to a secret.
class Escape : public ::testing::Test {
 protected:
  static Config config_of(const TemporaryDirectory& directory) {
    std::filesystem::create_directory(directory.path() / "inside");
    std::filesystem::create_directory(directory.path() / "outside");
    directory.write("outside/secret", "secret");
    std::filesystem::create_directory(directory.path() / "inside/sub");
    directory.write("inside/file", "file");
    Config config;
    config.directories = {{directory.path() / "inside", "/", false}};
    return config;
  }
  void TearDown() override {
    EXPECT_EQ(directory.read("outside/secret"), "secret");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 2);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path() / "outside"), {}), 1);
  }
  void plant(const std::string& target, const std::string& name) {
    std::filesystem::create_symlink(target, directory.path() / "inside" / name);
  }
  std::string absolute(const std::string& name) const { return directory.path() / name; }
  Errno stat(std::string_view path, std::uint64_t follow = 1) {
    const std::uint32_t out = machine.allocate(sizeof(FileStat));
    return machine.call("path_filestat_get", {root, follow, machine.put(path), path.size(), out});
  }
  Errno set_times(std::string_view path, std::uint64_t follow) {
    return machine.call("path_filestat_set_times", {root, follow, machine.put(path), path.size(), 1, 1,
                                                    time_flag::access | time_flag::modification});
  }
  Errno two_paths(std::string_view function, std::string_view from, std::string_view to) {
    if (function == "path_link") {
      return machine.call(function, {root, 0, machine.put(from), from.size(), root, machine.put(to), to.size()});
    }
    return machine.call(function, {root, machine.put(from), from.size(), root, machine.put(to), to.size()});
  }
  Errno symlink(std::string_view target, std::string_view path) {
    return machine.call("path_symlink", {machine.put(target), target.size(), root, machine.put(path), path.size()});
  }
  Errno readlink(std::string_view path) {
    const std::uint32_t out = machine.allocate(64);
    return machine.call("path_readlink", {root, machine.put(path), path.size(), out, 64, out});
  }

  TemporaryDirectory directory;
  Machine machine{config_of(directory)};
  std::uint32_t fd = 0;
};

TEST_F(Escape, ByDotsOrByAbsolutePathsFailsForEveryFunction) {
  for (const std::string& path : {std::string("../outside/secret"), std::string("sub/../../outside/secret"),
                                  std::string("./sub/./../../outside/secret"), absolute("outside/secret")}) {
    EXPECT_EQ(machine.open(root, path, 0, reading, fd), Errno::notcapable) << path;
    EXPECT_EQ(machine.open(root, path + "-new", open_flag::create, all_rights, fd), Errno::notcapable) << path;
    EXPECT_EQ(machine.open(root, path, open_flag::truncate, all_rights, fd), Errno::notcapable) << path;
    EXPECT_EQ(stat(path), Errno::notcapable) << path;
    EXPECT_EQ(set_times(path, 1), Errno::notcapable) << path;
    EXPECT_EQ(machine.path_call("path_unlink_file", root, path), Errno::notcapable) << path;
    EXPECT_EQ(machine.path_call("path_create_directory", root, path + "-new"), Errno::notcapable) << path;
    EXPECT_EQ(machine.path_call("path_remove_directory", root, path), Errno::notcapable) << path;
    EXPECT_EQ(readlink(path), Errno::notcapable) << path;
    for (const char* function : {"path_rename", "path_link"}) {
      EXPECT_EQ(two_paths(function, path, "stolen"), Errno::notcapable) << path;
      EXPECT_EQ(two_paths(function, "file", path + "-new"), Errno::notcapable) << path;
    }
    EXPECT_EQ(symlink("file", path + "-new"), Errno::notcapable) << path;
  }
}

TEST_F(Escape, ToTheParentItselfFails) {
  for (const std::string_view path : {"..", "../", "../.", "sub/../..", "/", "//", "/."}) {
    EXPECT_EQ(machine.open(root, path, open_flag::directory, reading, fd), Errno::notcapable) << path;
    EXPECT_EQ(stat(path), Errno::notcapable) << path;
    EXPECT_EQ(set_times(path, 0), Errno::notcapable) << path;
    EXPECT_EQ(machine.path_call("path_create_directory", root, path), Errno::notcapable) << path;
    EXPECT_EQ(machine.path_call("path_remove_directory", root, path), Errno::notcapable) << path;
    EXPECT_EQ(two_paths("path_rename", path, "up"), Errno::notcapable) << path;
    EXPECT_EQ(two_paths("path_rename", "sub", path), Errno::notcapable) << path;
  }
}

TEST_F(Escape, ByASymbolicLinkOfTheHostFails) {
  plant("../outside/secret", "relative");
  plant(absolute("outside/secret"), "absolute");
  plant("../outside", "directory");
  plant("relative", "chain");
  for (const std::string_view path : {"relative", "absolute", "directory/secret", "chain", "sub/../directory/secret"}) {
    EXPECT_EQ(machine.open(root, path, 0, reading, fd), Errno::notcapable) << path;
    EXPECT_EQ(machine.open(root, path, open_flag::create | open_flag::truncate, all_rights, fd), Errno::notcapable);
    EXPECT_EQ(stat(path), Errno::notcapable) << path;
    EXPECT_EQ(set_times(path, 1), Errno::notcapable) << path;
  }
  EXPECT_EQ(machine.path_call("path_unlink_file", root, "directory/secret"), Errno::notcapable);
  EXPECT_EQ(machine.path_call("path_create_directory", root, "directory/new"), Errno::notcapable);
  EXPECT_EQ(two_paths("path_rename", "directory/secret", "stolen"), Errno::notcapable);
  EXPECT_EQ(two_paths("path_rename", "file", "directory/planted"), Errno::notcapable);
  EXPECT_EQ(two_paths("path_link", "directory/secret", "stolen"), Errno::notcapable);
}

TEST_F(Escape, BySlashAfterASymbolicLinkFails) {
  plant("../outside", "directory");
  // A slash makes the system follow a link even where it was told not to.
  struct stat before{};
  struct stat after{};
  ASSERT_EQ(::stat(absolute("outside").c_str(), &before), 0);
  EXPECT_EQ(set_times("directory/", 0), Errno::notcapable);
  EXPECT_EQ(stat("directory/", 0), Errno::notcapable);
  EXPECT_EQ(readlink("directory/"), Errno::notcapable);
  EXPECT_EQ(machine.open(root, "directory/", open_flag::directory, reading, fd, 0), Errno::notcapable);
  EXPECT_NE(machine.path_call("path_create_directory", root, "directory/"), Errno::success);
  EXPECT_NE(machine.path_call("path_remove_directory", root, "directory/"), Errno::success);
  EXPECT_NE(machine.path_call("path_unlink_file", root, "directory/"), Errno::success);
  EXPECT_NE(two_paths("path_rename", "directory/", "moved"), Errno::success);
  EXPECT_NE(two_paths("path_rename", "sub", "directory/"), Errno::success);
  EXPECT_NE(two_paths("path_link", "directory/", "linked"), Errno::success);
  ASSERT_EQ(::stat(absolute("outside").c_str(), &after), 0);
  EXPECT_EQ(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST_F(Escape, TouchesASymbolicLinkItselfOnly) {
  plant("../outside/secret", "link");
  EXPECT_EQ(set_times("link", 0), Errno::success);
  EXPECT_EQ(stat("link", 0), Errno::success);
  EXPECT_EQ(machine.path_call("path_unlink_file", root, "link"), Errno::success);
}

TEST_F(Escape, ByASymbolicLinkOfTheGuestIsNotMade) {
  for (const std::string& target :
       {std::string("/"), absolute("outside/secret"), std::string(".."), std::string("../outside/secret"),
        std::string("sub/../../outside"), std::string("sub/.."), std::string("./../outside")}) {
    EXPECT_EQ(symlink(target, "sub/link"), Errno::notcapable) << target;
  }
  EXPECT_EQ(symlink("", "link"), Errno::noent);
  EXPECT_EQ(symlink("..file", "link"), Errno::success) << "a name that begins with dots";
}

TEST_F(Escape, ByALinkOfProcFails) {
  if (!std::filesystem::exists("/proc/self/root")) GTEST_SKIP() << "no /proc";
  Config config;
  config.directories = {{"/proc/self", "/", true}};
  Machine proc(config);
  for (const std::string_view path : {"root", "cwd", "exe", "root/etc", "fd/0"}) {
    const Errno error = proc.open(root, path, 0, reading, fd);
    EXPECT_TRUE(error == Errno::loop || error == Errno::notcapable) << path << static_cast<int>(error);
  }
}

TEST_F(Escape, WhileTheHostMovesDirectoriesFails) {
  // A directory that a lookup goes through is moved out and back all the time.
  std::filesystem::create_directories(directory.path() / "inside/a/b/c");
  std::atomic<bool> stop = false;
  std::thread mover([&] {
    const auto home = directory.path() / "inside/a/b";
    const auto away = directory.path() / "outside/b";
    while (!stop) {
      std::error_code ignored;
      std::filesystem::rename(home, away, ignored);
      std::filesystem::rename(away, home, ignored);
    }
  });
  const std::uint32_t path = machine.put("a/b/c/../../../../outside/secret");
  const std::uint32_t out = machine.allocate(4);
  for (int i = 0; i < 20'000; ++i) {
    const Errno error = machine.call("path_open", {root, 1, path, 32, 0, right::fd_read, 0, 0, out});
    ASSERT_TRUE(error == Errno::notcapable || error == Errno::noent || error == Errno::again)
        << static_cast<int>(error);
  }
  stop = true;
  mover.join();
}

TEST_F(Escape, ByAPathThatIsNoneFails) {
  EXPECT_EQ(machine.open(root, "", 0, reading, fd), Errno::noent);
  EXPECT_EQ(machine.open(root, std::string_view("file\0x", 6), 0, reading, fd), Errno::ilseq);
  EXPECT_EQ(machine.open(root, std::string(5000, 'x'), 0, reading, fd), Errno::nametoolong);
  EXPECT_EQ(machine.open(1, "file", 0, reading, fd), Errno::notdir);
  EXPECT_EQ(machine.open(99, "file", 0, reading, fd), Errno::badf);
}

TEST_F(Escape, ByRightsThatAreAskedBackFails) {
  ASSERT_EQ(machine.open(root, "file", 0, right::fd_read | right::fd_seek, fd), Errno::success);
  EXPECT_EQ(machine.write(fd, "x"), Errno::notcapable);
  EXPECT_EQ(machine.call("fd_fdstat_set_rights", {fd, all_rights, 0}), Errno::notcapable);
  EXPECT_EQ(machine.call("fd_fdstat_set_rights", {fd, right::fd_read, 0}), Errno::success);
  EXPECT_EQ(machine.call("fd_fdstat_set_rights", {fd, right::fd_read | right::fd_seek, 0}), Errno::notcapable);

  std::uint32_t sub = 0;
  ASSERT_EQ(machine.open(root, ".", open_flag::directory, reading, sub), Errno::success);
  EXPECT_EQ(machine.call("fd_fdstat_set_rights", {sub, right::path_open, right::fd_read}), Errno::success);
  EXPECT_EQ(machine.open(sub, "file", 0, all_rights, fd), Errno::notcapable);
  EXPECT_EQ(machine.open(sub, "new", open_flag::create, reading, fd), Errno::notcapable);
  EXPECT_EQ(machine.path_call("path_unlink_file", sub, "file"), Errno::notcapable);
  EXPECT_EQ(machine.open(sub, "file", 0, reading, fd), Errno::success);
}

TEST_F(Escape, ByAFifoOrADeviceFails) {
  ASSERT_EQ(mkfifo((directory.path() / "inside/fifo").c_str(), 0600), 0);
  // It would block the thread for as long as nobody opens the other end.
  EXPECT_EQ(machine.open(root, "fifo", 0, reading, fd), Errno::notsup);
  EXPECT_NE(machine.open(root, "fifo", 0, all_rights & ~right::fd_read, fd), Errno::success);
  EXPECT_EQ(machine.open(root, "file", 0, reading, fd), Errno::success);
}

TEST(ReadOnlyGrant, AllowsReadingAndNothingElse) {
  TemporaryDirectory directory;
  directory.write("file", "content");
  std::filesystem::create_directory(directory.path() / "sub");
  TemporaryDirectory writable;
  Config config;
  config.directories = {{directory.path(), "/ro", true}, {writable.path(), "/rw", false}};
  Machine machine(config);
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "file", 0, reading, fd), Errno::success);
  std::string text;
  ASSERT_EQ(machine.read(fd, 100, text), Errno::success);
  EXPECT_EQ(text, "content");
  EXPECT_EQ(machine.write(fd, "x"), Errno::rofs);
  EXPECT_EQ(machine.call("fd_filestat_set_size", {fd, 0}), Errno::rofs);
  EXPECT_EQ(machine.call("fd_filestat_set_times", {fd, 1, 1, time_flag::modification}), Errno::rofs);
  EXPECT_EQ(machine.call("fd_allocate", {fd, 0, 100}), Errno::rofs);

  EXPECT_EQ(machine.open(root, "file", 0, all_rights, fd), Errno::rofs);
  EXPECT_EQ(machine.open(root, "file", open_flag::truncate, reading, fd), Errno::rofs);
  EXPECT_EQ(machine.open(root, "new", open_flag::create, reading, fd), Errno::rofs);
  EXPECT_EQ(machine.path_call("path_create_directory", root, "new"), Errno::rofs);
  EXPECT_EQ(machine.path_call("path_remove_directory", root, "sub"), Errno::rofs);
  EXPECT_EQ(machine.path_call("path_unlink_file", root, "file"), Errno::rofs);
  EXPECT_EQ(machine.call("path_symlink", {machine.put("file"), 4, root, machine.put("link"), 4}), Errno::rofs);
  EXPECT_EQ(machine.call("path_filestat_set_times", {root, 0, machine.put("file"), 4, 1, 1, time_flag::access}),
            Errno::rofs);
  // Nor may a file be given a second name where it could be written to, or be taken away.
  const std::uint32_t rw = root + 1;
  EXPECT_EQ(machine.call("path_link", {root, 0, machine.put("file"), 4, rw, machine.put("alias"), 5}), Errno::rofs);
  EXPECT_EQ(machine.call("path_rename", {root, machine.put("file"), 4, rw, machine.put("taken"), 5}), Errno::rofs);
  ASSERT_EQ(machine.open(rw, "mine", open_flag::create, all_rights, fd), Errno::success);
  EXPECT_EQ(machine.call("path_rename", {rw, machine.put("mine"), 4, root, machine.put("file"), 4}), Errno::rofs);

  // What is opened beneath it is read-only too.
  std::uint32_t sub = 0;
  ASSERT_EQ(machine.open(root, "sub", open_flag::directory, reading, sub), Errno::success);
  EXPECT_EQ(machine.open(sub, "new", open_flag::create, all_rights, fd), Errno::rofs);
  EXPECT_EQ(directory.read("file"), "content");
}

}  // namespace
}  // namespace wasm_grpc::wasi::test
