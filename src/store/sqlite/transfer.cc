#include "store/sqlite/transfer.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/sqlite/connection.h"
#include "store/sqlite/file.h"
#include "store/sqlite/tables.h"

namespace wasm_grpc::store::sqlite {

namespace {

constexpr std::chrono::milliseconds patience{5'000};

WallTime wall_time() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Error failed(const std::string& path, const std::string& why) { return Error{"the store " + path + ": " + why}; }

void attach(const Connection& connection, const std::string& path) {
  Statement(connection, "ATTACH ?1 AS other").bind(1, std::string_view(path)).run();
}

std::size_t run_counted(const Connection& connection, Statement& statement) {
  statement.run();
  return static_cast<std::size_t>(connection.rows_changed());
}

/// The number of the space of that name; 0 where there is none.
std::int64_t find_space(const Connection& connection, const std::string& name) {
  Statement find(connection, "SELECT id FROM main.spaces WHERE name = CAST(?1 AS TEXT)");
  return find.bind(1, std::string_view(name)).step() ? find.number(0) : 0;
}

Copied copy_rows_out(const Connection& connection, std::int64_t space) {
  connection.run("BEGIN");
  Statement spaces(connection,
                   "INSERT INTO other.spaces(id, name, bytes, last_version, counters) "
                   "SELECT 1, name, bytes, last_version, counters FROM main.spaces WHERE id = ?1");
  spaces.bind(1, space).run();
  Statement pairs(connection,
                  "INSERT INTO other.pairs(space, key, version, expires, value) "
                  "SELECT 1, key, version, expires, value FROM main.pairs WHERE space = ?1 ORDER BY key");
  Statement counters(connection,
                     "INSERT INTO other.counters(space, name, value) "
                     "SELECT 1, name, value FROM main.counters WHERE space = ?1 ORDER BY id");
  const Copied copied{run_counted(connection, pairs.bind(1, space)), run_counted(connection, counters.bind(1, space))};
  connection.run("COMMIT");
  return copied;
}

/// The space of the other file that is meant.
Result<std::int64_t> choose_space(const Connection& connection, const std::string& name, const std::string& from) {
  Statement all(connection, "SELECT id, CAST(name AS BLOB) FROM other.spaces ORDER BY id");
  std::int64_t only = 0;
  std::string names;
  std::size_t count = 0;
  while (all.step()) {
    const std::string other(all.blob(1));
    only = all.number(0);
    if (other == name) return only;
    names += (count++ == 0 ? "" : ", ") + other;
  }
  if (count == 1) return only;
  return failed(from, count == 0 ? "has no module's state in it"
                                 : "has nothing of " + name + ", but of several others: " + names);
}

constexpr const char* pairs_of_copy =
    "SELECT key, value, expires FROM other.pairs WHERE space = ?1 AND (expires IS NULL OR expires > ?2) ORDER BY key";
constexpr const char* counters_of_copy = "SELECT name, value FROM other.counters WHERE space = ?1 ORDER BY id";

Set pair_of(const Statement& row, WallTime now) {
  Set set{std::string(row.blob(0)), std::string(row.blob(1))};
  if (!row.is_null(2)) set.ttl = std::chrono::nanoseconds(row.number(2) - now);
  return set;
}

Result<std::size_t> copy_pairs_in(const Connection& connection, Writing& writing, const Space& space, std::int64_t from,
                                  std::size_t max_value) {
  Statement pairs(connection, pairs_of_copy);
  const WallTime now = wall_time();
  std::size_t count = 0;
  pairs.bind(1, from).bind(2, now);
  while (pairs.step()) {
    Set set = pair_of(pairs, now);
    if (set.value.size() > max_value) {
      return Error{"a value has " + std::to_string(set.value.size()) + " bytes; the module's may have " +
                   std::to_string(max_value) + " (max-kv-value)"};
    }
    if (writing.apply(space, set, now).outcome != Outcome::done) {
      return Error{"it does not fit: the module's store may have " + std::to_string(space.max_bytes) +
                   " bytes (max-kv-bytes)"};
    }
    ++count;
  }
  return count;
}

Result<std::size_t> copy_counters_in(const Connection& connection, Writing& writing, const Space& space,
                                     std::int64_t from) {
  Statement counters(connection, counters_of_copy);
  std::size_t count = 0;
  counters.bind(1, from);
  while (counters.step()) {
    const Answer counter = writing.apply(space, FindCounter{std::string(counters.blob(0))}, 0);
    if (counter.outcome != Outcome::done) {
      return Error{"the module may have " + std::to_string(space.max_counters) + " counters (max-counters)"};
    }
    const ChangeCounter change{static_cast<std::int64_t>(counter.number), ChangeCounter::Kind::store,
                               static_cast<std::uint64_t>(counters.number(1))};
    static_cast<void>(writing.apply(space, change, 0));
    ++count;
  }
  return count;
}

}  // namespace

Result<Copied> copy_out(const std::string& path, const std::string& space, const std::string& to) {
  return make_copy(to, [&](const std::string& part) -> Result<Copied> {
    try {
      const Connection connection(path, Access::write, patience);
      const std::int64_t id = find_space(connection, space);
      if (id == 0) return failed(path, "has nothing of a module " + space);
      attach(connection, part);
      return copy_rows_out(connection, id);
    } catch (const Failure& failure) {
      return failed(path, failure.what());
    }
  });
}

Result<Copied> make_copy(const std::string& to, const std::function<Result<Copied>(const std::string& part)>& fill) {
  std::error_code error;
  if (std::filesystem::exists(to, error)) return Error{to + " is there already; name a file that is not"};
  const std::string part = to + ".part";
  std::filesystem::remove(part, error);
  if (auto made = open_file(part, patience); !made.ok()) return std::move(made).error();
  const auto give_up = [&](Error why) {
    for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(part + suffix, error);
    return why;
  };
  auto copied = fill(part);
  if (!copied.ok()) return give_up(copied.error());
  try {
    Connection(part, Access::write, patience).run("PRAGMA journal_mode = DELETE");  // all of it is in the one file then
  } catch (const Failure& failure) {
    return give_up(failed(part, failure.what()));
  }
  std::filesystem::rename(part, to, error);
  if (error) return give_up(Error{to + " cannot be written: " + error.message()});
  return copied;
}

Result<Copied> read_copy(const std::string& from, const std::string& space, const std::function<Result<>(Set)>& on_pair,
                         const std::function<Result<>(const std::string& name, std::uint64_t value)>& on_counter) {
  std::error_code error;
  if (!std::filesystem::exists(from, error)) return Error{from + " is not there"};
  if (auto ours = look_at_file(from); !ours.ok()) return std::move(ours).error();
  try {
    const Connection connection(from, Access::read, patience);
    attach(connection, from);
    const auto source = choose_space(connection, space, from);
    if (!source.ok()) return source.error();
    Copied copied;
    const WallTime now = wall_time();
    Statement pairs(connection, pairs_of_copy);
    pairs.bind(1, source.value()).bind(2, now);
    for (; pairs.step(); ++copied.pairs) {
      if (auto taken = on_pair(pair_of(pairs, now)); !taken.ok()) return std::move(taken).error();
    }
    Statement counters(connection, counters_of_copy);
    counters.bind(1, source.value());
    for (; counters.step(); ++copied.counters) {
      auto taken = on_counter(std::string(counters.blob(0)), static_cast<std::uint64_t>(counters.number(1)));
      if (!taken.ok()) return std::move(taken).error();
    }
    return copied;
  } catch (const Failure& failure) {
    return failed(from, failure.what());
  }
}

Result<Copied> copy_in(const std::string& path, const std::string& space, const std::string& from,
                       const SharedStateLimits& limits) {
  std::error_code error;
  if (!std::filesystem::exists(from, error)) return Error{from + " is not there"};
  if (auto ours = look_at_file(from); !ours.ok()) return std::move(ours).error();
  const auto id = open_space(path, space, patience);
  if (!id.ok()) return id.error();
  try {
    const Connection connection(path, Access::write, patience);
    attach(connection, from);
    const auto source = choose_space(connection, space, from);
    if (!source.ok()) return source.error();
    const Space into{id.value(), limits.max_kv_bytes, limits.max_counters};
    Writing writing(connection);
    connection.run("BEGIN IMMEDIATE");
    writing.begin();
    const auto pairs = copy_pairs_in(connection, writing, into, source.value(), limits.max_kv_value);
    if (!pairs.ok()) return pairs.error();  // the connection's end undoes what was begun
    const auto counters = copy_counters_in(connection, writing, into, source.value());
    if (!counters.ok()) return counters.error();
    writing.end();
    connection.run("COMMIT");
    return Copied{pairs.value(), counters.value()};
  } catch (const Failure& failure) {
    return failed(path, failure.what());
  }
}

}  // namespace wasm_grpc::store::sqlite
