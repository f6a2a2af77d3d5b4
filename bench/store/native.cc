// What SQLite does natively, of what bench/store/guest.cc asks of a store in a file: a table of 1,000 pairs in WAL
// mode, looked up and changed by its key, on one thread, with statements that are prepared once. Prints one line of
// JSON.
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "options.h"
#include "program.h"

namespace wasm_grpc::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* usage =
    "usage: store_native --path FILE --operation get|set [--synchronous FULL|NORMAL (FULL)] [--together N (1)]\n"
    "                    [--milliseconds N (2000)]\n"
    "  N sets to each transaction\n";
constexpr std::uint32_t keys = 1000;

class Database {
 public:
  explicit Database(const std::string& path) {
    check(sqlite3_open(path.c_str(), &handle_));
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA wal_autocheckpoint = 1000");
    run("CREATE TABLE IF NOT EXISTS pairs(key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL)");
  }
  ~Database() {
    sqlite3_finalize(get_);
    sqlite3_finalize(set_);
    sqlite3_close(handle_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql) { check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr)); }
  void prepare() {
    prepare(&get_, "SELECT version, value FROM pairs WHERE key = ?1");
    prepare(&set_,
            "INSERT INTO pairs(key, version, value) VALUES(?1, 1, ?2) "
            "ON CONFLICT(key) DO UPDATE SET version = version + 1, value = ?2");
  }
  void set(const std::string& key) {
    sqlite3_bind_blob(set_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    sqlite3_bind_blob(set_, 2, value_.data(), static_cast<int>(value_.size()), SQLITE_STATIC);
    if (sqlite3_step(set_) != SQLITE_DONE) fail();
    sqlite3_reset(set_);
  }
  void get(const std::string& key) {
    sqlite3_bind_blob(get_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    if (sqlite3_step(get_) != SQLITE_ROW) fail();
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(get_, 1));
    if (std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(get_, 1))) != value_) fail();
    sqlite3_reset(get_);
  }

 private:
  [[noreturn]] void fail() { throw std::runtime_error(std::string("SQLite: ") + sqlite3_errmsg(handle_)); }
  void check(int result) {
    if (result != SQLITE_OK) fail();
  }
  void prepare(sqlite3_stmt** statement, const char* sql) {
    check(sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, nullptr));
  }

  sqlite3* handle_ = nullptr;
  sqlite3_stmt* get_ = nullptr;
  sqlite3_stmt* set_ = nullptr;
  const std::string value_ = std::string(100, 'x');
};

std::string key(std::uint32_t number) { return "bench-" + std::to_string(number % keys + keys); }

int run(std::span<char*> arguments) {
  const Options options(
      arguments.subspan(1),
      {{"path", ""}, {"operation", "get"}, {"synchronous", "FULL"}, {"together", "1"}, {"milliseconds", "2000"}});
  const bool gets = options.text("operation") == "get";
  const int together = options.number("together", 1);
  const std::chrono::milliseconds duration(options.number("milliseconds", 1));
  Database database(options.text("path"));
  database.run("PRAGMA synchronous = " + options.text("synchronous"));
  database.prepare();
  database.run("BEGIN IMMEDIATE");
  for (std::uint32_t number = 0; number < keys; ++number) database.set(key(number));
  database.run("COMMIT");

  std::uint64_t operations = 0;
  std::uint32_t number = 1;
  const auto began = Clock::now();
  while (Clock::now() - began < duration) {
    if (!gets) database.run("BEGIN IMMEDIATE");
    for (int i = 0; i < together; ++i) {
      number = number * 1664525U + 1013904223U;
      if (gets) {
        database.get(key(number >> 8U));
      } else {
        database.set(key(number >> 8U));
      }
    }
    if (!gets) database.run("COMMIT");
    operations += static_cast<std::uint64_t>(together);
  }
  const std::chrono::duration<double> seconds = Clock::now() - began;
  std::printf("{\"operations\": %llu, \"seconds\": %.6f}\n", static_cast<unsigned long long>(operations),
              seconds.count());
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  using namespace wasm_grpc::bench;
  return run_program("store_native", usage, run, argc, argv);
}
