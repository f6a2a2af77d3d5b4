#include "store/sqlite/connection.h"

#include <sqlite3.h>

namespace wasm_grpc::store::sqlite {

namespace {

[[noreturn]] void fail(sqlite3* handle, int code) {
  throw Failure(code & 0xff, handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

}  // namespace

void Connection::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }

Connection::Connection(const std::string& path, Access access, std::chrono::milliseconds patience) {
  // Readers write too: into the memory that the log's index is in.
  open(path, SQLITE_OPEN_READWRITE);
  sqlite3_busy_timeout(get(), static_cast<int>(patience.count()));
  // What a file says must not make SQLite do more than read and write rows.
  run("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
  if (access == Access::read) run("PRAGMA query_only = ON");
}

Connection Connection::unlocked(const std::string& path) {
  std::string name = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr char digits[] = "0123456789ABCDEF";
      name += {'%', digits[static_cast<unsigned char>(c) >> 4], digits[static_cast<unsigned char>(c) & 15]};
    } else {
      name += c;
    }
  }
  Connection connection;
  connection.open(name + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  return connection;
}

void Connection::open(const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(handle, code);
}

void Connection::run(const char* sql) const {
  if (const int code = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(get(), code);
}

std::int64_t Connection::number(const char* sql) const {
  Statement statement(*this, sql);
  return statement.step() ? statement.number(0) : 0;
}

std::string Connection::text(const char* sql) const {
  Statement statement(*this, sql);
  return statement.step() ? std::string(statement.blob(0)) : std::string();
}

bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(get()) == 0; }

std::int64_t Connection::rows_changed() const noexcept { return sqlite3_changes64(get()); }

std::int64_t Connection::last_inserted() const noexcept { return sqlite3_last_insert_rowid(get()); }

void Connection::roll_back() const noexcept {
  if (in_transaction()) sqlite3_exec(get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Connection::read_only() const noexcept { return sqlite3_db_readonly(get(), "main") == 1; }

void Connection::checkpoint(bool restart) const noexcept {
  sqlite3_wal_checkpoint_v2(get(), "main", restart ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, nullptr,
                            nullptr);
}

// ---- Statements ----

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Statement::Statement(const Connection& connection, std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) fail(connection.get(), code);
  handle_.reset(handle);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(sqlite3_db_handle(handle_.get()), code);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view blob) {
  // An empty one is not NULL.
  const char* const data = blob.empty() ? "" : blob.data();
  check(sqlite3_bind_blob64(handle_.get(), parameter, data, blob.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind(int parameter, std::optional<std::int64_t> value) {
  if (value) return bind(parameter, *value);
  check(sqlite3_bind_null(handle_.get(), parameter));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  fail(sqlite3_db_handle(handle_.get()), code);
}

void Statement::run() {
  const Use use(*this);
  while (step()) {
  }
}

void Statement::reset() noexcept { sqlite3_reset(handle_.get()); }

std::int64_t Statement::number(int column) const noexcept { return sqlite3_column_int64(handle_.get(), column); }

bool Statement::is_null(int column) const noexcept { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

std::string_view Statement::blob(int column) const noexcept {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

}  // namespace wasm_grpc::store::sqlite
