// wasm_grpc_kv_1: a key-value store, shared by the instances of a module. This one is in memory.
#include <cstring>

#include "hostmodules/kv_arguments.h"
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

}  // namespace

HostModule kv() {
  HostModule module{std::string(kv_module)};
  module.module_state<Pairs>([](const ModuleOptions& options) { return std::make_shared<Pairs>(options.shared_state); })
      .function("get", get)
      .function("set", set)
      .function("remove", remove);
  return module;
}

}  // namespace wasm_grpc::hostmodules
