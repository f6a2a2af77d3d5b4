// Where a module's shared state is kept (shared_state.h): in memory, or where it outlives the process: docs/store.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace wasm_grpc {

enum class StoreBackend : std::uint8_t {
  memory,  // it ends with the server
  sqlite,  // in a file of this machine
};

/// What holds when a guest is told that a change is done.
enum class StoreDurability : std::uint8_t {
  full,     // it is on disk
  relaxed,  // it outlives the process, however that ends; the last ones may be lost when the machine does
};

/// Of one guest module. Its pairs and counters are those of its name: modules, also of several servers, that name the
/// same file share the file, and not what is in it.
struct StoreOptions {
  StoreBackend backend = StoreBackend::memory;

  /// The file of the backend `sqlite`, which must have one. It is made when it is missing; its directory must be there,
  /// be writable (SQLite keeps two more files beside it), and be none that a guest may see.
  std::string path = {};

  /// Of the backend `sqlite`.
  StoreDurability durability = StoreDurability::full;

  /// How long a guest waits for an answer of a store that is not in memory. It is answered UNAVAILABLE then, and a
  /// change may be done all the same. At least 1.
  std::chrono::milliseconds timeout{5'000};

  [[nodiscard]] bool operator==(const StoreOptions&) const = default;
};

}  // namespace wasm_grpc
