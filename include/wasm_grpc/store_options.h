// Where a module's shared state is kept (shared_state.h): in memory, or where it outlives the process: docs/store.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "wasm_grpc/target_options.h"

namespace wasm_grpc {

enum class StoreBackend : std::uint8_t {
  memory,  // it ends with the server
  sqlite,  // in a file of this machine
  redis,   // on a server of Redis or Valkey, which several machines may share
};

/// What holds when a guest is told that a change is done.
enum class StoreDurability : std::uint8_t {
  full,     // it is on disk
  relaxed,  // it outlives the process, however that ends; the last ones may be lost when the machine does
};

/// The server of the backend `redis`: Redis or Valkey 6 or newer, by itself or with replicas, but no cluster.
struct RedisOptions {
  /// "HOST:PORT" or "unix:PATH"; several are tried in their order.
  std::vector<std::string> addresses = {};

  /// The name of the master, as sentinels know it: the addresses are theirs then. Empty: those of the server itself.
  std::string sentinel = {};

  /// Names and what they are: "password", and maybe "user"; "sentinel-password" and "sentinel-user" for sentinels.
  std::vector<std::pair<std::string, std::string>> login = {};

  /// The number of the database there.
  std::uint32_t database = 0;

  /// What all keys begin with, before a colon; has none itself.
  std::string prefix = "wasm-grpc";

  /// Of sentinels too.
  TargetTlsOptions tls = {};

  /// What the server's certificate must be for, instead of the host of its address.
  std::string tls_name = {};

  [[nodiscard]] bool operator==(const RedisOptions&) const = default;
};

/// Of one guest module. Its pairs and counters are those of its name: modules, also of several servers, that name the
/// same file or server share that, and not what is in it.
struct StoreOptions {
  static constexpr std::uint32_t usual_max_waiting = 4096;

  StoreBackend backend = StoreBackend::memory;

  /// The file of the backend `sqlite`, which must have one. It is made when it is missing; its directory must be there,
  /// be writable (SQLite keeps two more files beside it), and be none that a guest may see.
  std::string path = {};

  /// Of the backend `sqlite`.
  StoreDurability durability = StoreDurability::full;

  /// How long a guest waits for an answer of a store that is not in memory. It is answered UNAVAILABLE then, and a
  /// change may be done all the same. So long a server of Redis has for a connection, too. At least 1.
  std::chrono::milliseconds timeout{5'000};

  /// Operations of a store that is not in memory which may wait for it at a time, of those that look and of those that
  /// change something; 64 MiB of them, too. What comes on top is answered UNAVAILABLE at once. At least 1.
  std::uint32_t max_waiting = usual_max_waiting;

  /// Operations a second that a store which is not in memory is asked, of which a second's worth may come at once;
  /// several pairs are as many. What comes on top is answered UNAVAILABLE at once. 0: as many as it can do.
  std::uint32_t max_rate = 0;

  /// Whether the module's services are healthy only while its store, which is not in memory, answers.
  bool health = false;

  /// The server of the backend `redis`, which must have an address.
  RedisOptions redis = {};

  [[nodiscard]] bool operator==(const StoreOptions&) const = default;
};

}  // namespace wasm_grpc
