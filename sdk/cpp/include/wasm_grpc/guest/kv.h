// A key-value store that all instances of this module share: docs/host-modules.md, wasm_grpc_kv_1.
//
//   kv::set("session/7", state, {.ttl = std::chrono::minutes(5)});
//   if (auto found = kv::get("session/7")) use(found->value);
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc_kv.h"

namespace wasm_grpc::guest {

namespace abi {
using ::wasm_grpc_kv_1_get;
using ::wasm_grpc_kv_1_remove;
using ::wasm_grpc_kv_1_set;
}  // namespace abi

namespace kv {

/// How a change went. The numbers are those of wasm_grpc_kv_1.
enum class Outcome : std::int32_t {
  ok = 0,
  absent = -4,      // there is no such key
  invalid = -6,     // a key has 1 to 1024 bytes, a time to live is more than 0
  conflict = -8,    // the version is another one
  full = -9,        // there is no room in the store (`--max-kv-bytes`)
  too_large = -10,  // the value is larger than values may be (`--max-kv-value`)
  // The store does not answer, as one on disk or elsewhere may: a change may be done or not.
  unavailable = -11,
};

/// A value, and the version of it: a number that changes with each set() of its key.
struct Found {
  std::string value;
  std::uint64_t version;
};

struct FindResult {
  Outcome outcome;  // ok, absent, invalid or unavailable
  Found found;      // when it is ok
  explicit operator bool() const noexcept { return outcome == Outcome::ok; }
};

/// The value of a key, or why there is none to be had: for who must tell a key that is absent from a store that is
/// away.
[[nodiscard]] inline FindResult find(std::string_view key) {
  Found found{std::string(256, '\0'), 0};
  while (true) {
    const std::int32_t size =
        abi::wasm_grpc_kv_1_get(key.data(), static_cast<std::uint32_t>(key.size()), found.value.data(),
                                static_cast<std::uint32_t>(found.value.size()), &found.version);
    if (size < 0) return {static_cast<Outcome>(size), {}};
    const auto needed = static_cast<std::size_t>(size);
    const bool fits = needed <= found.value.size();
    found.value.resize(needed);
    // Another instance may replace it by a larger one meanwhile.
    if (fits) return {Outcome::ok, std::move(found)};
  }
}

/// The value of a key; nothing where there is none, or its time has passed, or the store does not answer.
[[nodiscard]] inline std::optional<Found> get(std::string_view key) {
  FindResult result = find(key);
  if (!result) return std::nullopt;
  return std::move(result.found);
}

struct SetOptions {
  /// How long it lives: more than 0. For as long as the store does where there is none.
  std::optional<std::chrono::nanoseconds> ttl = {};
  /// It is only set when this is its version; 0: when there is no such key.
  std::optional<std::uint64_t> if_version = {};
};

struct SetResult {
  Outcome outcome;
  std::uint64_t version;  // of what was set; 0 when it was not
  explicit operator bool() const noexcept { return outcome == Outcome::ok; }
};

/// Sets the value of a key.
inline SetResult set(std::string_view key, std::string_view value, const SetOptions& options = {}) {
  const std::int64_t answer =
      abi::wasm_grpc_kv_1_set(key.data(), static_cast<std::uint32_t>(key.size()), value.data(),
                              static_cast<std::uint32_t>(value.size()), options.ttl ? options.ttl->count() : -1,
                              options.if_version ? static_cast<std::int64_t>(*options.if_version) : -1);
  if (answer > 0) return {Outcome::ok, static_cast<std::uint64_t>(answer)};
  return {static_cast<Outcome>(answer), 0};
}

/// Removes a key: ok or absent; or conflict, and nothing happens, when this is not its version.
inline Outcome remove(std::string_view key, std::optional<std::uint64_t> if_version = {}) {
  return static_cast<Outcome>(abi::wasm_grpc_kv_1_remove(key.data(), static_cast<std::uint32_t>(key.size()),
                                                         if_version ? static_cast<std::int64_t>(*if_version) : -1));
}

}  // namespace kv
}  // namespace wasm_grpc::guest
