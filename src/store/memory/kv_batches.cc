// What a KvStore does of several pairs, or answers of more than one.
#include <algorithm>
#include <set>

#include "store/memory/kv_store.h"

namespace wasm_grpc::store {

namespace {

Answer answer_of(const std::optional<KvStore::Found>& found) {
  if (!found) return {Outcome::absent};
  return {Outcome::done, found->version, *found->value};
}

}  // namespace

Answer KvStore::apply(const Operation& operation) {
  if (const auto* const one = std::get_if<Get>(&operation)) return answer_of(get(one->key));
  if (const auto* const one = std::get_if<Set>(&operation)) {
    if (one->tells_old) return swap(*one);
    const auto [outcome, version] = set(one->key, one->value, one->ttl, one->condition);
    return {outcome, version};
  }
  if (const auto* const one = std::get_if<Remove>(&operation)) return {remove(one->key, one->condition)};
  if (const auto* const many = std::get_if<GetMany>(&operation)) return get_many(*many);
  if (const auto* const many = std::get_if<ChangeMany>(&operation)) {
    if (!many->together) return change_each(many->changes);
    Answer answer = change_together(many->changes);
    watches_.tell(operation, answer);
    return answer;
  }
  if (const auto* const some = std::get_if<List>(&operation)) return list(*some);
  return {};  // counters are elsewhere
}

Answer KvStore::swap(const Set& operation) {
  const auto value = std::make_shared<const std::string>(operation.value);
  std::optional<Found> old;
  auto done = try_set(operation.key, value, operation.ttl, operation.condition, &old);
  if (done.first == Outcome::full) {
    purge_all();
    old.reset();
    done = try_set(operation.key, value, operation.ttl, operation.condition, &old);
  }
  if (done.first == Outcome::done) watches_.tell(operation.key);
  Answer answer{done.first, done.second};
  answer.each.push_back(answer_of(old));
  return answer;
}

Answer KvStore::get_many(const GetMany& operation) {
  Answer answer{Outcome::done};
  std::size_t bytes = 0;
  for (const std::string& key : operation.keys) {
    const auto found = get(key);
    bytes += found ? found->value->size() : 0;
    if (bytes > operation.most_bytes) return {Outcome::too_large};
    answer.each.push_back(answer_of(found));
  }
  return answer;
}

Answer KvStore::change_each(const std::vector<Change>& changes) {
  Answer answer{Outcome::done};
  for (const Change& change : changes) {
    if (const auto* const one = std::get_if<Set>(&change)) {
      const auto [outcome, version] = set(one->key, one->value, one->ttl, one->condition);
      answer.each.push_back({outcome, version});
    } else {
      const auto* const gone = std::get_if<Remove>(&change);
      answer.each.push_back({remove(gone->key, gone->condition)});
    }
  }
  return answer;
}

Answer KvStore::change_together(const std::vector<Change>& changes) {
  std::vector<Value> values;
  for (const Change& change : changes) {
    const auto* const one = std::get_if<Set>(&change);
    values.push_back(one == nullptr ? nullptr : std::make_shared<const std::string>(one->value));
  }
  Answer answer = try_change_together(changes, values);
  if (answer.outcome != Outcome::full) return answer;
  purge_all();
  return try_change_together(changes, values);
}

Answer KvStore::try_change_together(const std::vector<Change>& changes, const std::vector<Value>& values) {
  std::vector<Value> replaced(changes.size());  // destroyed outside the locks
  std::set<Shard*> shards;                      // in the order in which all are locked
  for (const Change& change : changes) shards.insert(&shard_of(key_of(change)));
  std::vector<std::unique_lock<std::mutex>> locks;
  for (Shard* const shard : shards) locks.emplace_back(shard->mutex);

  const auto now = clock_();
  Answer answer{Outcome::done};
  std::size_t before = 0;
  std::size_t after = 0;
  for (const Change& change : changes) {
    Shard& shard = shard_of(key_of(change));
    const auto found = find(shard, key_of(change), now);
    const bool present = found != shard.pairs.end();
    const auto* const one = std::get_if<Set>(&change);
    const Condition condition = one != nullptr ? one->condition : std::get_if<Remove>(&change)->condition;
    const bool holds = !condition || *condition == (present ? found->second.version : 0);
    if (!holds) answer.outcome = Outcome::conflict;
    answer.each.push_back({holds ? (one != nullptr || present ? Outcome::done : Outcome::absent) : Outcome::conflict});
    if (present) before += size_of(*found);
    if (one != nullptr) after += one->key.size() + one->value.size() + pair_bytes;
  }
  if (answer.outcome != Outcome::done) return answer;
  if (!account(before, after)) {
    answer.outcome = Outcome::full;
    return answer;
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Shard& shard = shard_of(key_of(changes[i]));
    const auto found = shard.pairs.find(key_of(changes[i]));
    const auto* const one = std::get_if<Set>(&changes[i]);
    if (one != nullptr) {
      const auto expires = one->ttl && *one->ttl < never - now ? now + *one->ttl : never;
      answer.each[i].number = put(shard, found, one->key, values[i], expires, replaced[i]);
    } else if (found != shard.pairs.end()) {
      bytes_.fetch_add(size_of(*found), std::memory_order_relaxed);  // which account() has taken, and erase() takes too
      replaced[i] = found->second.value;
      erase(shard, found);
    }
  }
  return answer;
}

Answer KvStore::list(const List& operation) {
  struct Place {
    Pairs::const_iterator next;
    Pairs::const_iterator end;
  };
  std::vector<std::unique_lock<std::mutex>> locks;
  std::vector<Place> places;
  for (Shard& shard : shards_) {
    locks.emplace_back(shard.mutex);
    const auto first = operation.after < operation.prefix ? shard.pairs.lower_bound(operation.prefix)
                                                          : shard.pairs.upper_bound(operation.after);
    places.push_back({first, shard.pairs.end()});
  }
  const auto now = clock_();
  Answer answer{Outcome::done};
  for (std::size_t looked = 0;; ++looked) {
    Place* least = nullptr;
    for (Place& place : places) {
      if (place.next == place.end || (least != nullptr && least->next->first < place.next->first)) continue;
      least = &place;
    }
    if (least == nullptr || !least->next->first.starts_with(operation.prefix)) break;
    if (looked == operation.most) break;
    const auto& [key, pair] = *least->next++;
    const bool expired = pair.expires <= now;
    if (expired && looked + 1 < operation.most) continue;
    Listed& one = answer.pairs.emplace_back();
    one.key = key;
    if (expired) continue;  // says how far was looked
    one.version = pair.version;
    one.value_bytes = pair.value->size();
    if (pair.expires != never) one.ttl = pair.expires - now;
  }
  return answer;
}

}  // namespace wasm_grpc::store
