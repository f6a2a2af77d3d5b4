// A key-value store that many threads use: pairs with a time to live and a version, within a number of bytes.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/operation.h"
#include "store/watches.h"

namespace wasm_grpc::store {

/// A pair whose time has passed is absent; its memory is given back when its key is used, by the next few operations
/// near it, or when room is needed. Thread-safe.
class KvStore {
 public:
  using Clock = std::chrono::steady_clock;
  using Value = std::shared_ptr<const std::string>;

  explicit KvStore(std::size_t max_bytes, std::function<Clock::time_point()> clock = Clock::now);

  struct Found {
    Value value;
    std::uint64_t version;
  };
  [[nodiscard]] std::optional<Found> get(std::string_view key);

  using Outcome = store::Outcome;
  using Condition = store::Condition;

  /// `ttl`: nothing for as long as the store lives. The version, where it was done, is new to this key: never 0.
  [[nodiscard]] std::pair<Outcome, std::uint64_t> set(std::string_view key, std::string value,
                                                      std::optional<std::chrono::nanoseconds> ttl, Condition condition);
  [[nodiscard]] Outcome remove(std::string_view key, Condition condition);
  /// As for any Store. Of List it looks at no more pairs than it may find, expired ones included.
  [[nodiscard]] Answer apply(const Operation& operation);

  /// Told of what changes its pairs.
  [[nodiscard]] Watches& watches() noexcept { return watches_; }
  /// What the pairs it holds count for, expired ones included.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr Clock::time_point never = Clock::time_point::max();

  struct Pair {
    Value value;
    std::uint64_t version = 0;
    Clock::time_point expires = never;
  };
  using Pairs = std::map<std::string, Pair, std::less<>>;
  /// A part of the keys.
  struct alignas(64) Shard {
    std::mutex mutex;
    Pairs pairs;
    std::set<std::pair<Clock::time_point, const std::string*>> expiring;  // those with a time to live; keys of `pairs`
    std::uint64_t last_version = 0;
  };

  [[nodiscard]] Shard& shard_of(std::string_view key) noexcept;
  [[nodiscard]] static std::size_t size_of(const Pairs::value_type& pair) noexcept;
  /// Only where pairs expire is the clock read.
  [[nodiscard]] Clock::time_point now_for(const Shard& shard) const;
  /// The pair of the key, if there is one whose time has not passed.
  [[nodiscard]] Pairs::iterator find(Shard& shard, std::string_view key, Clock::time_point now);
  void erase(Shard& shard, Pairs::iterator pair);
  /// Gives up to so many expired pairs back.
  void purge(Shard& shard, Clock::time_point now, std::size_t most);
  void purge_all();
  /// Replaces `before` bytes by `after`. False when they do not fit.
  [[nodiscard]] bool account(std::size_t before, std::size_t after) noexcept;
  [[nodiscard]] std::pair<Outcome, std::uint64_t> try_set(std::string_view key, const Value& value,
                                                          std::optional<std::chrono::nanoseconds> ttl,
                                                          Condition condition, std::optional<Found>* old = nullptr);
  /// Sets a pair whose bytes are accounted for, and returns its version. `found`: it, or the end. What was its value
  /// goes to `replaced`.
  [[nodiscard]] std::uint64_t put(Shard& shard, Pairs::iterator found, std::string_view key, const Value& value,
                                  Clock::time_point expires, Value& replaced);
  [[nodiscard]] Answer swap(const Set& operation);
  [[nodiscard]] Answer get_many(const GetMany& operation);
  [[nodiscard]] Answer change_each(const std::vector<Change>& changes);
  [[nodiscard]] Answer change_together(const std::vector<Change>& changes);
  [[nodiscard]] Answer try_change_together(const std::vector<Change>& changes, const std::vector<Value>& values);
  [[nodiscard]] Answer list(const List& operation);

  const std::size_t max_bytes_;
  const std::function<Clock::time_point()> clock_;
  std::atomic<std::size_t> bytes_ = 0;
  std::array<Shard, 16> shards_;
  Watches watches_;
};

}  // namespace wasm_grpc::store
