// Several pairs of the key-value store at once: docs/host-modules.md, wasm_grpc_kv_1. A module that uses any of this
// does not load in a host that does not have it.
//
//   for (kv::Page page = kv::list("session/"); !page.next.empty(); page = kv::list("session/", page.next)) {
//     for (const kv::Listed& pair : page.pairs) use(pair.key);
//   }
//
//   kv::change_all(kv::Changes().set("a", "1", {.if_version = a.version}).remove("b", b.version));  // both, or neither
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/kv.h"
#include "wasm_grpc_kv.h"

namespace wasm_grpc::guest {

namespace abi {
using ::wasm_grpc_kv_1_change_all;
using ::wasm_grpc_kv_1_change_each;
using ::wasm_grpc_kv_1_get_many;
using ::wasm_grpc_kv_1_list;
using ::wasm_grpc_kv_1_swap;
}  // namespace abi

namespace kv {

/// A pair, without its value.
struct Listed {
  std::string key;
  std::size_t value_bytes = 0;
  std::uint64_t version = 0;
  /// How long it has left; nothing where it stays.
  std::optional<std::chrono::nanoseconds> left = {};
};

struct Page {
  Outcome outcome = Outcome::ok;
  std::vector<Listed> pairs = {};
  /// Where the next page goes on; empty: this is the last, and has nothing.
  std::string next = {};
  explicit operator bool() const noexcept { return outcome == Outcome::ok; }
};

struct ManyFound {
  Outcome outcome = Outcome::ok;  // or too_large: ask for fewer at once
  std::vector<FindResult> found = {};
  explicit operator bool() const noexcept { return outcome == Outcome::ok; }
};

struct ChangesResult {
  Outcome outcome = Outcome::ok;
  /// Of each change; a removal has no version, nor have changes together that were not made.
  std::vector<SetResult> each = {};
  explicit operator bool() const noexcept { return outcome == Outcome::ok; }
};

struct SwapResult {
  Outcome outcome = Outcome::ok;
  std::uint64_t version = 0;  // of what was set; 0 when it was not
  FindResult old = {};        // what was there before; with `conflict`, what is there
  explicit operator bool() const noexcept { return outcome == Outcome::ok; }
};

namespace detail {

template <typename Number>
void append(std::string& bytes, Number number) {
  char raw[sizeof(Number)];
  std::memcpy(raw, &number, sizeof(Number));
  bytes.append(raw, sizeof(Number));
}

/// Takes what the host has written, which is whole.
class Reading {
 public:
  explicit Reading(std::string_view bytes) noexcept : rest_(bytes) {}
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  template <typename Number>
  [[nodiscard]] Number number() noexcept {
    Number value{};
    const std::string_view bytes = text(sizeof(Number));
    if (bytes.size() == sizeof(Number)) std::memcpy(&value, bytes.data(), sizeof(Number));
    return value;
  }
  [[nodiscard]] std::string_view text(std::size_t size) noexcept {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

[[nodiscard]] inline Outcome outcome_of(std::int64_t answer) noexcept {
  return answer >= 0 ? Outcome::ok : static_cast<Outcome>(answer);
}
[[nodiscard]] inline SetResult set_result(std::int64_t answer) noexcept {
  return {outcome_of(answer), answer > 0 ? static_cast<std::uint64_t>(answer) : 0};
}

inline void append_change(std::string& bytes, std::string_view key, std::optional<std::string_view> value,
                          const SetOptions& options) {
  append(bytes, static_cast<std::uint32_t>(key.size()));
  append(bytes, value ? static_cast<std::uint32_t>(value->size()) : ~std::uint32_t{0});
  append(bytes, options.ttl ? std::int64_t{options.ttl->count()} : WASM_GRPC_KV_FOR_GOOD);
  append(bytes, options.if_version ? static_cast<std::int64_t>(*options.if_version) : WASM_GRPC_KV_ANY);
  bytes.append(key).append(value.value_or(""));
}

[[nodiscard]] inline Page read_page(std::string_view bytes) {
  Page page;
  Reading from(bytes);
  while (!from.at_end()) {
    const auto key_size = from.number<std::uint32_t>();
    Listed pair;
    pair.value_bytes = from.number<std::uint32_t>();
    pair.version = from.number<std::uint64_t>();
    const auto left = from.number<std::int64_t>();
    if (left >= 0) pair.left = std::chrono::nanoseconds(left);
    pair.key = from.text(key_size);
    page.next = pair.key;
    if (pair.version != 0) page.pairs.push_back(std::move(pair));
  }
  return page;
}

[[nodiscard]] inline ManyFound read_many(std::string_view bytes) {
  ManyFound many;
  Reading from(bytes);
  while (!from.at_end()) {
    const auto size = from.number<std::int32_t>();
    const auto version = from.number<std::uint64_t>();
    const std::string_view value = from.text(size < 0 ? 0 : static_cast<std::size_t>(size));
    many.found.push_back({outcome_of(size), {std::string(value), version}});
  }
  return many;
}

[[nodiscard]] inline ChangesResult read_changes(std::int64_t outcome, std::string_view bytes) {
  ChangesResult result{outcome_of(outcome)};
  Reading from(bytes);
  while (!from.at_end()) result.each.push_back(set_result(from.number<std::int64_t>()));
  return result;
}

[[nodiscard]] inline SwapResult read_swap(std::int64_t answer, const wasm_grpc_kv_old& about, std::string_view old) {
  const SetResult set = set_result(answer);
  SwapResult result{set.outcome, set.version, {outcome_of(about.length), {std::string(old), about.version}}};
  return result;
}

[[nodiscard]] inline std::string request_of_keys(std::span<const std::string> keys) {
  std::string request;
  for (const std::string& key : keys) {
    append(request, static_cast<std::uint32_t>(key.size()));
    request.append(key);
  }
  return request;
}

}  // namespace detail

/// The pairs whose keys begin with `prefix` and come after `after`, in the order of their bytes: `most` of them, which
/// may be 1 to 1000.
[[nodiscard]] inline Page list(std::string_view prefix, std::string_view after = {}, std::int32_t most = 100) {
  // Room for the longest keys there are, but for no more than is likely.
  std::string page(std::min<std::size_t>(static_cast<std::size_t>(std::max(most, 1)) * 128 + 2048, 65536), '\0');
  const std::int32_t size = abi::wasm_grpc_kv_1_list(prefix.data(), static_cast<std::uint32_t>(prefix.size()),
                                                     after.data(), static_cast<std::uint32_t>(after.size()), most,
                                                     page.data(), static_cast<std::uint32_t>(page.size()));
  if (size < 0) return {static_cast<Outcome>(size)};
  return detail::read_page(std::string_view(page).substr(0, static_cast<std::size_t>(size)));
}

/// The values of 1 to 100 keys, in their order; each as it was at some moment.
[[nodiscard]] inline ManyFound get_many(std::span<const std::string> keys) {
  const std::string request = detail::request_of_keys(keys);
  std::string answer(4096, '\0');
  while (true) {
    const std::int32_t size = abi::wasm_grpc_kv_1_get_many(request.data(), static_cast<std::uint32_t>(request.size()),
                                                           answer.data(), static_cast<std::uint32_t>(answer.size()));
    if (size >= 0) return detail::read_many(std::string_view(answer).substr(0, static_cast<std::size_t>(size)));
    constexpr std::size_t most = std::size_t{9} << 20;  // what the host gives at most, and more
    if (static_cast<Outcome>(size) != Outcome::too_large || answer.size() >= most) return {static_cast<Outcome>(size)};
    answer.resize(std::min(answer.size() * 16, most));
  }
}

/// 1 to 100 changes, which change_each() or change_all() makes.
class Changes {
 public:
  Changes& set(std::string_view key, std::string_view value, const SetOptions& options = {}) {
    detail::append_change(bytes_, key, value, options);
    ++count_;
    return *this;
  }
  Changes& remove(std::string_view key, std::optional<std::uint64_t> if_version = {}) {
    detail::append_change(bytes_, key, std::nullopt, {{}, if_version});
    ++count_;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

namespace detail {

template <typename Function>
[[nodiscard]] ChangesResult change(Function* function, const Changes& changes) {
  std::string results(changes.count() * sizeof(std::int64_t), '\0');
  const std::int32_t outcome = function(changes.bytes().data(), static_cast<std::uint32_t>(changes.bytes().size()),
                                        results.data(), static_cast<std::uint32_t>(results.size()));
  const bool written = outcome == WASM_GRPC_KV_OK || outcome == WASM_GRPC_KV_CONFLICT;
  return read_changes(outcome, written ? std::string_view(results) : std::string_view());
}

}  // namespace detail

/// Makes them in their order, each for itself.
inline ChangesResult change_each(const Changes& changes) {
  return detail::change(abi::wasm_grpc_kv_1_change_each, changes);
}
/// Makes them together, all or none: none, and `conflict`, where the version of one is another. Each is of another key.
inline ChangesResult change_all(const Changes& changes) {
  return detail::change(abi::wasm_grpc_kv_1_change_all, changes);
}

/// set(), and what was there before. An old value above 64 KiB is not told: its outcome is `too_large` then.
inline SwapResult swap(std::string_view key, std::string_view value, const SetOptions& options = {}) {
  std::string old(65536, '\0');
  wasm_grpc_kv_old about{WASM_GRPC_KV_ABSENT, 0, 0};
  const std::int64_t answer = abi::wasm_grpc_kv_1_swap(
      key.data(), static_cast<std::uint32_t>(key.size()), value.data(), static_cast<std::uint32_t>(value.size()),
      options.ttl ? std::int64_t{options.ttl->count()} : WASM_GRPC_KV_FOR_GOOD,
      options.if_version ? static_cast<std::int64_t>(*options.if_version) : WASM_GRPC_KV_ANY, old.data(),
      static_cast<std::uint32_t>(old.size()), &about);
  const auto size = static_cast<std::size_t>(std::max(about.length, 0));
  if (size > old.size()) about.length = WASM_GRPC_KV_TOO_LARGE;
  return detail::read_swap(answer, about,
                           size > old.size() ? std::string_view() : std::string_view(old).substr(0, size));
}

}  // namespace kv
}  // namespace wasm_grpc::guest
