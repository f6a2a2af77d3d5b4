// pantopic/wazero-atomic, which became pantopic/ext-atomic: counters as the guests of that host module import them. Its
// functions take and return nothing: a guest's export __atomic says once where in its memory the three numbers lie by
// which it speaks: the set (u32) and the id (u64) of a counter, and a value (u64), which is also where the answer goes.
#include <array>
#include <atomic>
#include <compare>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "hostmodules/modules.h"

namespace wasm_grpc::hostmodules {

namespace {

/// Counters by set and id. One that was never stored, or was deleted, is 0.
class WazeroCounters {
 public:
  struct Id {
    std::uint32_t set;
    std::uint64_t id;
    auto operator<=>(const Id&) const = default;
  };

  explicit WazeroCounters(std::uint32_t max_counters) : max_(max_counters) {}

  [[nodiscard]] std::uint64_t load(Id id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.values.find(id);
    return found == shard.values.end() ? 0 : found->second;
  }
  /// Gives the value the outcome of `change`, and returns it.
  template <typename Change>
  [[nodiscard]] Result<std::uint64_t> change(Id id, const Change& change) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    auto found = shard.values.find(id);
    if (found == shard.values.end()) {
      if (count_.fetch_add(1) >= max_) {
        --count_;
        return Error{"the module has the " + std::to_string(max_) + " counters it may have"};
      }
      found = shard.values.emplace(id, 0).first;
    }
    return found->second = change(found->second);
  }
  void remove(Id id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (shard.values.erase(id) > 0) --count_;
  }

 private:
  struct alignas(64) Shard {
    std::mutex mutex;
    std::map<Id, std::uint64_t> values;
  };

  Shard& shard_of(Id id) noexcept { return shards_[(id.id ^ id.set) % shards_.size()]; }

  const std::uint32_t max_;
  std::atomic<std::uint32_t> count_ = 0;
  std::array<Shard, 16> shards_;
};

/// Where one instance passes its numbers.
struct WazeroPlaces {
  std::uint32_t set = 0;
  std::uint32_t id = 0;
  std::uint32_t value = 0;
};

using Counters = ModuleState<WazeroCounters>;
using Places = InstanceState<WazeroPlaces>;

template <typename T>
T read(Caller& caller, std::uint32_t place) {
  T value{};
  if (const auto bytes = caller.range(place, sizeof(T)); !bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

WazeroCounters::Id id_of(Caller& caller, Places places) {
  return {read<std::uint32_t>(caller, places->set), read<std::uint64_t>(caller, places->id)};
}

void load(Caller& caller, Counters counters, Places places) {
  const auto id = id_of(caller, places);
  const auto place = caller.range(places->value, sizeof(std::uint64_t));
  if (caller.trapped()) return;
  const std::uint64_t value = counters->load(id);
  std::memcpy(place.data(), &value, sizeof(value));
}

/// Changes the counter by the value that the guest gave, and gives it what became of it.
template <typename Change>
Result<> change(Caller& caller, Counters counters, Places places, const Change& change) {
  const auto id = id_of(caller, places);
  const auto operand = read<std::uint64_t>(caller, places->value);
  if (caller.trapped()) return success();
  const auto changed = counters->change(id, [&](std::uint64_t value) { return change(value, operand); });
  if (!changed.ok()) return changed.error();
  std::memcpy(caller.range(places->value, sizeof(std::uint64_t)).data(), &changed.value(), sizeof(std::uint64_t));
  return success();
}

Result<> store(Caller& caller, Counters counters, Places places) {
  return change(caller, counters, places, [](std::uint64_t, std::uint64_t operand) { return operand; });
}

Result<> add(Caller& caller, Counters counters, Places places) {
  return change(caller, counters, places, [](std::uint64_t value, std::uint64_t operand) { return value + operand; });
}

void remove(Caller& caller, Counters counters, Places places) {
  const auto id = id_of(caller, places);
  if (!caller.trapped()) counters->remove(id);
}

HostModule counters_named(std::string_view name) {
  HostModule module{std::string(name)};
  module
      .module_state<WazeroCounters>([name = std::string(name)](const ModuleOptions& options) {
        if (options.store.backend != StoreBackend::memory) {
          throw std::runtime_error("the counters of " + name +
                                   " are kept in memory only; leave the module's store out");
        }
        return std::make_shared<WazeroCounters>(options.shared_state.max_counters);
      })
      .instance_state<WazeroPlaces>()
      .at_start("__atomic", [](Places places, GuestPointer<WazeroPlaces> pointers) { *places = pointers.load(); })
      .function("__atomic_uint64_load", load)
      .function("__atomic_uint64_store", store)
      .function("__atomic_uint64_add", add)
      .function("__atomic_uint64_del", remove);
  return module;
}

}  // namespace

HostModule wazero_atomic() { return counters_named(wazero_atomic_module); }

HostModule ext_atomic() { return counters_named(ext_atomic_module); }

}  // namespace wasm_grpc::hostmodules
