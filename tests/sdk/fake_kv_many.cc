// The functions of wasm_grpc_kv_1 of the fake host that are of several pairs, or do not wait. What is begun is done at
// once; the test says when it is told of.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest/kv_many.h"
#include "wasm_grpc_kv.h"

namespace wasm_grpc::guest::testing {
namespace {

using kv::detail::append;
using kv::detail::Reading;

FakeSharedState& state() { return FakeHost::current().shared; }

std::string_view text(const void* ptr, std::size_t len) { return {static_cast<const char*>(ptr), len}; }

struct Change {
  std::string key;
  std::optional<std::string> value;
  std::int64_t ttl = 0;
  std::int64_t if_version = 0;
};

std::vector<Change> read_changes(std::string_view bytes) {
  std::vector<Change> changes;
  Reading from(bytes);
  while (!from.at_end()) {
    const auto key_size = from.number<std::uint32_t>();
    const auto value_size = from.number<std::uint32_t>();
    Change& change = changes.emplace_back();
    change.ttl = from.number<std::int64_t>();
    change.if_version = from.number<std::int64_t>();
    change.key = from.text(key_size);
    if (value_size != ~std::uint32_t{0}) change.value = from.text(value_size);
  }
  return changes;
}

std::int64_t make(const Change& change) {
  const auto key_size = static_cast<std::uint32_t>(change.key.size());
  if (!change.value) return wasm_grpc_kv_1_remove(change.key.data(), key_size, change.if_version);
  return wasm_grpc_kv_1_set(change.key.data(), key_size, change.value->data(),
                            static_cast<std::uint32_t>(change.value->size()), change.ttl, change.if_version);
}

bool holds(const Change& change) {
  const FakeSharedState::Pair* const pair = state().pair(change.key);
  return change.if_version < 0 ||
         static_cast<std::uint64_t>(change.if_version) == (pair == nullptr ? 0 : pair->version);
}

/// What a function answers, and what it writes.
using Answer = std::pair<std::int64_t, std::string>;

Answer list(std::string_view prefix, std::string_view after, std::int32_t most) {
  std::string page;
  for (const auto& [key, pair] : state().pairs) {
    if (!key.starts_with(prefix) || key <= after || most-- <= 0) continue;
    append(page, static_cast<std::uint32_t>(key.size()));
    append(page, static_cast<std::uint32_t>(pair.value.size()));
    append(page, pair.version);
    append(page, pair.expires_ns == INT64_MAX ? std::int64_t{-1} : pair.expires_ns - state().now_ns);
    page.append(key);
  }
  return {0, page};
}

Answer get_many(std::string_view keys) {
  std::string pairs;
  Reading from(keys);
  while (!from.at_end()) {
    const auto size = from.number<std::uint32_t>();
    const FakeSharedState::Pair* const pair = state().pair(std::string(from.text(size)));
    append(pairs, pair == nullptr ? WASM_GRPC_KV_ABSENT : static_cast<std::int32_t>(pair->value.size()));
    append(pairs, pair == nullptr ? std::uint64_t{0} : pair->version);
    if (pair != nullptr) pairs.append(pair->value);
  }
  return {0, pairs};
}

Answer change(std::string_view bytes, bool together) {
  const std::vector<Change> changes = read_changes(bytes);
  const bool all = std::all_of(changes.begin(), changes.end(), holds);
  std::string results;
  for (const Change& one : changes) {
    append(results, !together || all ? make(one) : std::int64_t{holds(one) ? 0 : WASM_GRPC_KV_CONFLICT});
  }
  return {!together || all ? 0 : WASM_GRPC_KV_CONFLICT, results};
}

Answer swap(const Change& change) {
  const FakeSharedState::Pair* const pair = state().pair(change.key);
  std::string written;
  append(written, pair == nullptr ? WASM_GRPC_KV_ABSENT : static_cast<std::int32_t>(pair->value.size()));
  append(written, std::uint32_t{0});
  append(written, pair == nullptr ? std::uint64_t{0} : pair->version);
  if (pair != nullptr) written.append(pair->value);
  return {make(change), written};
}

std::int32_t give(const Answer& answer, void* to, std::uint32_t cap) {
  if (answer.first < 0) return static_cast<std::int32_t>(answer.first);
  if (answer.second.size() > cap) return WASM_GRPC_KV_TOO_LARGE;
  if (!answer.second.empty()) std::memcpy(to, answer.second.data(), answer.second.size());
  return static_cast<std::int32_t>(answer.second.size());
}

std::int32_t give_results(const Answer& answer, void* to, std::uint32_t cap) {
  std::memcpy(to, answer.second.data(), std::min<std::size_t>(answer.second.size(), cap));
  return static_cast<std::int32_t>(answer.first);
}

Answer answer_to(std::int32_t action, std::string_view request) {
  if (state().away) return {WASM_GRPC_KV_UNAVAILABLE, ""};
  switch (action) {
    case WASM_GRPC_KV_GET: {
      const FakeSharedState::Pair* const pair = state().pair(std::string(request));
      if (pair == nullptr) return {WASM_GRPC_KV_ABSENT, ""};
      return {static_cast<std::int64_t>(pair->version), pair->value};
    }
    case WASM_GRPC_KV_SET:
    case WASM_GRPC_KV_REMOVE:
      return {make(read_changes(request).front()), ""};
    case WASM_GRPC_KV_LIST: {
      Reading from(request);
      const auto most = from.number<std::int32_t>();
      const auto size = from.number<std::uint32_t>();
      const std::string_view prefix = from.text(size);
      return list(prefix, from.rest(), most);
    }
    case WASM_GRPC_KV_GET_MANY:
      return get_many(request);
    case WASM_GRPC_KV_CHANGE_EACH:
      return change(request, false);
    case WASM_GRPC_KV_CHANGE_ALL:
      return change(request, true);
    case WASM_GRPC_KV_SWAP:
      return swap(read_changes(request).front());
    default:
      return {0, ""};  // what a watch is told of, the test says
  }
}

}  // namespace

extern "C" {

std::int32_t wasm_grpc_kv_1_list(const void* prefix, std::uint32_t prefix_len, const void* after,
                                 std::uint32_t after_len, std::int32_t most, void* page, std::uint32_t cap) {
  return give(list(text(prefix, prefix_len), text(after, after_len), most), page, cap);
}

std::int32_t wasm_grpc_kv_1_get_many(const void* keys, std::uint32_t keys_len, void* pairs, std::uint32_t cap) {
  return give(get_many(text(keys, keys_len)), pairs, cap);
}

std::int32_t wasm_grpc_kv_1_change_each(const void* changes, std::uint32_t changes_len, void* results,
                                        std::uint32_t cap) {
  return give_results(change(text(changes, changes_len), false), results, cap);
}

std::int32_t wasm_grpc_kv_1_change_all(const void* changes, std::uint32_t changes_len, void* results,
                                       std::uint32_t cap) {
  return give_results(change(text(changes, changes_len), true), results, cap);
}

std::int64_t wasm_grpc_kv_1_swap(const void* key, std::uint32_t key_len, const void* value, std::uint32_t value_len,
                                 std::int64_t ttl_ns, std::int64_t if_version, void* old, std::uint32_t cap,
                                 wasm_grpc_kv_old* about) {
  const Answer answer =
      swap({std::string(text(key, key_len)), std::string(text(value, value_len)), ttl_ns, if_version});
  std::memcpy(about, answer.second.data(), sizeof(*about));
  const std::string_view was = std::string_view(answer.second).substr(sizeof(*about));
  if (!was.empty() && was.size() <= cap) std::memcpy(old, was.data(), was.size());
  return answer.first;
}

std::int32_t wasm_grpc_kv_1_begin(std::int32_t action, const void* request, std::uint32_t request_len) {
  if (state().begun.size() >= state().max_begun) return WASM_GRPC_KV_FULL;
  const auto [result, written] = answer_to(action, text(request, request_len));
  FakeSharedState::Begun begun{action};
  append(begun.answer, result);
  begun.answer.append(written);
  begun.answered = action != WASM_GRPC_KV_WATCH && state().answers_at_once;
  state().begun.emplace(++state().last_begun, std::move(begun));
  return state().last_begun;
}

std::int32_t wasm_grpc_kv_1_take(std::int32_t number, void* answer, std::uint32_t cap) {
  const auto found = state().begun.find(number);
  if (found == state().begun.end()) return WASM_GRPC_KV_CLOSED;
  FakeSharedState::Begun& begun = found->second;
  if (!begun.answered) return WASM_GRPC_KV_AGAIN;
  const auto size = static_cast<std::int32_t>(begun.answer.size());
  if (begun.answer.size() > cap) return size;
  std::memcpy(answer, begun.answer.data(), begun.answer.size());
  begun.answered = false;
  if (begun.action != WASM_GRPC_KV_WATCH) state().begun.erase(found);
  return size;
}

std::int32_t wasm_grpc_kv_1_close(std::int32_t number) {
  return state().begun.erase(number) == 0 ? WASM_GRPC_KV_CLOSED : WASM_GRPC_KV_OK;
}

}  // extern "C"

}  // namespace wasm_grpc::guest::testing
