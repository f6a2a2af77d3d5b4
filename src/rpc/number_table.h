// A table of calls or streams by their numbers, which go up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wasm_grpc::rpc {

/// A hash table with linear probing: numbers that follow each other fall into slots that follow each other. Growing is
/// the only allocation. `EntryType` has the number as `id`, which is 0 in an empty one.
template <typename EntryType>
class NumberTable {
 public:
  using Entry = EntryType;

  /// The entry of a call, or nullptr. Valid until the table changes.
  [[nodiscard]] Entry* find(std::int32_t id) noexcept {
    if (entries_.empty() || id <= 0) return nullptr;
    for (std::size_t at = home(id); entries_[at].id != 0; at = next(at)) {
      if (entries_[at].id == id) return &entries_[at];
    }
    return nullptr;
  }

  [[nodiscard]] const Entry* find(std::int32_t id) const noexcept { return const_cast<NumberTable*>(this)->find(id); }

  /// `entry.id` is greater than 0 and not in the table.
  void insert(const Entry& entry) {
    if ((size_ + 1) * 2 > entries_.size()) grow();
    place(entry);
    ++size_;
  }

  void erase(std::int32_t id) noexcept {
    Entry* const found = find(id);
    if (found == nullptr) return;
    // What follows without a gap moves up where its way from home would otherwise be cut.
    auto hole = static_cast<std::size_t>(found - entries_.data());
    for (std::size_t at = next(hole); entries_[at].id != 0; at = next(at)) {
      const std::size_t from_home = (at - home(entries_[at].id)) & mask();
      const std::size_t from_hole = (at - hole) & mask();
      if (from_home < from_hole) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
    --size_;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// In no order; the table does not change meanwhile.
  template <typename Function>
  void for_each(Function function) const {
    for (const Entry& entry : entries_) {
      if (entry.id != 0) function(entry);
    }
  }

 private:
  [[nodiscard]] std::size_t mask() const noexcept { return entries_.size() - 1; }
  [[nodiscard]] std::size_t home(std::int32_t id) const noexcept { return static_cast<std::size_t>(id) & mask(); }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }

  void place(const Entry& entry) noexcept {
    std::size_t at = home(entry.id);
    while (entries_[at].id != 0) at = next(at);
    entries_[at] = entry;
  }

  void grow() {
    std::vector<Entry> old(entries_.empty() ? 16 : entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.id != 0) place(entry);
    }
  }

  std::vector<Entry> entries_;  // none, or a power of two, half of them empty
  std::size_t size_ = 0;
};

}  // namespace wasm_grpc::rpc
