// What operations do to the tables of a file, within a transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/operation.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/known_pairs.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::sqlite {

/// A namespace, and what it may hold.
struct Space {
  std::int64_t id = 0;
  std::uint64_t max_bytes = 0;
  std::uint64_t max_counters = 0;
  /// Operations that may wait, of those that look and of those that change something.
  std::size_t max_waiting = StoreOptions::usual_max_waiting;
};

/// Nanoseconds since 1970.
using WallTime = std::int64_t;

/// Only looks. Used by one thread.
class Reading {
 public:
  /// The connection outlives it.
  explicit Reading(const Connection& connection);

  /// Of an operation that changes nothing. Throws Failure.
  [[nodiscard]] Answer apply(const Space& space, const Operation& operation, WallTime now);

 private:
  [[nodiscard]] Answer get(const Space& space, const Get& operation, WallTime now);
  [[nodiscard]] Answer get_many(const Space& space, const GetMany& operation, WallTime now);
  [[nodiscard]] Answer list(const Space& space, const List& operation, WallTime now);
  [[nodiscard]] Answer load(const Space& space, const LoadCounter& operation);

  Statement get_;
  Statement list_;
  Statement load_;
};

/// Changes. Used by one thread, in a transaction that nobody else writes beside.
class Writing {
 public:
  /// The connection outlives it.
  explicit Writing(const Connection& connection);

  /// A transaction has begun. What follows is written as it is done, but for sums: those at its end(). What is known
  /// of the file from transactions before is kept, where those were committed() and nobody else has changed it since.
  /// Throws Failure.
  void begin();
  /// Of an operation that changes something. Throws Failure; the transaction must be given up then.
  [[nodiscard]] Answer apply(const Space& space, const Operation& operation, WallTime now);
  /// To be called before the transaction is committed. Throws Failure.
  void end();
  void committed() noexcept { as_known_ = true; }

  /// Changes the space, and nothing that is in it. Throws Failure.
  void skip_version(const Space& space);
  /// Removes up to so many pairs of the space whose time has passed, and returns how many.
  std::size_t purge(const Space& space, WallTime now, std::size_t most);

 private:
  /// The row of a space, while the transaction lasts.
  struct Sums {
    std::int64_t bytes = 0;
    std::int64_t last_version = 0;
    std::int64_t counters = 0;
    bool changed = false;
  };
  /// What is there of a key, expired or not.
  struct Present : KnownPair {
    bool there = false;    // in the table
    bool expired = false;  // and counts as absent
    [[nodiscard]] std::uint64_t seen_version() const noexcept {
      return there && !expired ? static_cast<std::uint64_t>(version) : 0;
    }
  };

  [[nodiscard]] Answer set(const Space& space, const Set& operation, WallTime now);
  [[nodiscard]] Answer remove(const Space& space, const Remove& operation, WallTime now);
  [[nodiscard]] Answer change_each(const Space& space, const std::vector<Change>& changes, WallTime now);
  [[nodiscard]] Answer change_together(const Space& space, const std::vector<Change>& changes, WallTime now);
  [[nodiscard]] Answer find_counter(const Space& space, const FindCounter& operation);
  [[nodiscard]] Answer change_counter(const Space& space, const ChangeCounter& operation);

  [[nodiscard]] Sums& sums_of(const Space& space);
  [[nodiscard]] Present find(const Space& space, std::string_view key, WallTime now);
  void erase(const Space& space, std::string_view key, const KnownPair& present);
  /// Writes a pair for which there is room, in the place of what is there, and returns its version.
  [[nodiscard]] std::uint64_t put(const Space& space, const Set& operation, const Present& present, WallTime now);
  /// Whether so many bytes more fit, once what has expired has made way.
  [[nodiscard]] bool make_room(const Space& space, std::int64_t more, WallTime now);

  const Connection& connection_;
  Statement data_version_;
  Statement find_, value_, insert_, update_, update_expiry_, erase_, expired_;
  Statement find_counter_, insert_counter_, load_counter_, store_counter_;
  Statement load_sums_, store_sums_;
  // What is known of the file, of which no transaction has been left halfway, as of that data version.
  std::map<std::int64_t, Sums> spaces_;
  KnownPairs pairs_;
  std::int64_t known_at_ = -1;
  bool as_known_ = false;
};

}  // namespace wasm_grpc::store::sqlite
