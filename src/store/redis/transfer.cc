#include "store/redis/transfer.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "store/sqlite/database.h"
#include "store/sqlite/transfer.h"
#include "store/waited.h"

namespace wasm_grpc::store::redis {

namespace {

constexpr std::size_t page = 256;

Error away() { return Error{"the store does not answer"}; }

/// Operations whose answers are looked at later, some at a time.
class Batch {
 public:
  explicit Batch(Store& store) : store_(store) {}

  [[nodiscard]] Result<> add(Operation operation) {
    asked_.push_back(ask_later(store_, std::move(operation)));
    return asked_.size() < page ? success() : settle();
  }
  [[nodiscard]] Result<> settle() {
    for (auto& one : std::exchange(asked_, {})) {
      const Outcome outcome = one.get().outcome;
      if (outcome == Outcome::full) return Error{"it does not fit into the module's store (max-kv-bytes)"};
      if (outcome != Outcome::done) return away();
    }
    return success();
  }

 private:
  Store& store_;
  std::vector<std::future<Answer>> asked_;
};

Result<std::int64_t> find_counter(Store& store, const std::string& name) {
  const Answer found = ask_now(store, FindCounter{name});
  if (found.outcome == Outcome::full) return Error{"the module may have no more counters (max-counters)"};
  if (found.outcome != Outcome::done) return away();
  return static_cast<std::int64_t>(found.number);
}

Result<std::size_t> copy_pairs(Store& from, Store& to) {
  Batch batch(to);
  std::size_t count = 0;
  List list{"", "", page};
  while (true) {
    const Answer listed = ask_now(from, list);
    if (listed.outcome != Outcome::done) return away();
    std::vector<std::future<Answer>> found;
    for (const Listed& one : listed.pairs) found.push_back(ask_later(from, Get{one.key}));
    for (std::size_t i = 0; i < found.size(); ++i) {
      Answer pair = found[i].get();
      if (pair.outcome == Outcome::absent) continue;  // meanwhile
      if (pair.outcome != Outcome::done) return away();
      ++count;
      const auto added = batch.add(Set{listed.pairs[i].key, std::move(pair.value), listed.pairs[i].ttl});
      if (!added.ok()) return added.error();
    }
    if (listed.pairs.size() < page) break;
    list.after = listed.pairs.back().key;
  }
  const auto settled = batch.settle();
  return settled.ok() ? Result<std::size_t>(count) : settled.error();
}

Result<std::size_t> copy_counters(SpaceStore& from, Store& to) {
  const auto names = from.counters();
  if (!names.ok()) return names.error();
  for (const std::string& name : names.value()) {
    const auto source = find_counter(from, name);
    const auto target = find_counter(to, name);
    if (!source.ok() || !target.ok()) return source.ok() ? target.error() : source.error();
    const Answer value = ask_now(from, LoadCounter{source.value()});
    if (value.outcome != Outcome::done) return away();
    const ChangeCounter change{target.value(), ChangeCounter::Kind::store, value.number};
    if (ask_now(to, change).outcome != Outcome::done) return away();
  }
  return names.value().size();
}

}  // namespace

Result<Copied> copy_out(SpaceStore& store, const ModuleOptions& module, const std::string& to) {
  return sqlite::make_copy(to, [&](const std::string& part) -> Result<Copied> {
    auto database = sqlite::Database::open(part, module.store.timeout, [](LogLevel, const std::string&) {});
    if (!database.ok()) return std::move(database).error();
    constexpr std::size_t any = std::numeric_limits<std::int64_t>::max();
    const auto copy =
        sqlite::SpaceStore::open(database.value(), std::make_shared<Meter>(module.name),
                                 {.backend = StoreBackend::sqlite, .durability = StoreDurability::relaxed},
                                 {.max_counters = std::numeric_limits<std::uint32_t>::max(), .max_kv_bytes = any});
    if (!copy.ok()) return copy.error();
    const auto pairs = copy_pairs(store, *copy.value());
    if (!pairs.ok()) return pairs.error();
    const auto counters = copy_counters(store, *copy.value());
    if (!counters.ok()) return counters.error();
    return Copied{pairs.value(), counters.value()};
  });
}

Result<Copied> copy_in(SpaceStore& store, const ModuleOptions& module, const std::string& from) {
  Batch batch(store);
  const auto on_pair = [&](Set set) -> Result<> {
    if (set.value.size() > module.shared_state.max_kv_value) {
      return Error{"a value has " + std::to_string(set.value.size()) + " bytes; the module's may have " +
                   std::to_string(module.shared_state.max_kv_value) + " (max-kv-value)"};
    }
    return batch.add(std::move(set));
  };
  const auto on_counter = [&](const std::string& name, std::uint64_t value) -> Result<> {
    const auto counter = find_counter(store, name);
    if (!counter.ok()) return counter.error();
    return batch.add(ChangeCounter{counter.value(), ChangeCounter::Kind::store, value});
  };
  auto copied = sqlite::read_copy(from, module.name, on_pair, on_counter);
  const auto settled = batch.settle();
  return copied.ok() && !settled.ok() ? Result<Copied>(settled.error()) : copied;
}

}  // namespace wasm_grpc::store::redis
