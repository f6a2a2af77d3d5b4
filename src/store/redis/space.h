// What a module has on a server of Redis: its keys, and how much it may ask at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/meter.h"
#include "store/watches.h"
#include "wasm_grpc/shared_state.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::redis {

/// Between the parts of a key. No prefix has it.
inline constexpr char separator = ':';

/// enter() and leave() are called on any thread; all else belongs to the one that asks the server.
class Space {
 public:
  /// Of the operations that wait, so that a module that asks for much leaves room to others.
  static constexpr std::size_t max_job_bytes = std::size_t{64} << 20;

  Space(std::string_view prefix, std::shared_ptr<Meter> its_meter, std::shared_ptr<const Watches> watches,
        const SharedStateLimits& limits, std::size_t max_waiting = StoreOptions::usual_max_waiting);

  /// An operation of that size comes. False when there are too many.
  [[nodiscard]] bool enter(std::size_t bytes) noexcept;
  void leave(std::size_t bytes) noexcept;

  /// What its keys begin with: "PREFIX:MODULE:".
  [[nodiscard]] const std::string& base() const noexcept { return base_; }
  /// And those of its pairs, before their own: "PREFIX:MODULE:pair:".
  [[nodiscard]] const std::string& pairs() const noexcept { return pairs_; }
  [[nodiscard]] std::string counter(std::string_view name) const {
    return base_ + "counter" + separator + std::string(name);
  }
  [[nodiscard]] const SharedStateLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] Meter& meter() const noexcept { return *meter_; }
  [[nodiscard]] const Watches& watches() const noexcept { return *watches_; }
  /// Whether the server tells of all that is changed here, so that who watches need not be told otherwise.
  [[nodiscard]] bool heard() const noexcept { return heard_; }
  /// Says so; what was so before.
  bool hear(bool heard) noexcept { return std::exchange(heard_, heard); }

  /// Guests know counters by numbers, and the server by names.
  [[nodiscard]] std::int64_t number_of(const std::string& counter);
  /// nullptr for a number that was never given.
  [[nodiscard]] const std::string* name_of(std::int64_t counter) const noexcept;

 private:
  const std::string base_;
  const std::string pairs_;
  const std::shared_ptr<Meter> meter_;
  const std::shared_ptr<const Watches> watches_;
  const SharedStateLimits limits_;
  const std::size_t max_waiting_;
  std::atomic<std::size_t> jobs_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
  bool heard_ = false;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::vector<const std::string*> names_;  // keys of `numbers_`
};

}  // namespace wasm_grpc::store::redis
