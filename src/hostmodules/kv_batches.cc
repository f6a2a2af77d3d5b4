#include "hostmodules/kv_batches.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hostmodules/kv_arguments.h"

namespace wasm_grpc::hostmodules {

namespace {

constexpr std::int32_t most_listed = 1000;
/// Stands for the length of a value where a change removes the pair.
constexpr std::uint32_t removes = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t many_header = sizeof(std::int32_t) + sizeof(std::uint64_t);
constexpr std::size_t list_header = 2 * sizeof(std::uint32_t) + sizeof(std::uint64_t) + sizeof(std::int64_t);

/// Takes numbers and text from what a guest has written; all is nothing once there is too little of it.
class Taking {
 public:
  explicit Taking(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <typename T>
  T number() noexcept {
    T value{};
    if (const auto bytes = take(sizeof(T)); !bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string text(std::size_t size) {
    const auto bytes = take(size);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::span<const std::byte> take(std::size_t size) noexcept {
    if (size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  std::span<const std::byte> rest_;
  bool good_ = true;
};

/// Writes where there is room for it, which was looked at before.
class Putting {
 public:
  explicit Putting(std::span<std::byte> room) : room_(room) {}

  template <typename T>
  void number(T value) noexcept {
    std::memcpy(room_.data() + used_, &value, sizeof(T));
    used_ += sizeof(T);
  }
  void text(std::string_view bytes) noexcept {
    if (!bytes.empty()) std::memcpy(room_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  [[nodiscard]] std::size_t left() const noexcept { return room_.size() - used_; }
  [[nodiscard]] std::int32_t used() const noexcept { return static_cast<std::int32_t>(used_); }

 private:
  std::span<std::byte> room_;
  std::size_t used_ = 0;
};

/// One change of a batch, or the answer to one that is not as it should be.
struct ReadChange {
  std::int32_t refusal = OK;
  store::Change change = store::Remove{};
};

ReadChange read_change(Taking& from, std::size_t max_value) {
  const auto key_size = from.number<std::uint32_t>();
  const auto value_size = from.number<std::uint32_t>();
  const auto ttl_ns = from.number<std::int64_t>();
  const auto if_version = from.number<std::int64_t>();
  if (!from.good() || key_size == 0 || key_size > store::max_key_bytes || !is_version(if_version)) return {INVALID};
  std::string key = from.text(key_size);
  if (value_size == removes) {
    return {from.good() ? OK : INVALID, store::Remove{std::move(key), condition(if_version)}};
  }
  if (!from.good() || value_size > from.left() || ttl_ns == 0) return {INVALID};
  if (value_size > max_value) return {TOO_LARGE};
  return {OK, store::Set{std::move(key), from.text(value_size), time_to_live(ttl_ns), condition(if_version)}};
}

bool are_of_different_keys(const std::vector<store::Change>& changes) {
  std::set<std::string_view> keys;
  return std::all_of(changes.begin(), changes.end(),
                     [&](const store::Change& change) { return keys.insert(store::key_of(change)).second; });
}

std::int64_t result_of(const store::Answer& one) noexcept {
  return one.outcome == store::Outcome::done ? static_cast<std::int64_t>(one.number) : number_of(one.outcome);
}

}  // namespace

// ---- What is asked for ----

Asked ask_list(std::string_view prefix, std::string_view after, std::int32_t most, std::size_t room) {
  if (prefix.size() > store::max_key_bytes || after.size() > store::max_key_bytes) return {INVALID};
  if (most < 1 || most > most_listed) return {INVALID};
  const std::size_t fit = room / (list_header + 1) + 1;  // so that what does not fit is seen
  return {OK, store::List{std::string(prefix), std::string(after), std::min(static_cast<std::size_t>(most), fit)}};
}

Asked ask_many(std::span<const std::byte> keys, std::size_t room) {
  store::GetMany many;
  Taking from(keys);
  while (!from.at_end()) {
    std::string& key = many.keys.emplace_back(from.text(from.number<std::uint32_t>()));
    if (!from.good() || !is_key(key) || many.keys.size() > store::max_batch) return {INVALID};
  }
  if (many.keys.empty()) return {INVALID};
  const std::size_t headers = many.keys.size() * many_header;
  if (headers > room) return {TOO_LARGE};
  many.most_bytes = std::min(room - headers, store::max_batch_bytes);
  return {OK, std::move(many)};
}

Asked ask_changes(std::span<const std::byte> changes, bool together, std::size_t max_value, std::size_t room) {
  if (changes.size() > store::max_batch_bytes) return {TOO_LARGE};
  store::ChangeMany many{{}, together};
  Taking from(changes);
  while (!from.at_end()) {
    ReadChange read = read_change(from, max_value);
    if (read.refusal != OK) return {read.refusal};
    many.changes.push_back(std::move(read.change));
    if (many.changes.size() > store::max_batch) return {INVALID};
  }
  if (many.changes.empty() || room < many.changes.size() * sizeof(std::int64_t)) return {INVALID};
  if (together && !are_of_different_keys(many.changes)) return {INVALID};
  return {OK, std::move(many)};
}

Asked ask_change(std::span<const std::byte> change, std::size_t max_value) {
  Taking from(change);
  ReadChange read = read_change(from, max_value);
  if (read.refusal != OK) return {read.refusal};
  if (!from.at_end()) return {INVALID};
  return {OK, std::visit([](auto& one) -> store::Operation { return std::move(one); }, read.change)};
}

Asked ask_list(std::span<const std::byte> request, std::size_t room) {
  Taking from(request);
  const auto most = from.number<std::int32_t>();
  const std::string prefix = from.text(from.number<std::uint32_t>());
  if (!from.good()) return {INVALID};
  return ask_list(prefix, from.text(from.left()), most, room);
}

Asked ask_swap(std::string_view key, std::string_view value, std::int64_t ttl_ns, std::int64_t if_version,
               std::size_t max_value) {
  if (!is_key(key) || ttl_ns == 0 || !is_version(if_version)) return {INVALID};
  if (value.size() > max_value) return {TOO_LARGE};
  return {OK, store::Set{std::string(key), std::string(value), time_to_live(ttl_ns), condition(if_version), true}};
}

// ---- What is answered ----

std::size_t written_size(const store::Answer& answer) noexcept {
  std::size_t size = sizeof(OldPair);
  for (const store::Listed& pair : answer.pairs) size += list_header + pair.key.size();
  for (const store::Answer& one : answer.each) size += many_header + one.value.size();
  return size;
}

std::int32_t write_list(const store::Answer& answer, std::span<std::byte> page) noexcept {
  if (answer.outcome != store::Outcome::done) return number_of(answer.outcome);
  Putting to(page);
  for (const store::Listed& pair : answer.pairs) {
    if (to.left() < list_header + pair.key.size()) return to.used() == 0 ? TOO_LARGE : to.used();
    to.number(static_cast<std::uint32_t>(pair.key.size()));
    to.number(static_cast<std::uint32_t>(pair.value_bytes));
    to.number(pair.version);
    to.number(pair.ttl ? std::int64_t{pair.ttl->count()} : std::int64_t{-1});
    to.text(pair.key);
  }
  return to.used();
}

std::int32_t write_many(const store::Answer& answer, std::span<std::byte> pairs) noexcept {
  if (answer.outcome != store::Outcome::done) return number_of(answer.outcome);
  Putting to(pairs);
  for (const store::Answer& one : answer.each) {
    if (to.left() < many_header + one.value.size()) return TOO_LARGE;
    const bool found = one.outcome == store::Outcome::done;
    to.number(found ? static_cast<std::int32_t>(one.value.size()) : std::int32_t{ABSENT});
    to.number(one.number);
    to.text(one.value);
  }
  return to.used();
}

std::int32_t write_changes(const store::Answer& answer, std::span<std::byte> results) noexcept {
  if (answer.outcome == store::Outcome::unavailable) return UNAVAILABLE;
  Putting to(results);
  for (const store::Answer& one : answer.each) {
    if (to.left() < sizeof(std::int64_t)) break;
    to.number(result_of(one));
  }
  return number_of(answer.outcome);
}

std::int64_t write_swap(const store::Answer& answer, std::span<std::byte> old, OldPair& about) noexcept {
  if (!answer.each.empty() && answer.each[0].outcome == store::Outcome::done) {
    const store::Answer& pair = answer.each[0];
    about = {static_cast<std::int32_t>(pair.value.size()), 0, pair.number};
    if (!pair.value.empty() && pair.value.size() <= old.size()) {
      std::memcpy(old.data(), pair.value.data(), pair.value.size());
    }
  }
  return result_of(answer);
}

}  // namespace wasm_grpc::hostmodules
