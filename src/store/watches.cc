#include "store/watches.h"

#include <algorithm>

namespace wasm_grpc::store {

void Watches::add(const Watched& watched, std::shared_ptr<Watcher> watcher) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    Watchers& watchers = (watched.prefix ? prefixes_ : keys_)[watched.key];
    if (watched.prefix && watchers.empty()) ++lengths_[watched.key.size()];
    watchers.push_back(std::move(watcher));
    first = count_.fetch_add(1, std::memory_order_release) == 0;
  }
  if (first && when_watched_) when_watched_();
}

void Watches::remove(const Watched& watched, const Watcher* watcher) noexcept {
  std::shared_ptr<Watcher> gone;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  Table& table = watched.prefix ? prefixes_ : keys_;
  const auto found = table.find(watched.key);
  if (found == table.end()) return;
  Watchers& watchers = found->second;
  const auto place =
      std::find_if(watchers.begin(), watchers.end(), [&](const auto& one) { return one.get() == watcher; });
  if (place == watchers.end()) return;
  gone = std::move(*place);
  watchers.erase(place);
  count_.fetch_sub(1, std::memory_order_release);
  if (!watchers.empty()) return;
  table.erase(found);
  if (!watched.prefix) return;
  const auto length = lengths_.find(watched.key.size());
  if (--length->second == 0) lengths_.erase(length);
}

void Watches::tell_watchers(std::string_view key) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto tell_all = [key](const Table& table, std::string_view name) {
    const auto found = table.find(name);
    if (found == table.end()) return;
    for (const auto& watcher : found->second) watcher->changed(key);
  };
  tell_all(keys_, key);
  for (const auto& [length, count] : lengths_) {
    if (length > key.size()) break;
    tell_all(prefixes_, key.substr(0, length));
  }
}

void Watches::tell(const Operation& operation, const Answer& answer) const noexcept {
  if (!any() || answer.outcome != Outcome::done) return;
  if (const auto* const set = std::get_if<Set>(&operation)) return tell_watchers(set->key);
  if (const auto* const remove = std::get_if<Remove>(&operation)) return tell_watchers(remove->key);
  const auto* const many = std::get_if<ChangeMany>(&operation);
  if (many == nullptr) return;
  for (std::size_t i = 0; i < many->changes.size() && i < answer.each.size(); ++i) {
    if (answer.each[i].outcome == Outcome::done) tell_watchers(key_of(many->changes[i]));
  }
}

void Watches::tell_missed() const noexcept {
  const std::lock_guard lock(mutex_);
  for (const Table* const table : {&keys_, &prefixes_}) {
    for (const auto& [name, watchers] : *table) {
      for (const auto& watcher : watchers) watcher->may_have_missed();
    }
  }
}

}  // namespace wasm_grpc::store
