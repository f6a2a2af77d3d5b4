// wasm_grpc_atomics_1 and wasm_grpc_kv_1 of the fake host, as docs/host-modules.md has them.
#include <cstring>
#include <stdexcept>
#include <utility>

#include "fake_host.h"
#include "wasm_grpc/guest/atomics.h"
#include "wasm_grpc/guest/kv.h"

namespace wasm_grpc::guest::testing {
namespace {

constexpr std::int32_t absent = -4;
constexpr std::int32_t invalid = -6;
constexpr std::int32_t conflict = -8;
constexpr std::int32_t full = -9;
constexpr std::int32_t too_large = -10;
constexpr std::int32_t unavailable = -11;

FakeSharedState& state() { return FakeHost::current().shared; }

std::string text(const void* ptr, std::uint32_t len) { return std::string(static_cast<const char*>(ptr), len); }

bool is_key(const std::string& key) { return !key.empty() && key.size() <= 1024; }

/// A real host traps a guest that uses a number it was never given.
FakeSharedState::Counter& counter(std::int32_t number) {
  FakeSharedState::Counter* const found = state().counter(number);
  if (found == nullptr) throw std::out_of_range("there is no counter " + std::to_string(number));
  return *found;
}

}  // namespace

FakeSharedState::Counter* FakeSharedState::counter(std::int32_t number) {
  const auto index = static_cast<std::size_t>(number);
  return number >= 0 && index < counters.size() ? &counters[index] : nullptr;
}

FakeSharedState::Pair* FakeSharedState::pair(const std::string& key) {
  const auto found = pairs.find(key);
  return found == pairs.end() || found->second.expires_ns <= now_ns ? nullptr : &found->second;
}

extern "C" {

std::int32_t wasm_grpc_atomics_1_counter(const void* ptr, std::uint32_t len) {
  const std::string name = text(ptr, len);
  if (name.empty() || name.size() > 256) return invalid;
  auto& counters = state().counters;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i].name == name) return static_cast<std::int32_t>(i);
  }
  if (counters.size() >= state().max_counters) return full;
  counters.push_back({name});
  return static_cast<std::int32_t>(counters.size() - 1);
}

std::int64_t wasm_grpc_atomics_1_load(std::int32_t number) { return counter(number).value; }

void wasm_grpc_atomics_1_store(std::int32_t number, std::int64_t value) { counter(number).value = value; }

std::int64_t wasm_grpc_atomics_1_add(std::int32_t number, std::int64_t by) {
  std::int64_t& value = counter(number).value;  // sums wrap around
  return value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(by));
}

std::int64_t wasm_grpc_atomics_1_exchange(std::int32_t number, std::int64_t value) {
  return std::exchange(counter(number).value, value);
}

std::int64_t wasm_grpc_atomics_1_compare_exchange(std::int32_t number, std::int64_t expected, std::int64_t desired) {
  std::int64_t& value = counter(number).value;
  return value == expected ? std::exchange(value, desired) : value;
}

std::int32_t wasm_grpc_kv_1_get(const void* key, std::uint32_t key_len, void* value, std::uint32_t cap,
                                std::uint64_t* version) {
  const std::string name = text(key, key_len);
  if (!is_key(name)) return invalid;
  if (state().away) return unavailable;
  const FakeSharedState::Pair* const pair = state().pair(name);
  if (pair == nullptr) return absent;
  const auto size = static_cast<std::uint32_t>(pair->value.size());
  if (size <= cap && size > 0) std::memcpy(value, pair->value.data(), size);
  *version = pair->version;
  if (const auto then = std::exchange(state().after_get, nullptr)) then();
  return static_cast<std::int32_t>(size);
}

std::int64_t wasm_grpc_kv_1_set(const void* key, std::uint32_t key_len, const void* value, std::uint32_t value_len,
                                std::int64_t ttl_ns, std::int64_t if_version) {
  const std::string name = text(key, key_len);
  if (!is_key(name) || ttl_ns == 0 || if_version < -1) return invalid;
  if (value_len > state().max_value) return too_large;
  if (state().away) return unavailable;
  const FakeSharedState::Pair* const pair = state().pair(name);
  const std::uint64_t version = pair == nullptr ? 0 : pair->version;
  if (if_version >= 0 && version != static_cast<std::uint64_t>(if_version)) return conflict;
  if (pair == nullptr && state().pairs.size() >= state().max_pairs) return full;
  const std::int64_t expires = ttl_ns < 0 ? INT64_MAX : state().now_ns + ttl_ns;
  state().pairs[name] = {text(value, value_len), ++state().last_version, expires};
  return static_cast<std::int64_t>(state().last_version);
}

std::int32_t wasm_grpc_kv_1_remove(const void* key, std::uint32_t key_len, std::int64_t if_version) {
  const std::string name = text(key, key_len);
  if (!is_key(name) || if_version < -1) return invalid;
  if (state().away) return unavailable;
  const FakeSharedState::Pair* const pair = state().pair(name);
  const std::uint64_t version = pair == nullptr ? 0 : pair->version;
  if (if_version >= 0 && version != static_cast<std::uint64_t>(if_version)) return conflict;
  if (pair == nullptr) return absent;
  state().pairs.erase(name);
  return 0;
}

}  // extern "C"

}  // namespace wasm_grpc::guest::testing
