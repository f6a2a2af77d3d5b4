#include "store/memory/counter_table.h"

namespace wasm_grpc::store {

CounterTable::CounterTable(std::uint32_t max_counters)
    : max_(max_counters), blocks_((std::size_t{max_counters} + block_size - 1) / block_size) {}

std::optional<std::uint32_t> CounterTable::number_of(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  const std::uint32_t number = count_.load(std::memory_order_relaxed);
  if (number >= max_) return std::nullopt;
  std::unique_ptr<Padded[]>& block = blocks_[number / block_size];
  if (block == nullptr) block = std::make_unique<Padded[]>(block_size);
  numbers_.emplace(name, number);
  count_.store(number + 1, std::memory_order_release);
  return number;
}

}  // namespace wasm_grpc::store
