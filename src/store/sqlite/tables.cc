#include "store/sqlite/tables.h"

#include <sqlite3.h>

#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace wasm_grpc::store::sqlite {

namespace {

// A change that needs room may have to look at expired pairs first; not at all of a large store at once.
constexpr std::size_t purged_for_room = 1024;

std::int64_t bytes_of(std::size_t key, std::size_t value) {
  return static_cast<std::int64_t>(key + value + pair_bytes);
}

std::optional<std::int64_t> expiry(const Set& operation, WallTime now) {
  if (!operation.ttl) return std::nullopt;
  const std::int64_t ttl = operation.ttl->count();
  // A time that does not fit is that of one that stays.
  return ttl < std::numeric_limits<WallTime>::max() - now ? std::optional(now + ttl) : std::nullopt;
}

Answer no_counter() { return {Outcome::absent, 0, {}}; }

}  // namespace

// ---- Reading ----

Reading::Reading(const Connection& connection)
    : get_(connection,
           "SELECT version, value FROM pairs WHERE space = ?1 AND key = ?2 AND (expires IS NULL OR expires > ?3)"),
      list_(connection,
            "SELECT key, version, length(value), expires FROM pairs WHERE space = ?1 AND key >= ?2 AND key > ?3 AND "
            "(expires IS NULL OR expires > ?4) ORDER BY key LIMIT ?5"),
      load_(connection, "SELECT value FROM counters WHERE id = ?1 AND space = ?2") {}

Answer Reading::apply(const Space& space, const Operation& operation, WallTime now) {
  if (const auto* const get_one = std::get_if<Get>(&operation)) return get(space, *get_one, now);
  if (const auto* const several = std::get_if<GetMany>(&operation)) return get_many(space, *several, now);
  if (const auto* const list_some = std::get_if<List>(&operation)) return list(space, *list_some, now);
  if (const auto* const load_one = std::get_if<LoadCounter>(&operation)) return load(space, *load_one);
  return {};
}

Answer Reading::get(const Space& space, const Get& operation, WallTime now) {
  const Statement::Use use(get_);
  if (!get_.bind(1, space.id).bind(2, std::string_view(operation.key)).bind(3, now).step()) {
    return {Outcome::absent, 0, {}};
  }
  return {Outcome::done, static_cast<std::uint64_t>(use->number(0)), std::string(use->blob(1))};
}

Answer Reading::get_many(const Space& space, const GetMany& operation, WallTime now) {
  Answer answer{Outcome::done};
  std::size_t bytes = 0;
  for (const std::string& key : operation.keys) {
    const Answer& one = answer.each.emplace_back(get(space, {key}, now));
    bytes += one.value.size();
    if (bytes > operation.most_bytes) return {Outcome::too_large};
  }
  return answer;
}

Answer Reading::list(const Space& space, const List& operation, WallTime now) {
  const Statement::Use use(list_);
  list_.bind(1, space.id)
      .bind(2, std::string_view(operation.prefix))
      .bind(3, std::string_view(operation.after))
      .bind(4, now)
      .bind(5, static_cast<std::int64_t>(operation.most));
  Answer answer{Outcome::done, 0, {}};
  while (list_.step()) {
    const std::string_view key = use->blob(0);
    if (!key.starts_with(operation.prefix)) break;  // nor does any that comes after it
    Listed& one = answer.pairs.emplace_back();
    one.key = key;
    one.version = static_cast<std::uint64_t>(use->number(1));
    one.value_bytes = static_cast<std::size_t>(use->number(2));
    if (!use->is_null(3)) one.ttl = std::chrono::nanoseconds(use->number(3) - now);
  }
  return answer;
}

Answer Reading::load(const Space& space, const LoadCounter& operation) {
  const Statement::Use use(load_);
  if (!load_.bind(1, operation.counter).bind(2, space.id).step()) return no_counter();
  return {Outcome::done, static_cast<std::uint64_t>(use->number(0)), {}};
}

// ---- Writing ----

Writing::Writing(const Connection& connection)
    : connection_(connection),
      data_version_(connection, "PRAGMA data_version"),
      find_(connection,
            "SELECT id, version, length(key) + length(value), expires FROM pairs WHERE space = ?1 AND key = ?2"),
      value_(connection, "SELECT value FROM pairs WHERE id = ?1"),
      insert_(connection, "INSERT INTO pairs(space, key, version, expires, value) VALUES(?1, ?2, ?3, ?4, ?5)"),
      update_(connection, "UPDATE pairs SET version = ?2, value = ?3 WHERE id = ?1"),
      update_expiry_(connection, "UPDATE pairs SET version = ?2, value = ?3, expires = ?4 WHERE id = ?1"),
      erase_(connection, "DELETE FROM pairs WHERE id = ?1"),
      expired_(connection,
               "SELECT id, length(key) + length(value), key FROM pairs WHERE space = ?1 AND expires IS NOT NULL AND "
               "expires <= ?2 ORDER BY expires LIMIT ?3"),
      find_counter_(connection, "SELECT id FROM counters WHERE space = ?1 AND name = ?2"),
      insert_counter_(connection, "INSERT INTO counters(space, name) VALUES(?1, ?2) RETURNING id"),
      load_counter_(connection, "SELECT value FROM counters WHERE id = ?1 AND space = ?2"),
      store_counter_(connection, "UPDATE counters SET value = ?2 WHERE id = ?1"),
      load_sums_(connection, "SELECT bytes, last_version, counters FROM spaces WHERE id = ?1"),
      store_sums_(connection, "UPDATE spaces SET bytes = ?2, last_version = ?3, counters = ?4 WHERE id = ?1") {}

Answer Writing::apply(const Space& space, const Operation& operation, WallTime now) {
  if (const auto* const set_one = std::get_if<Set>(&operation)) return set(space, *set_one, now);
  if (const auto* const remove_one = std::get_if<Remove>(&operation)) return remove(space, *remove_one, now);
  if (const auto* const several = std::get_if<ChangeMany>(&operation)) {
    return several->together ? change_together(space, several->changes, now)
                             : change_each(space, several->changes, now);
  }
  if (const auto* const find_one = std::get_if<FindCounter>(&operation)) return find_counter(space, *find_one);
  if (const auto* const change_one = std::get_if<ChangeCounter>(&operation)) return change_counter(space, *change_one);
  return {};
}

void Writing::begin() {
  std::int64_t version = 0;
  {
    // Of changes by other connections, of this process too: our own leave it as it is.
    const Statement::Use use(data_version_);
    if (data_version_.step()) version = use->number(0);
  }
  if (!std::exchange(as_known_, false) || version != known_at_) {
    spaces_.clear();
    pairs_.clear();
  }
  known_at_ = version;
}

void Writing::end() {
  for (auto& [id, sums] : spaces_) {
    if (!sums.changed) continue;
    store_sums_.bind(1, id).bind(2, sums.bytes).bind(3, sums.last_version).bind(4, sums.counters).run();
    sums.changed = false;
  }
}

Writing::Sums& Writing::sums_of(const Space& space) {
  const auto [found, made] = spaces_.try_emplace(space.id);
  if (made) {
    const Statement::Use use(load_sums_);
    if (load_sums_.bind(1, space.id).step()) found->second = {use->number(0), use->number(1), use->number(2)};
  }
  return found->second;
}

Writing::Present Writing::find(const Space& space, std::string_view key, WallTime now) {
  const auto present = [now](const KnownPair& pair) -> Present {
    return {pair, true, pair.expires && *pair.expires <= now};
  };
  if (const KnownPair* const known = pairs_.find(space.id, key)) return present(*known);
  const Statement::Use use(find_);
  if (!find_.bind(1, space.id).bind(2, key).step()) return {};
  KnownPair found{use->number(0), use->number(1), use->number(2) + static_cast<std::int64_t>(pair_bytes), {}};
  if (!use->is_null(3)) found.expires = use->number(3);
  pairs_.put(space.id, key, found);
  return present(found);
}

void Writing::erase(const Space& space, std::string_view key, const KnownPair& present) {
  pairs_.erase(space.id, key);
  erase_.bind(1, present.id).run();
  Sums& sums = sums_of(space);
  sums.bytes -= present.bytes;
  sums.changed = true;
}

void Writing::skip_version(const Space& space) {
  Sums& sums = sums_of(space);
  ++sums.last_version;
  sums.changed = true;
}

std::size_t Writing::purge(const Space& space, WallTime now, std::size_t most) {
  std::vector<std::pair<std::string, KnownPair>> gone;
  {
    const Statement::Use use(expired_);
    expired_.bind(1, space.id).bind(2, now).bind(3, static_cast<std::int64_t>(most));
    while (expired_.step()) {
      const std::int64_t bytes = use->number(1) + static_cast<std::int64_t>(pair_bytes);
      gone.emplace_back(use->blob(2), KnownPair{use->number(0), 0, bytes, {}});
    }
  }
  for (const auto& [key, pair] : gone) erase(space, key, pair);
  return gone.size();
}

bool Writing::make_room(const Space& space, std::int64_t more, WallTime now) {
  const auto fits = [&] {
    const Sums& sums = sums_of(space);
    return more <= 0 || static_cast<std::uint64_t>(sums.bytes + more) <= space.max_bytes;
  };
  if (fits()) return true;
  return purge(space, now, purged_for_room) > 0 && fits();
}

Answer Writing::set(const Space& space, const Set& operation, WallTime now) {
  Present present = find(space, operation.key, now);
  Answer answer{Outcome::conflict};
  if (operation.tells_old) {
    Answer& old = answer.each.emplace_back(Answer{Outcome::absent});
    if (present.seen_version() != 0) {
      const Statement::Use use(value_);
      if (value_.bind(1, present.id).step()) old = {Outcome::done, present.seen_version(), std::string(use->blob(0))};
    }
  }
  if (operation.condition && *operation.condition != present.seen_version()) return answer;
  if (present.expired) {
    erase(space, operation.key, present);
    present = {};
  }
  answer.outcome = Outcome::full;
  if (!make_room(space, bytes_of(operation.key.size(), operation.value.size()) - present.bytes, now)) return answer;
  answer.outcome = Outcome::done;
  answer.number = put(space, operation, present, now);
  return answer;
}

std::uint64_t Writing::put(const Space& space, const Set& operation, const Present& present, WallTime now) {
  Sums& sums = sums_of(space);
  const std::int64_t version = ++sums.last_version;
  KnownPair pair{present.id, version, bytes_of(operation.key.size(), operation.value.size()), expiry(operation, now)};
  sums.bytes += pair.bytes - present.bytes;
  sums.changed = true;
  if (present.there && pair.expires == present.expires) {  // its index stays as it is, which need not be looked at
    update_.bind(1, pair.id).bind(2, version).bind(3, std::string_view(operation.value)).run();
  } else if (present.there) {
    update_expiry_.bind(1, pair.id)
        .bind(2, version)
        .bind(3, std::string_view(operation.value))
        .bind(4, pair.expires)
        .run();
  } else {
    insert_.bind(1, space.id)
        .bind(2, std::string_view(operation.key))
        .bind(3, version)
        .bind(4, pair.expires)
        .bind(5, std::string_view(operation.value))
        .run();
    pair.id = connection_.last_inserted();
  }
  // What is known of a file that something else has damaged may be wrong.
  if (connection_.rows_changed() != 1) throw Failure(SQLITE_CORRUPT, "a row that was there is gone");
  pairs_.put(space.id, operation.key, pair);
  return static_cast<std::uint64_t>(version);
}

Answer Writing::remove(const Space& space, const Remove& operation, WallTime now) {
  const Present present = find(space, operation.key, now);
  if (operation.condition && *operation.condition != present.seen_version()) return {Outcome::conflict, 0, {}};
  if (!present.there) return {Outcome::absent, 0, {}};
  erase(space, operation.key, present);
  return {present.expired ? Outcome::absent : Outcome::done, 0, {}};
}

Answer Writing::change_each(const Space& space, const std::vector<Change>& changes, WallTime now) {
  Answer answer{Outcome::done};
  for (const Change& change : changes) {
    const auto* const one = std::get_if<Set>(&change);
    answer.each.push_back(one != nullptr ? set(space, *one, now) : remove(space, *std::get_if<Remove>(&change), now));
  }
  return answer;
}

// Looks at all before anything that counts is changed: other changes of the transaction stay when these are not made.
Answer Writing::change_together(const Space& space, const std::vector<Change>& changes, WallTime now) {
  Answer answer{Outcome::done};
  std::int64_t more = 0;
  for (const Change& change : changes) {
    Present present = find(space, key_of(change), now);
    if (present.expired) {
      erase(space, key_of(change), present);
      present = {};
    }
    const auto* const one = std::get_if<Set>(&change);
    const Condition condition = one != nullptr ? one->condition : std::get_if<Remove>(&change)->condition;
    const bool holds = !condition || *condition == present.seen_version();
    if (!holds) answer.outcome = Outcome::conflict;
    const bool nothing = one == nullptr && present.seen_version() == 0;
    answer.each.push_back({!holds ? Outcome::conflict : nothing ? Outcome::absent : Outcome::done});
    more += (one != nullptr ? bytes_of(one->key.size(), one->value.size()) : 0) - present.bytes;
  }
  if (answer.outcome != Outcome::done) return answer;
  if (!make_room(space, more, now)) {
    answer.outcome = Outcome::full;
    return answer;
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Present present = find(space, key_of(changes[i]), now);
    if (const auto* const one = std::get_if<Set>(&changes[i])) {
      answer.each[i].number = put(space, *one, present, now);
    } else if (present.there) {
      erase(space, key_of(changes[i]), present);
    }
  }
  return answer;
}

Answer Writing::find_counter(const Space& space, const FindCounter& operation) {
  {
    const Statement::Use use(find_counter_);
    if (find_counter_.bind(1, space.id).bind(2, std::string_view(operation.name)).step()) {
      return {Outcome::done, static_cast<std::uint64_t>(use->number(0)), {}};
    }
  }
  Sums& sums = sums_of(space);
  if (static_cast<std::uint64_t>(sums.counters) >= space.max_counters) return {Outcome::full, 0, {}};
  const Statement::Use use(insert_counter_);
  if (!insert_counter_.bind(1, space.id).bind(2, std::string_view(operation.name)).step()) return {};
  const auto id = static_cast<std::uint64_t>(use->number(0));
  while (insert_counter_.step()) {
  }
  ++sums.counters;
  sums.changed = true;
  return {Outcome::done, id, {}};
}

Answer Writing::change_counter(const Space& space, const ChangeCounter& operation) {
  std::uint64_t before = 0;
  {
    const Statement::Use use(load_counter_);
    if (!load_counter_.bind(1, operation.counter).bind(2, space.id).step()) return no_counter();
    before = static_cast<std::uint64_t>(use->number(0));
  }
  using Kind = ChangeCounter::Kind;
  const bool adds = operation.kind == Kind::add;
  const std::uint64_t after = adds ? before + operation.operand : operation.operand;
  if (operation.kind != Kind::compare_exchange || before == operation.expected) {
    store_counter_.bind(1, operation.counter).bind(2, static_cast<std::int64_t>(after)).run();
  }
  return {Outcome::done, adds ? after : before, {}};
}

}  // namespace wasm_grpc::store::sqlite
