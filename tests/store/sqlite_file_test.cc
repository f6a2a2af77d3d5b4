#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "store/sqlite/file.h"
#include "store/sqlite_handle.h"
#include "store/temporary_store.h"

namespace wasm_grpc::store::sqlite {
namespace {

constexpr std::chrono::milliseconds patience{500};

struct SqliteFileTest : testing::Test {
  std::string refusal() {
    const auto opened = open_file(path, patience);
    return opened.ok() ? "" : opened.error().message;
  }
  [[nodiscard]] std::string content() const {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }

  TemporaryStore file;
  std::string path = file.path();
};

TEST_F(SqliteFileTest, AMissingFileIsMadeForItsOwnerAlone) {
  EXPECT_EQ(refusal(), "");
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  SqliteHandle look(path);
  EXPECT_EQ(look.text("PRAGMA application_id"), std::to_string(application_id));
  EXPECT_EQ(look.text("PRAGMA user_version"), "1");
  EXPECT_EQ(look.text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(look.text("PRAGMA auto_vacuum"), "2") << "incremental";
}

TEST_F(SqliteFileTest, AnEmptyFileIsLaidOut) {
  write("");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(SqliteHandle(path).text("PRAGMA user_version"), "1");
}

TEST_F(SqliteFileTest, ASpaceKeepsItsNumber) {
  ASSERT_EQ(refusal(), "");
  const auto first = open_space(path, "one", patience);
  const auto second = open_space(path, "two", patience);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first.value(), second.value());
  EXPECT_EQ(refusal(), "") << "opened again";
  EXPECT_EQ(open_space(path, "one", patience).value(), first.value());
}

TEST_F(SqliteFileTest, AFileOfSomethingElseIsRefusedAndStays) {
  for (const std::string& other : {std::string("a letter\n"), std::string(5000, 'x'), std::string("SQLite format 3")}) {
    write(other);
    EXPECT_NE(refusal().find("is a file of something else"), std::string::npos) << refusal();
    EXPECT_EQ(content(), other);
  }
}

TEST_F(SqliteFileTest, ADatabaseOfAnotherProgramIsRefusedAndStays) {
  SqliteHandle(path).run("PRAGMA journal_mode = WAL; CREATE TABLE letters(text TEXT)");
  const std::string before = content();
  EXPECT_NE(refusal().find("is a SQLite database of another program"), std::string::npos) << refusal();
  EXPECT_EQ(content(), before);
}

TEST_F(SqliteFileTest, ANewerLayoutIsRefusedAndStays) {
  ASSERT_EQ(refusal(), "");
  SqliteHandle(path).run("PRAGMA user_version = 2");
  const std::string before = content();
  EXPECT_EQ(refusal(),
            "the store " + path +
                ": was made by a newer wasm-grpc: it has the layout 2, and this version knows 1. Serve it by "
                "that version, or name another path");
  EXPECT_EQ(content(), before);
}

TEST_F(SqliteFileTest, WhatIsNoFileIsRefused) {
  std::filesystem::create_directory(path);
  EXPECT_NE(refusal().find("is a directory"), std::string::npos) << refusal();
  path = "/dev/null";
  EXPECT_NE(refusal().find("is no regular file"), std::string::npos) << refusal();
  path = "/nowhere/at/all";
  EXPECT_NE(refusal().find("its directory is missing"), std::string::npos) << refusal();
}

TEST_F(SqliteFileTest, AFileThatIsCutOffIsRefusedAndStays) {
  ASSERT_EQ(refusal(), "");
  std::filesystem::resize_file(path, 4096);
  const std::string before = content();
  EXPECT_NE(refusal().find("Put a backup in its place"), std::string::npos) << refusal();
  EXPECT_EQ(content(), before);
}

TEST_F(SqliteFileTest, AFileThatAnotherProcessHoldsIsRefusedInTime) {
  ASSERT_EQ(refusal(), "");
  SqliteHandle other(path);
  other.run("BEGIN IMMEDIATE");
  EXPECT_NE(refusal().find("Another process holds it"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace wasm_grpc::store::sqlite
