// SQLite itself, to look at files and to make them what they should not be.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

namespace wasm_grpc::store {

/// A connection of another program.
class SqliteHandle {
 public:
  explicit SqliteHandle(const std::string& path) { EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK); }
  ~SqliteHandle() { sqlite3_close(handle_); }
  SqliteHandle(const SqliteHandle&) = delete;
  SqliteHandle& operator=(const SqliteHandle&) = delete;

  void run(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle_);
  }
  /// The first column of the first row.
  [[nodiscard]] std::string text(const std::string& sql) {
    std::string found;
    const auto keep = [](void* into, int, char** values, char**) {
      if (values[0] != nullptr) *static_cast<std::string*>(into) = values[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(handle_, sql.c_str(), keep, &found, nullptr), SQLITE_OK) << sqlite3_errmsg(handle_);
    return found;
  }

 private:
  sqlite3* handle_ = nullptr;
};

}  // namespace wasm_grpc::store
