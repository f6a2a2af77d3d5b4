#include "store/memory/kv_store.h"

namespace wasm_grpc::store {

namespace {
// Erasing one takes well under a microsecond: a call that happens to meet many expired pairs must not take long.
constexpr std::size_t purged_on_the_way = 4;
constexpr std::size_t purged_for_room = 64;
}  // namespace

KvStore::KvStore(std::size_t max_bytes, std::function<Clock::time_point()> clock)
    : max_bytes_(max_bytes), clock_(std::move(clock)) {}

// The hash only spreads keys over the locks: a guest that has them all meet in one shard waits for itself.
KvStore::Shard& KvStore::shard_of(std::string_view key) noexcept {
  return shards_[std::hash<std::string_view>()(key) % shards_.size()];
}

std::size_t KvStore::size_of(const Pairs::value_type& pair) noexcept {
  return pair.first.size() + pair.second.value->size() + pair_bytes;
}

KvStore::Clock::time_point KvStore::now_for(const Shard& shard) const {
  return shard.expiring.empty() ? Clock::time_point::min() : clock_();
}

KvStore::Pairs::iterator KvStore::find(Shard& shard, std::string_view key, Clock::time_point now) {
  const auto found = shard.pairs.find(key);
  if (found == shard.pairs.end() || found->second.expires > now) return found;
  erase(shard, found);
  return shard.pairs.end();
}

void KvStore::erase(Shard& shard, Pairs::iterator pair) {
  if (pair->second.expires != never) shard.expiring.erase({pair->second.expires, &pair->first});
  bytes_.fetch_sub(size_of(*pair), std::memory_order_relaxed);
  shard.pairs.erase(pair);
}

void KvStore::purge(Shard& shard, Clock::time_point now, std::size_t most) {
  for (; most > 0 && !shard.expiring.empty() && shard.expiring.begin()->first <= now; --most) {
    erase(shard, shard.pairs.find(*shard.expiring.begin()->second));
  }
}

void KvStore::purge_all() {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    purge(shard, now_for(shard), purged_for_room);
  }
}

bool KvStore::account(std::size_t before, std::size_t after) noexcept {
  if (after <= before) {
    bytes_.fetch_sub(before - after, std::memory_order_relaxed);
    return true;
  }
  const std::size_t more = after - before;
  std::size_t bytes = bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > max_bytes_ || more > max_bytes_ - bytes) return false;
  } while (!bytes_.compare_exchange_weak(bytes, bytes + more, std::memory_order_relaxed));
  return true;
}

std::optional<KvStore::Found> KvStore::get(std::string_view key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto now = now_for(shard);
  const auto found = find(shard, key, now);
  purge(shard, now, purged_on_the_way);
  if (found == shard.pairs.end()) return std::nullopt;
  return Found{found->second.value, found->second.version};
}

std::pair<KvStore::Outcome, std::uint64_t> KvStore::set(std::string_view key, std::string value,
                                                        std::optional<std::chrono::nanoseconds> ttl,
                                                        Condition condition) {
  const auto shared = std::make_shared<const std::string>(std::move(value));
  auto answer = try_set(key, shared, ttl, condition);
  if (answer.first == Outcome::full) {
    purge_all();
    answer = try_set(key, shared, ttl, condition);
  }
  if (answer.first == Outcome::done) watches_.tell(key);
  return answer;
}

std::pair<KvStore::Outcome, std::uint64_t> KvStore::try_set(std::string_view key, const Value& value,
                                                            std::optional<std::chrono::nanoseconds> ttl,
                                                            Condition condition, std::optional<Found>* old) {
  Shard& shard = shard_of(key);
  Value replaced;  // destroyed outside the lock
  const std::lock_guard lock(shard.mutex);
  const auto now = ttl ? clock_() : now_for(shard);
  auto found = find(shard, key, now);
  purge(shard, now, purged_on_the_way);
  const bool present = found != shard.pairs.end();
  if (old != nullptr && present) *old = Found{found->second.value, found->second.version};
  if (condition && *condition != (present ? found->second.version : 0)) return {Outcome::conflict, 0};
  if (!account(present ? size_of(*found) : 0, key.size() + value->size() + pair_bytes)) return {Outcome::full, 0};

  const auto expires = ttl && *ttl < never - now ? now + *ttl : never;
  return {Outcome::done, put(shard, found, key, value, expires, replaced)};
}

std::uint64_t KvStore::put(Shard& shard, Pairs::iterator found, std::string_view key, const Value& value,
                           Clock::time_point expires, Value& replaced) {
  if (found == shard.pairs.end()) found = shard.pairs.emplace(key, Pair{}).first;
  Pair& pair = found->second;
  if (pair.expires != never) shard.expiring.erase({pair.expires, &found->first});
  pair.expires = expires;
  if (pair.expires != never) shard.expiring.emplace(pair.expires, &found->first);
  replaced = std::exchange(pair.value, value);
  pair.version = ++shard.last_version;
  return pair.version;
}

KvStore::Outcome KvStore::remove(std::string_view key, Condition condition) {
  {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto now = now_for(shard);
    const auto found = find(shard, key, now);
    purge(shard, now, purged_on_the_way);
    const bool present = found != shard.pairs.end();
    if (condition && *condition != (present ? found->second.version : 0)) return Outcome::conflict;
    if (!present) return Outcome::absent;
    erase(shard, found);
  }
  watches_.tell(key);
  return Outcome::done;
}

}  // namespace wasm_grpc::store
