// Files under granted directories: what a guest can do there.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support.h"
#include "wasi/files/transfer.h"

namespace wasm_grpc::wasi::test {
namespace {

class Files : public ::testing::Test {
 protected:
  static Config config_of(const TemporaryDirectory& directory) {
    Config config;
    config.directories = {{directory.path(), "/data", false}};
    return config;
  }
  /// The names in a directory with their types, read through a buffer of this size.
  std::map<std::string, FileType> list(std::uint32_t fd, std::uint32_t buffer_size);
  std::uint64_t seek(std::uint32_t fd, std::int64_t offset, int whence) {
    const std::uint32_t out = machine.allocate(8);
    EXPECT_EQ(
        machine.call("fd_seek", {fd, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(whence), out}),
        Errno::success);
    return machine.get<std::uint64_t>(out);
  }
  FileStat status(std::string_view path, std::uint64_t follow = 0) {
    const std::uint32_t out = machine.allocate(sizeof(FileStat));
    EXPECT_EQ(machine.call("path_filestat_get", {root, follow, machine.put(path), path.size(), out}), Errno::success);
    return machine.get<FileStat>(out);
  }
  Errno rename(std::string_view from, std::string_view to) {
    return machine.call("path_rename", {root, machine.put(from), from.size(), root, machine.put(to), to.size()});
  }
  Errno symlink(std::string_view target, std::string_view path) {
    return machine.call("path_symlink", {machine.put(target), target.size(), root, machine.put(path), path.size()});
  }

  TemporaryDirectory directory;
  Machine machine{config_of(directory)};
};

std::map<std::string, FileType> Files::list(std::uint32_t fd, std::uint32_t buffer_size) {
  std::map<std::string, FileType> out;
  const std::uint32_t buffer = machine.allocate(buffer_size);
  const std::uint32_t used = machine.allocate(4);
  std::uint64_t cookie = 0;
  for (int round = 0; round < 1000; ++round) {
    EXPECT_EQ(machine.call("fd_readdir", {fd, buffer, buffer_size, cookie, used}), Errno::success);
    const auto size = machine.get<std::uint32_t>(used);
    std::uint32_t at = 0;
    while (at + sizeof(DirectoryEntry) <= size) {
      const auto entry = machine.get<DirectoryEntry>(buffer + at);
      at += sizeof(DirectoryEntry);
      if (at + entry.name_length > size) break;  // cut: it comes again, from its cookie
      const bool is_new = out.emplace(machine.bytes(buffer + at, entry.name_length), entry.type).second;
      EXPECT_TRUE(is_new) << "listed twice";
      at += entry.name_length;
      cookie = entry.next;
    }
    if (size < buffer_size) return out;
  }
  ADD_FAILURE() << "the directory does not end";
  return out;
}

TEST_F(Files, TellsTheNameOfTheGrant) {
  const std::uint32_t out = machine.allocate(8);
  ASSERT_EQ(machine.call("fd_prestat_get", {root, out}), Errno::success);
  EXPECT_EQ(machine.get<PreStat>(out).tag, 0);
  ASSERT_EQ(machine.get<PreStat>(out).name_length, 5U);
  const std::uint32_t name = machine.allocate(8);
  ASSERT_EQ(machine.call("fd_prestat_dir_name", {root, name, 5}), Errno::success);
  EXPECT_EQ(machine.bytes(name, 6), std::string("/data\0", 6));
  EXPECT_EQ(machine.call("fd_prestat_dir_name", {root, name, 4}), Errno::nametoolong);
  EXPECT_EQ(machine.call("fd_prestat_get", {root + 1, out}), Errno::badf);
  EXPECT_EQ(machine.call("fd_prestat_get", {1, out}), Errno::badf);
}

TEST_F(Files, WritesAndReadsAFile) {
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "notes.txt", open_flag::create, all_rights, fd), Errno::success);
  ASSERT_EQ(machine.write(fd, "hello, file"), Errno::success);
  EXPECT_EQ(directory.read("notes.txt"), "hello, file");
  EXPECT_EQ(seek(fd, -4, 2), 7U);
  std::string text;
  ASSERT_EQ(machine.read(fd, 100, text), Errno::success);
  EXPECT_EQ(text, "file");
  const std::uint32_t out = machine.allocate(8);
  ASSERT_EQ(machine.call("fd_tell", {fd, out}), Errno::success);
  EXPECT_EQ(machine.get<std::uint64_t>(out), 11U);
  EXPECT_EQ(machine.call("fd_sync", {fd}), Errno::success);
  EXPECT_EQ(machine.call("fd_datasync", {fd}), Errno::success);
  ASSERT_EQ(machine.call("fd_close", {fd}), Errno::success);
  EXPECT_EQ(machine.read(fd, 1, text), Errno::badf);
}

TEST_F(Files, ReadsAndWritesAtAPosition) {
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "f", open_flag::create, all_rights, fd), Errno::success);
  ASSERT_EQ(machine.write(fd, "0123456789"), Errno::success);
  const std::uint32_t done = machine.allocate(4);
  const IoVec out{machine.put("ab"), 2};
  ASSERT_EQ(machine.call("fd_pwrite", {fd, machine.put_value(out), 1, 4, done}), Errno::success);
  EXPECT_EQ(machine.get<std::uint32_t>(done), 2U);
  const IoVec in{machine.allocate(4), 4};
  ASSERT_EQ(machine.call("fd_pread", {fd, machine.put_value(in), 1, 3, done}), Errno::success);
  EXPECT_EQ(machine.bytes(in.pointer, 4), "3ab6");
  EXPECT_EQ(seek(fd, 0, 1), 10U) << "the position was to stay";
  EXPECT_EQ(machine.call("fd_pread", {fd, machine.put_value(in), 1, ~0ULL, done}), Errno::inval);
  EXPECT_EQ(machine.call("fd_seek", {fd, static_cast<std::uint64_t>(-1), 0, done}), Errno::inval);
  EXPECT_EQ(machine.call("fd_seek", {fd, 0, 3, done}), Errno::inval);
}

TEST_F(Files, TransfersABoundedNumberOfBytesAtOnce) {
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "big", open_flag::create, all_rights, fd), Errno::success);
  // One buffer, named many times: far more than the guest's memory.
  const IoVec piece{0, 1 << 20};
  std::string array;
  for (int i = 0; i < 1000; ++i) array.append(reinterpret_cast<const char*>(&piece), sizeof(piece));
  const std::uint32_t done = machine.allocate(4);
  ASSERT_EQ(machine.call("fd_write", {fd, machine.put(array), 1000, done}), Errno::success);
  EXPECT_EQ(machine.get<std::uint32_t>(done), max_transfer_bytes);
  EXPECT_EQ(std::filesystem::file_size(directory.path() / "big"), max_transfer_bytes);
}

TEST_F(Files, AppendsCreatesTruncates) {
  directory.write("log", "one ");
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "log", 0, all_rights, fd, 1, fd_flag::append), Errno::success);
  ASSERT_EQ(machine.write(fd, "two "), Errno::success);
  ASSERT_EQ(machine.call("fd_fdstat_set_flags", {fd, 0}), Errno::success);
  seek(fd, 0, 0);
  ASSERT_EQ(machine.write(fd, "ONE"), Errno::success);
  ASSERT_EQ(machine.call("fd_fdstat_set_flags", {fd, fd_flag::append}), Errno::success);
  seek(fd, 0, 0);
  ASSERT_EQ(machine.write(fd, "three"), Errno::success);
  EXPECT_EQ(directory.read("log"), "ONE two three");
  EXPECT_EQ(machine.open(root, "log", open_flag::create | open_flag::exclusive, all_rights, fd), Errno::exist);
  EXPECT_EQ(machine.open(root, "absent", 0, all_rights, fd), Errno::noent);
  ASSERT_EQ(machine.open(root, "log", open_flag::truncate, all_rights, fd), Errno::success);
  EXPECT_EQ(directory.read("log"), "");
  EXPECT_EQ(machine.open(root, "log", open_flag::directory, reading, fd), Errno::notdir);
  EXPECT_EQ(machine.open(root, "log", 16, reading, fd), Errno::inval);
}

TEST_F(Files, SetsTheSizeAndTimesOfAFile) {
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "f", open_flag::create, all_rights, fd), Errno::success);
  ASSERT_EQ(machine.call("fd_filestat_set_size", {fd, 1000}), Errno::success);
  EXPECT_EQ(status("f").size, 1000U);
  EXPECT_EQ(machine.call("fd_filestat_set_size", {fd, ~0ULL}), Errno::fbig);
  const Errno allocated = machine.call("fd_allocate", {fd, 0, 5000});
  EXPECT_TRUE(allocated == Errno::success || allocated == Errno::notsup);
  EXPECT_EQ(machine.call("fd_allocate", {fd, 0, ~0ULL}), Errno::fbig);
  EXPECT_EQ(machine.call("fd_advise", {fd, 0, 100, 1}), Errno::success);
  EXPECT_EQ(machine.call("fd_advise", {fd, 0, 100, 6}), Errno::inval);

  constexpr std::uint64_t time = 1'000'000'000'123'456'789;
  ASSERT_EQ(machine.call("fd_filestat_set_times", {fd, 0, time, time_flag::modification}), Errno::success);
  EXPECT_EQ(status("f").modification_time, time);
  ASSERT_EQ(machine.call("path_filestat_set_times", {root, 0, machine.put("f"), 1, time + 1, 0, time_flag::access}),
            Errno::success);
  EXPECT_EQ(status("f").access_time, time + 1);
  EXPECT_EQ(status("f").modification_time, time);
  ASSERT_EQ(machine.call("fd_filestat_set_times", {fd, 0, 0, time_flag::modification_now}), Errno::success);
  EXPECT_GT(status("f").modification_time, time);
  EXPECT_EQ(machine.call("fd_filestat_set_times", {fd, 0, 0, time_flag::access | time_flag::access_now}), Errno::inval);

  const std::uint32_t out = machine.allocate(sizeof(FileStat));
  ASSERT_EQ(machine.call("fd_filestat_get", {fd, out}), Errno::success);
  EXPECT_EQ(machine.get<FileStat>(out).type, FileType::regular_file);
  EXPECT_EQ(machine.get<FileStat>(out).inode, status("f").inode);
}

TEST_F(Files, MakesListsAndRemovesDirectories) {
  ASSERT_EQ(machine.path_call("path_create_directory", root, "sub"), Errno::success);
  EXPECT_EQ(machine.path_call("path_create_directory", root, "sub"), Errno::exist);
  ASSERT_EQ(machine.path_call("path_create_directory", root, "sub/deeper/"), Errno::success);
  directory.write("sub/file", "x");
  std::filesystem::create_symlink("file", directory.path() / "sub/link");
  const std::map<std::string, FileType> expected = {{".", FileType::directory},
                                                    {"..", FileType::directory},
                                                    {"deeper", FileType::directory},
                                                    {"file", FileType::regular_file},
                                                    {"link", FileType::symbolic_link}};
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "sub", open_flag::directory, reading, fd), Errno::success);
  for (const std::uint32_t buffer : {4096U, 64U, 33U}) EXPECT_EQ(list(fd, buffer), expected) << buffer;
  EXPECT_EQ(machine.path_call("path_remove_directory", root, "sub"), Errno::notempty);
  EXPECT_EQ(machine.path_call("path_remove_directory", root, "sub/file"), Errno::notdir);
  EXPECT_EQ(machine.path_call("path_unlink_file", root, "sub/deeper"), Errno::isdir);
  EXPECT_EQ(machine.path_call("path_unlink_file", root, "sub/file/"), Errno::notdir);
  EXPECT_EQ(machine.path_call("path_remove_directory", root, "sub/deeper/"), Errno::success);
  EXPECT_EQ(machine.path_call("path_unlink_file", root, "sub/file"), Errno::success);
  EXPECT_EQ(machine.path_call("path_unlink_file", fd, "link"), Errno::success);
  EXPECT_EQ(machine.path_call("path_remove_directory", root, "sub"), Errno::success);
}

TEST_F(Files, ListsALargeGrantThroughASmallBuffer) {
  for (int i = 0; i < 500; ++i) directory.write("file-with-a-rather-long-name-" + std::to_string(i), "");
  EXPECT_EQ(list(root, 300).size(), 502U);
  EXPECT_EQ(list(root, 300).size(), 502U) << "the second time";
  std::string text;
  EXPECT_EQ(machine.read(root, 10, text), Errno::isdir);
  const std::uint32_t out = machine.allocate(64);
  EXPECT_EQ(machine.call("fd_readdir", {root, out, 64, ~0ULL, out}), Errno::inval);
}

TEST_F(Files, GivesWayWhileItListsManyEntries) {
  constexpr int files = 3000;
  for (int i = 0; i < files; ++i) directory.write("a name of some length " + std::to_string(i), "");
  EXPECT_EQ(list(root, 1 << 18).size(), files + 2U);
  EXPECT_GE(machine.guest.suspensions, 3);
  const int before = machine.guest.suspensions;
  EXPECT_EQ(list(root, 4096).size(), files + 2U) << "the second time";
  EXPECT_EQ(machine.guest.suspensions, before) << "what fits in one batch is listed at once";
}

// The host keeps its count elsewhere until the listing is complete.
TEST_F(Files, ListsIntoABufferThatHoldsItsOwnLength) {
  for (int i = 0; i < 3000; ++i) directory.write("a name of some length " + std::to_string(i), "");
  constexpr std::uint32_t size = 100'000;
  const std::uint32_t buffer = machine.allocate(size);
  ASSERT_EQ(machine.call("fd_readdir", {root, buffer, size, 0, buffer + 64}), Errno::success);
  EXPECT_GE(machine.guest.suspensions, 1);
  EXPECT_EQ(machine.get<std::uint32_t>(buffer + 64), size);
}

TEST_F(Files, GivesAwayNoInodeOfWhatLiesAboveTheGrant) {
  const std::uint32_t buffer = machine.allocate(4096);
  const std::uint32_t used = machine.allocate(4);
  ASSERT_EQ(machine.call("fd_readdir", {root, buffer, 4096, 0, used}), Errno::success);
  std::map<std::string, std::uint64_t> inodes;
  for (std::uint32_t at = 0; at < machine.get<std::uint32_t>(used);) {
    const auto entry = machine.get<DirectoryEntry>(buffer + at);
    at += sizeof(DirectoryEntry);
    inodes[machine.bytes(buffer + at, entry.name_length)] = entry.inode;
    at += entry.name_length;
  }
  EXPECT_EQ(inodes.at(".."), inodes.at("."));
}

TEST_F(Files, RenamesAndLinks) {
  directory.write("a", "content");
  ASSERT_EQ(machine.path_call("path_create_directory", root, "sub"), Errno::success);
  ASSERT_EQ(rename("a", "sub/b"), Errno::success);
  EXPECT_EQ(directory.read("sub/b"), "content");
  EXPECT_EQ(rename("sub/b/", "c"), Errno::notdir);
  EXPECT_EQ(rename("sub/", "dir/"), Errno::success);
  ASSERT_EQ(machine.call("path_link", {root, 0, machine.put("dir/b"), 5, root, machine.put("hard"), 4}),
            Errno::success);
  EXPECT_EQ(status("hard").link_count, 2U);
  EXPECT_EQ(machine.call("path_link", {root, 0, machine.put("dir/b/"), 6, root, machine.put("h2"), 2}), Errno::notdir);
  EXPECT_EQ(machine.call("path_link", {root, 1, machine.put("dir/b"), 5, root, machine.put("h2"), 2}), Errno::inval);
}

TEST_F(Files, MakesAndReadsSymbolicLinksThatLeadDownwards) {
  ASSERT_EQ(machine.path_call("path_create_directory", root, "sub"), Errno::success);
  directory.write("sub/f", "linked");
  ASSERT_EQ(symlink("sub/f", "link"), Errno::success);
  EXPECT_EQ(status("link").type, FileType::symbolic_link);
  EXPECT_EQ(status("link", lookup_flag::symlink_follow).type, FileType::regular_file);
  const std::uint32_t used = machine.allocate(4);
  const std::uint32_t buffer = machine.allocate(16);
  ASSERT_EQ(machine.call("path_readlink", {root, machine.put("link"), 4, buffer, 16, used}), Errno::success);
  EXPECT_EQ(machine.bytes(buffer, machine.get<std::uint32_t>(used)), "sub/f");
  ASSERT_EQ(machine.call("path_readlink", {root, machine.put("link"), 4, buffer, 3, used}), Errno::success);
  EXPECT_EQ(machine.get<std::uint32_t>(used), 3U);
  EXPECT_EQ(machine.call("path_readlink", {root, machine.put("sub/f"), 5, buffer, 16, used}), Errno::inval);
  std::uint32_t fd = 0;
  EXPECT_EQ(machine.open(root, "link", 0, reading, fd, 0), Errno::loop) << "it was not to be followed";
  ASSERT_EQ(machine.open(root, "link", 0, reading, fd), Errno::success);
  std::string text;
  ASSERT_EQ(machine.read(fd, 10, text), Errno::success);
  EXPECT_EQ(text, "linked");
}

TEST_F(Files, HasABoundedNumberOpen) {
  directory.write("f", "");
  std::uint32_t fd = 0;
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < DescriptorTable::max_open_files; ++i) {
    ASSERT_EQ(machine.open(root, "f", 0, reading, last), Errno::success) << i;
  }
  EXPECT_EQ(machine.open(root, "f", 0, reading, fd), Errno::mfile);
  ASSERT_EQ(machine.call("fd_close", {last}), Errno::success);
  ASSERT_EQ(machine.open(root, "f", 0, reading, fd), Errno::success);
  EXPECT_EQ(fd, last);
}

TEST(FileBudget, IsSharedByTheInstancesOfAModule) {
  TemporaryDirectory directory;
  directory.write("f", "");
  Config config;
  config.directories = {{directory.path(), "/", true}};
  config.max_open_files = 2;
  Machine machine(config);
  std::uint32_t fd = 0;
  ASSERT_EQ(machine.open(root, "f", 0, reading, fd), Errno::success);
  ASSERT_EQ(machine.open(root, "f", 0, reading, fd), Errno::success);
  std::uint32_t refused = 0;
  EXPECT_EQ(machine.open(root, "f", 0, reading, refused), Errno::mfile);
  EXPECT_EQ(machine.open(root, "absent", 0, reading, refused), Errno::mfile);
  EXPECT_FALSE(machine.guest.sandbox->file_budget().take());
  ASSERT_EQ(machine.call("fd_close", {fd}), Errno::success);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(machine.open(root, "absent", 0, reading, refused), Errno::noent);
  EXPECT_EQ(machine.open(root, "f", 0, reading, fd), Errno::success);
}

}  // namespace
}  // namespace wasm_grpc::wasi::test
