// How SQLite fails: thrown within this folder, and caught by `Database` and `open_file()`.
#pragma once

#include <stdexcept>
#include <string>

namespace wasm_grpc::store::sqlite {

/// What SQLite said, in its words: "database disk image is malformed".
class Failure : public std::runtime_error {
 public:
  Failure(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

  /// SQLite's primary result code: SQLITE_FULL, SQLITE_BUSY, ...
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

}  // namespace wasm_grpc::store::sqlite
