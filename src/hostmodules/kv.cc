// wasm_grpc_kv_1: a key-value store, shared by the instances of a module. This one is in memory.
#include <cstring>

#include "hostmodules/kv_arguments.h"
#include "hostmodules/kv_batches.h"
#include "hostmodules/kv_operations.h"
#include "hostmodules/modules.h"
#include "store/memory/kv_store.h"

namespace wasm_grpc::hostmodules {

namespace {

struct Pairs {
  explicit Pairs(const SharedStateLimits& limits) : store(limits.max_kv_bytes), max_value(max_value_of(limits)) {}
  store::KvStore store;
  const std::size_t max_value;
};

std::int32_t get(ModuleState<Pairs> pairs, std::string_view key, std::span<std::byte> value,
                 GuestPointer<std::uint64_t> version) {
  if (!is_key(key)) return INVALID;
  const auto found = pairs->store.get(key);
  if (!found) return ABSENT;
  const std::string& bytes = *found->value;
  if (bytes.size() <= value.size()) std::memcpy(value.data(), bytes.data(), bytes.size());
  version.store(found->version);
  return static_cast<std::int32_t>(bytes.size());
}

std::int64_t set(ModuleState<Pairs> pairs, std::string_view key, std::string_view value, std::int64_t ttl_ns,
                 std::int64_t if_version) {
  if (!is_key(key) || ttl_ns == 0 || !is_version(if_version)) return INVALID;
  if (value.size() > pairs->max_value) return TOO_LARGE;
  const auto [outcome, version] =
      pairs->store.set(key, std::string(value), time_to_live(ttl_ns), condition(if_version));
  return outcome == store::Outcome::done ? static_cast<std::int64_t>(version) : number_of(outcome);
}

std::int32_t remove(ModuleState<Pairs> pairs, std::string_view key, std::int64_t if_version) {
  if (!is_key(key) || !is_version(if_version)) return INVALID;
  return number_of(pairs->store.remove(key, condition(if_version)));
}

std::int32_t list(ModuleState<Pairs> pairs, std::string_view prefix, std::string_view after, std::int32_t most,
                  std::span<std::byte> page) {
  const Asked asked = ask_list(prefix, after, most, page.size());
  return asked.refusal != OK ? asked.refusal : write_list(pairs->store.apply(asked.operation), page);
}

std::int32_t get_many(ModuleState<Pairs> pairs, std::span<const std::byte> keys, std::span<std::byte> found) {
  const Asked asked = ask_many(keys, found.size());
  return asked.refusal != OK ? asked.refusal : write_many(pairs->store.apply(asked.operation), found);
}

template <bool together>
std::int32_t change(ModuleState<Pairs> pairs, std::span<const std::byte> changes, std::span<std::byte> results) {
  const Asked asked = ask_changes(changes, together, pairs->max_value, results.size());
  return asked.refusal != OK ? asked.refusal : write_changes(pairs->store.apply(asked.operation), results);
}

std::int64_t swap(ModuleState<Pairs> pairs, std::string_view key, std::string_view value, std::int64_t ttl_ns,
                  std::int64_t if_version, std::span<std::byte> old, GuestPointer<OldPair> about) {
  const Asked asked = ask_swap(key, value, ttl_ns, if_version, pairs->max_value);
  if (asked.refusal != OK) return asked.refusal;
  OldPair pair;
  const std::int64_t result = write_swap(pairs->store.apply(asked.operation), old, pair);
  about.store(pair);
  return result;
}

std::int32_t begin(ModuleState<Pairs> pairs, InstanceState<KvOperations> operations, std::int32_t action,
                   std::span<const std::byte> request) {
  const auto answer_at_once = [&pairs](const std::unique_ptr<store::Request>& one) {
    one->answer(pairs->store.apply(one->operation));
  };
  return operations->begin({answer_at_once, pairs->store.watches(), pairs->max_value, std::chrono::hours(1)}, action,
                           request);
}

}  // namespace

HostModule kv() {
  HostModule module{std::string(kv_module)};
  module.instance_state<KvOperations>()
      .module_state<Pairs>([](const ModuleOptions& options) { return std::make_shared<Pairs>(options.shared_state); })
      .function("get", get)
      .function("set", set)
      .function("remove", remove)
      .function("list", list)
      .function("get_many", get_many)
      .function("change_each", change<false>)
      .function("change_all", change<true>)
      .function("swap", swap)
      .function("begin", begin)
      .function("take", take_answer)
      .function("close", close_operation);
  return module;
}

}  // namespace wasm_grpc::hostmodules
