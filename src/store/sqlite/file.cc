#include "store/sqlite/file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "store/sqlite/connection.h"

namespace wasm_grpc::store::sqlite {

namespace {

// Rows of `pairs` keep their place when a value changes; a version is never given twice in a space, so it is counted
// there. `bytes` is what the pairs count for, expired ones included. Times are nanoseconds since 1970.
constexpr const char* schema = R"(
  CREATE TABLE spaces(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL DEFAULT 0, last_version INTEGER NOT NULL DEFAULT 0,
    counters INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE pairs(
    id INTEGER PRIMARY KEY, space INTEGER NOT NULL, key BLOB NOT NULL,
    version INTEGER NOT NULL, expires INTEGER, value BLOB NOT NULL, UNIQUE(space, key)) STRICT;
  CREATE INDEX pairs_that_expire ON pairs(space, expires) WHERE expires IS NOT NULL;
  CREATE TABLE counters(
    id INTEGER PRIMARY KEY, space INTEGER NOT NULL, name BLOB NOT NULL,
    value INTEGER NOT NULL DEFAULT 0, UNIQUE(space, name)) STRICT;
)";

Error wrong(const std::string& path, const std::string& what) { return Error{"the store " + path + ": " + what}; }

std::string text_of(int error) { return std::generic_category().message(error); }

Result<> check_version(const std::string& path, std::int64_t version) {
  if (version == schema_version) return success();
  return wrong(path, "was made by a newer wasm-grpc: it has the layout " + std::to_string(version) +
                         ", and this version knows " + std::to_string(schema_version) +
                         ". Serve it by that version, or name another path");
}

std::string hint(const Failure& failure) {
  switch (failure.code()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ". Another process holds it; try again when that is done";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ". Put a backup in its place, or name another path";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return ". Its directory must be writable too: SQLite keeps two more files beside it";
    default:
      return "";
  }
}

/// What is wrong with a name before anything is opened; `missing` is fine.
Result<> check_place(const std::string& path, bool& missing) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  missing = status.type() == fs::file_type::not_found;
  if (missing) {
    const fs::path directory = fs::absolute(path, error).parent_path();
    if (!fs::is_directory(directory, error)) return wrong(path, "its directory is missing; make it first");
    return access(directory.c_str(), W_OK) == 0 ? success() : wrong(path, "its directory cannot be written");
  }
  if (!fs::status_known(status)) return wrong(path, "cannot be looked at: " + error.message());
  if (fs::is_directory(status)) return wrong(path, "is a directory; expected a file, which is made when it is missing");
  if (!fs::is_regular_file(status)) return wrong(path, "is no regular file; expected one, or none");
  if (access(path.c_str(), R_OK | W_OK) == 0) return success();
  return wrong(path, "cannot be opened for writing: " + text_of(errno));
}

/// Looks at the header of a file that is there. Only by SQLite, which knows that closing a file gives up all locks on
/// it that the process has; but without what it does when it opens a database: it would write into one of another
/// program, were it only to finish what that has begun.
Result<> check_header(const std::string& path) {
  std::error_code error;
  if (std::filesystem::file_size(path, error) == 0) return success();
  try {
    const Connection connection = Connection::unlocked(path);
    if (connection.number("PRAGMA application_id") != application_id) {
      return wrong(path, "is a SQLite database of another program. Name another path");
    }
    // Whoever lays a file out writes both at once, before a log is beside it.
    return check_version(path, connection.number("PRAGMA user_version"));
  } catch (const Failure& failure) {
    if (failure.code() != SQLITE_NOTADB) return wrong(path, failure.what() + hint(failure));
    return wrong(path, "is a file of something else: it does not begin as a SQLite database does. Name another path");
  }
}

/// Lays out an empty file, unless another process was faster.
void lay_out(const Connection& connection) {
  connection.run("PRAGMA auto_vacuum = INCREMENTAL");
  // Without a log of its own yet, so that the header says whose it is from the first moment.
  connection.run("PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE");
  if (connection.number("PRAGMA user_version") == 0) {
    connection.run(schema);
    connection.run(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
    connection.run(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
  }
  connection.run("COMMIT");
}

}  // namespace

Result<> look_at_file(const std::string& path) {
  bool missing = false;
  if (auto checked = check_place(path, missing); !checked.ok() || missing) return checked;
  return check_header(path);
}

Result<> open_file(const std::string& path, std::chrono::milliseconds patience) {
  if (auto checked = look_at_file(path); !checked.ok()) return checked;
  // Made here and not by SQLite, to be its owner's alone.
  const int made = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made < 0 && errno != EEXIST) return wrong(path, "cannot be made: " + text_of(errno));
  if (made >= 0) close(made);
  try {
    const Connection connection(path, Access::write, patience);
    if (connection.read_only()) return wrong(path, "cannot be written");
    if (connection.number("SELECT count(*) FROM sqlite_schema") == 0) lay_out(connection);
    if (auto known = check_version(path, connection.number("PRAGMA user_version")); !known.ok()) return known;
    if (connection.text("PRAGMA journal_mode = WAL") != "wal") {
      return wrong(path, "its file system cannot have a log beside it (WAL); keep it on a disk of this machine");
    }
    // Says early what would fail later: a file system that is read-only, or full.
    connection.run("BEGIN IMMEDIATE; ROLLBACK");
    return success();
  } catch (const Failure& failure) {
    return wrong(path, failure.what() + hint(failure));
  }
}

Result<std::int64_t> open_space(const std::string& path, const std::string& name, std::chrono::milliseconds patience) {
  try {
    const Connection connection(path, Access::write, patience);
    Statement find(connection, "SELECT id FROM spaces WHERE name = CAST(?1 AS TEXT)");
    if (find.bind(1, std::string_view(name)).step()) return find.number(0);
    find.reset();
    Statement(connection, "INSERT OR IGNORE INTO spaces(name) VALUES(CAST(?1 AS TEXT))")
        .bind(1, std::string_view(name))
        .run();
    if (find.bind(1, std::string_view(name)).step()) return find.number(0);
    return wrong(path, "no place could be made in it for the module " + name);
  } catch (const Failure& failure) {
    return wrong(path, failure.what() + hint(failure));
  }
}

}  // namespace wasm_grpc::store::sqlite
