// A connection to a file, and a statement of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite/failure.h"

struct sqlite3;
struct sqlite3_stmt;

namespace wasm_grpc::store::sqlite {

enum class Access : std::uint8_t { read, write };

/// Used by one thread at a time.
class Connection {
 public:
  /// The file must be there. Throws. `patience`: how long a statement waits for other processes that hold the file.
  Connection(const std::string& path, Access access, std::chrono::milliseconds patience);
  /// One that reads the file as it is, without locks and without what is beside it, and that writes nothing.
  [[nodiscard]] static Connection unlocked(const std::string& path);

  /// Runs statements that have no result. Throws.
  void run(const char* sql) const;
  /// The first column of the first row.
  [[nodiscard]] std::int64_t number(const char* sql) const;
  [[nodiscard]] std::string text(const char* sql) const;
  /// Whether a transaction is open: SQLite ends one by itself at some errors.
  [[nodiscard]] bool in_transaction() const noexcept;
  /// By the last statement that changed any.
  [[nodiscard]] std::int64_t rows_changed() const noexcept;
  /// The id of the row that was inserted last.
  [[nodiscard]] std::int64_t last_inserted() const noexcept;
  /// Changes nothing when there is none.
  void roll_back() const noexcept;
  [[nodiscard]] bool read_only() const noexcept;
  /// Moves what the log beside the file has into the file; with `restart` waits for readers, so that it begins anew.
  void checkpoint(bool restart) const noexcept;
  [[nodiscard]] sqlite3* get() const noexcept { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  Connection() = default;
  void open(const std::string& name, int flags);

  std::unique_ptr<sqlite3, Close> handle_;
};

/// Prepared once, run many times: bind() all its parameters, step() until it says false, then reset().
class Statement {
 public:
  /// The connection outlives it. Throws.
  Statement(const Connection& connection, std::string_view sql);

  /// The value of a parameter, 1 and following. Blobs must stay until reset(). Throws.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view blob);
  Statement& bind(int parameter, std::optional<std::int64_t> value);
  /// True when there is a row. Throws.
  [[nodiscard]] bool step();
  /// Runs one that has no rows. Throws.
  void run();
  void reset() noexcept;

  /// Of the row, 0 and following.
  [[nodiscard]] std::int64_t number(int column) const noexcept;
  [[nodiscard]] bool is_null(int column) const noexcept;
  [[nodiscard]] std::string_view blob(int column) const noexcept;  // until the next step() or reset()

  /// Resets a statement at the end of a scope.
  class Use {
   public:
    explicit Use(Statement& statement) : statement_(statement) {}
    ~Use() { statement_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    Statement* operator->() const noexcept { return &statement_; }

   private:
    Statement& statement_;
  };

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  void check(int code) const;

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// The statements around others, prepared once.
struct Transaction {
  /// `how`: "BEGIN", or "BEGIN IMMEDIATE" of one that writes.
  Transaction(const Connection& connection, std::string_view how)
      : begin(connection, how), commit(connection, "COMMIT") {}
  Statement begin;
  Statement commit;
};

}  // namespace wasm_grpc::store::sqlite
