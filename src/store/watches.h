// Who wants to know that pairs of a module have changed.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/operation.h"

namespace wasm_grpc::store {

/// Told on any thread, also at once on several; must be quick, and must not call the Watches.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// The pair of that key was set or removed.
  virtual void changed(std::string_view key) noexcept = 0;
  /// Any pair may have been: what has changed is not known.
  virtual void may_have_missed() noexcept = 0;
};

/// What is watched.
struct Watched {
  std::string key;
  bool prefix = false;  // all keys that begin so
};

/// Those of one module's store. Thread-safe. Whoever changes pairs, or hears that another process has, tells. That
/// pairs are gone because their time has passed is told by a store that hears of it.
class Watches {
 public:
  /// Is to be called whenever somebody watches and nobody did: on any thread, after that is so. Set before the first
  /// add().
  void when_watched(std::function<void()> told) { when_watched_ = std::move(told); }

  void add(const Watched& watched, std::shared_ptr<Watcher> watcher);
  /// It is told no more, but perhaps by a thread that has begun to.
  void remove(const Watched& watched, const Watcher* watcher) noexcept;

  // ---- For whoever changes pairs ----

  [[nodiscard]] bool any() const noexcept { return count_.load(std::memory_order_acquire) > 0; }

  /// Takes no lock where nobody watches.
  void tell(std::string_view key) const noexcept {
    if (any()) tell_watchers(key);
  }
  /// Of what an operation has changed, by its answer.
  void tell(const Operation& operation, const Answer& answer) const noexcept;
  /// Changes may have been missed, as while a connection was away.
  void tell_missed() const noexcept;

 private:
  using Watchers = std::vector<std::shared_ptr<Watcher>>;
  using Table = std::map<std::string, Watchers, std::less<>>;

  void tell_watchers(std::string_view key) const noexcept;

  std::function<void()> when_watched_;
  std::atomic<std::size_t> count_ = 0;
  mutable std::mutex mutex_;
  Table keys_;
  Table prefixes_;
  std::map<std::size_t, std::size_t> lengths_;  // of prefixes: how many there are of each
};

}  // namespace wasm_grpc::store
