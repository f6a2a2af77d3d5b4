// The file of a SQLite store: whose it is, how it is laid out, and how it is made.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "wasm_grpc/result.h"

namespace wasm_grpc::store::sqlite {

/// In the header of the file, so that `file` and others can tell whose it is: "wGst". Never changes.
inline constexpr std::int64_t application_id = 0x77477374;
/// The layout that this version reads and writes. A file of a newer one is refused.
inline constexpr std::int64_t schema_version = 1;

/// Makes the file where it is missing or empty, and else looks whether it is one of ours, of a version that is known,
/// and can be written. A file that is refused is not changed. Blocks; `patience`: how long for other processes.
[[nodiscard]] Result<> open_file(const std::string& path, std::chrono::milliseconds patience);

/// Whether open_file() would take it, as far as can be told without a change to anything.
[[nodiscard]] Result<> look_at_file(const std::string& path);

/// The number of the namespace of that name in a file that open_file() has been at, which is made when it is missing.
[[nodiscard]] Result<std::int64_t> open_space(const std::string& path, const std::string& name,
                                              std::chrono::milliseconds patience);

}  // namespace wasm_grpc::store::sqlite
