// wasm_grpc_kv_1: a key-value store, shared by the instances of a module.
#include <algorithm>
#include <cstring>

#include "hostmodules/answers.h"
#include "hostmodules/kv_store.h"
#include "hostmodules/modules.h"

namespace wasm_grpc::hostmodules {

namespace {

constexpr std::size_t max_key_bytes = 1024;
constexpr std::int64_t any_version = -1;

struct Store {
  explicit Store(const SharedStateLimits& limits)
      : pairs(limits.max_kv_bytes), max_value(std::min(limits.max_kv_value, limits.max_kv_bytes)) {}
  KvStore pairs;
  const std::size_t max_value;
};

std::int32_t answer(KvStore::Outcome outcome) {
  switch (outcome) {
    case KvStore::Outcome::done:
      return OK;
    case KvStore::Outcome::absent:
      return ABSENT;
    case KvStore::Outcome::conflict:
      return CONFLICT;
    case KvStore::Outcome::full:
      return FULL;
  }
  return INVALID;
}

bool is_key(std::string_view key) { return !key.empty() && key.size() <= max_key_bytes; }

KvStore::Condition condition(std::int64_t version) {
  return version == any_version ? KvStore::Condition() : static_cast<std::uint64_t>(version);
}

std::int32_t get(ModuleState<Store> store, std::string_view key, std::span<std::byte> value,
                 GuestPointer<std::uint64_t> version) {
  if (!is_key(key)) return INVALID;
  const auto found = store->pairs.get(key);
  if (!found) return ABSENT;
  const std::string& bytes = *found->value;
  if (bytes.size() <= value.size()) std::memcpy(value.data(), bytes.data(), bytes.size());
  version.store(found->version);
  return static_cast<std::int32_t>(bytes.size());
}

std::int64_t set(ModuleState<Store> store, std::string_view key, std::string_view value, std::int64_t ttl_ns,
                 std::int64_t if_version) {
  if (!is_key(key) || ttl_ns == 0 || if_version < any_version) return INVALID;
  if (value.size() > store->max_value) return TOO_LARGE;
  std::optional<std::chrono::nanoseconds> ttl;
  if (ttl_ns > 0) ttl = std::chrono::nanoseconds(ttl_ns);
  const auto [outcome, version] = store->pairs.set(key, std::string(value), ttl, condition(if_version));
  return outcome == KvStore::Outcome::done ? static_cast<std::int64_t>(version) : answer(outcome);
}

std::int32_t remove(ModuleState<Store> store, std::string_view key, std::int64_t if_version) {
  if (!is_key(key) || if_version < any_version) return INVALID;
  return answer(store->pairs.remove(key, condition(if_version)));
}

}  // namespace

HostModule kv() {
  HostModule module{std::string(kv_module)};
  module.module_state<Store>([](const ModuleOptions& options) { return std::make_shared<Store>(options.shared_state); })
      .function("get", get)
      .function("set", set)
      .function("remove", remove);
  return module;
}

}  // namespace wasm_grpc::hostmodules
