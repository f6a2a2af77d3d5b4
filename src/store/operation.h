// What is asked of a store, and what it answers: the same for all that keep pairs and counters.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wasm_grpc::store {

/// Bytes that a key may have, in every store.
inline constexpr std::size_t max_key_bytes = 1024;
/// Keys, or changes, that one operation may have, and the bytes of keys and values of one.
inline constexpr std::size_t max_batch = 100;
inline constexpr std::size_t max_batch_bytes = std::size_t{8} << 20;
/// What each pair counts for beside its key and value, in every store: about what memory holds of it.
inline constexpr std::size_t pair_bytes = 320;

/// What must hold for a change: nothing; or the version of the pair, where 0 is that of one that is absent.
using Condition = std::optional<std::uint64_t>;

enum class Outcome : std::uint8_t {
  done,
  absent,       // there is no such pair
  conflict,     // the condition does not hold
  full,         // there is no room
  too_large,    // what was found has more bytes than were asked for
  unavailable,  // the store did not answer: what was asked for may be done or not
};

/// A pair.
struct Get {
  std::string key;
};
struct Set {
  std::string key;
  std::string value;
  /// Nothing: for good.
  std::optional<std::chrono::nanoseconds> ttl = {};
  Condition condition = {};
  /// The answer has what was there before, also where the condition does not hold.
  bool tells_old = false;
};
struct Remove {
  std::string key;
  Condition condition = {};
};
/// Pairs, each as it is at some moment while this is answered.
struct GetMany {
  std::vector<std::string> keys;
  /// Of all values together; when they have more, the answer is `too_large`.
  std::size_t most_bytes = 0;
};
using Change = std::variant<Set, Remove>;  // of a set without `tells_old`
/// Changes in their order, each for itself; or together, all or none: then each is of another key.
struct ChangeMany {
  std::vector<Change> changes;
  bool together = false;
};
/// Pairs whose keys begin so and come after another, in the order of their keys (of their bytes); the first of them,
/// not more than `most`.
struct List {
  std::string prefix;
  std::string after;  // empty: from the first on
  std::size_t most = 0;
};

/// The counter of that name, which is made with the value 0.
struct FindCounter {
  std::string name;
};
/// A counter, by the number that FindCounter gave.
struct LoadCounter {
  std::int64_t counter = 0;
};
struct ChangeCounter {
  enum class Kind : std::uint8_t { store, add, exchange, compare_exchange };
  std::int64_t counter = 0;
  Kind kind = Kind::store;
  std::uint64_t operand = 0;
  std::uint64_t expected = 0;  // of compare_exchange
};

using Operation = std::variant<Get, Set, Remove, GetMany, ChangeMany, List, FindCounter, LoadCounter, ChangeCounter>;

/// A pair that List found. One without a version is none: it only says how far was looked, where that was as far as may
/// be in one go.
struct Listed {
  std::string key;
  std::uint64_t version = 0;
  std::size_t value_bytes = 0;
  std::optional<std::chrono::nanoseconds> ttl = {};  // what is left of it
};

struct Answer {
  Outcome outcome = Outcome::unavailable;
  /// Of a pair its version; of a counter its number, or its value: after an `add`, else before the change.
  std::uint64_t number = 0;
  /// What Get found.
  std::string value = {};
  /// What List found; it is always `done`.
  std::vector<Listed> pairs = {};
  /// Of GetMany and ChangeMany, for each key or change, in their order; each is `done`, `absent`, `conflict` or `full`.
  /// Where changes together were not made, as some could not be, those that could are `done` without a version. Of a
  /// Set that tells it, the one pair that was there before: `done` or `absent`.
  std::vector<Answer> each = {};
};

/// For the log: "set".
[[nodiscard]] std::string_view name_of(const Operation& operation) noexcept;
/// False for what only looks.
[[nodiscard]] bool changes(const Operation& operation) noexcept;
/// The key that a change is of.
[[nodiscard]] const std::string& key_of(const Change& change) noexcept;
/// How many it is: of several pairs, as many.
[[nodiscard]] std::size_t count_of(const Operation& operation) noexcept;
/// About what it takes while it waits.
[[nodiscard]] std::size_t size_of(const Operation& operation) noexcept;

}  // namespace wasm_grpc::store
