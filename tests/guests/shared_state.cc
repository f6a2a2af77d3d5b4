// A guest that keeps what its instances share with the host: counters and a key-value store. Messages are plain text.
#include <wasm_grpc/guest.h>
#include <wasm_grpc/guest/atomics.h>
#include <wasm_grpc/guest/kv.h>
#include <wasm_grpc/guest/kv_many.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace wasm_grpc::guest;

namespace {

/// The part up to the next space, which is taken away with it.
std::string_view word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view first = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return first;
}

Status failed(kv::Outcome outcome) {
  switch (outcome) {
    case kv::Outcome::absent:
      return Status::not_found();
    case kv::Outcome::conflict:
      return Status::aborted();
    case kv::Outcome::full:
    case kv::Outcome::too_large:
      return Status::resource_exhausted(outcome == kv::Outcome::full ? "full" : "too large");
    case kv::Outcome::unavailable:
      return Status::unavailable("the store is away");
    default:
      return Status::invalid_argument();
  }
}

/// "NAME": adds 1.
Reply count(Context&, Bytes name) {
  const Counter counter = Counter::named(name.text());
  if (!counter.valid()) return Status::resource_exhausted();
  return std::to_string(counter.add());
}

/// "NAME": adds 1 by comparing and exchanging.
Reply count_by_comparing(Context&, Bytes name) {
  const Counter counter = Counter::named(name.text());
  while (true) {
    const std::int64_t value = counter.load();
    if (counter.compare_exchange(value, value + 1) == value) return std::to_string(value + 1);
  }
}

/// Uses a counter that is none.
Reply misuse(Context&, Bytes) { return std::to_string(Counter::named("").load()); }

/// "KEY": its value.
Reply get(Context&, Bytes key) {
  auto result = kv::find(key.text());
  if (!result) return failed(result.outcome);
  return std::move(result.found.value);
}

/// "KEY MILLISECONDS VALUE": 0 milliseconds are for ever.
Reply set(Context&, Bytes request) {
  std::string_view rest = request.text();
  const std::string_view key = word(rest);
  const auto ttl = std::chrono::milliseconds(std::atoi(std::string(word(rest)).c_str()));
  kv::SetOptions options;
  if (ttl.count() > 0) options.ttl = ttl;
  const auto done = kv::set(key, rest, options);
  if (!done) return failed(done.outcome);
  return Bytes();
}

/// "KEY"
Reply remove_pair(Context&, Bytes key) {
  const kv::Outcome outcome = kv::remove(key.text());
  if (outcome != kv::Outcome::ok) return failed(outcome);
  return Bytes();
}

/// "KEY": adds one character to its value, whoever else does, and says how often it had to try.
Reply append(Context&, Bytes key) {
  for (int tries = 1;; ++tries) {
    const auto [outcome, found] = kv::find(key.text());
    if (outcome != kv::Outcome::ok && outcome != kv::Outcome::absent) return failed(outcome);
    const auto done = kv::set(key.text(), found.value + "x", {.if_version = found.version});
    if (done) return std::to_string(tries);
    if (done.outcome != kv::Outcome::conflict) return failed(done.outcome);
  }
}

std::string name_of(kv::Outcome outcome) {
  switch (outcome) {
    case kv::Outcome::ok:
      return "ok";
    case kv::Outcome::absent:
      return "Absent";
    case kv::Outcome::conflict:
      return "Conflict";
    default:
      return "?";
  }
}

std::string value_of(const kv::FindResult& found) { return found ? found.found.value : name_of(found.outcome); }

/// "PREFIX": what the functions for several pairs answer, below keys that begin so.
Reply many(Context&, Bytes request) {
  const std::string prefix(request.text());
  const std::string a = prefix + "a", b = prefix + "b", c = prefix + "c", d = prefix + "d";
  std::string told = "each";
  const kv::SetOptions if_new{.if_version = 0};
  for (const auto& one : kv::change_each(kv::Changes().set(a, "1").set(b, "22", if_new).remove(c)).each) {
    told += " " + name_of(one.outcome);
  }
  told += "\nall " + name_of(kv::change_all(kv::Changes().set(a, "x").set(b, "y", if_new)).outcome);
  if (const auto done = kv::change_all(kv::Changes().set(a, "333").set(d, "4444", if_new)); !done) {
    return failed(done.outcome);
  }
  told += "\nmany";
  for (const auto& found : kv::get_many(std::vector{a, c, d}).found) told += " " + value_of(found);
  for (kv::Page page = kv::list(prefix, "", 2); !page.next.empty(); page = kv::list(prefix, page.next, 2)) {
    told += "\nlist";
    for (const auto& pair : page.pairs) {
      told += " " + pair.key.substr(prefix.size()) + ":" + std::to_string(pair.value_bytes);
    }
  }
  told += "\nswap";
  for (const std::string& key : {a, c}) told += " " + value_of(kv::swap(key, "5").old);
  return told + "\nconflict " + value_of(kv::swap(a, "6", if_new).old);
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  Counter::named("starts").add();
  registry.service("shared.State")
      .unary("Count", count)
      .unary("CountByComparing", count_by_comparing)
      .unary("Misuse", misuse)
      .unary("Get", get)
      .unary("Set", set)
      .unary("Remove", remove_pair)
      .unary("Append", append)
      .unary("Many", many);
}
