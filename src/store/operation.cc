#include "store/operation.h"

#include <array>
#include <type_traits>

namespace wasm_grpc::store {

std::string_view name_of(const Operation& operation) noexcept {
  // In the order of the variant; what comes after them is of counters.
  constexpr std::array<std::string_view, 6> names = {"get", "set", "remove", "get of several", "change of several",
                                                     "list"};
  static_assert(std::is_same_v<std::variant_alternative_t<names.size() - 1, Operation>, List>);
  return operation.index() < names.size() ? names[operation.index()] : "counter operation";
}

bool changes(const Operation& operation) noexcept {
  return !std::holds_alternative<Get>(operation) && !std::holds_alternative<GetMany>(operation) &&
         !std::holds_alternative<List>(operation) && !std::holds_alternative<LoadCounter>(operation);
}

const std::string& key_of(const Change& change) noexcept {
  const auto* const set = std::get_if<Set>(&change);
  return set != nullptr ? set->key : std::get_if<Remove>(&change)->key;
}

std::size_t count_of(const Operation& operation) noexcept {
  if (const auto* const many = std::get_if<GetMany>(&operation)) return many->keys.size();
  if (const auto* const many = std::get_if<ChangeMany>(&operation)) return many->changes.size();
  return 1;
}

std::size_t size_of(const Operation& operation) noexcept {
  constexpr std::size_t fixed = 256;
  if (const auto* const get = std::get_if<Get>(&operation)) return fixed + get->key.size();
  if (const auto* const set = std::get_if<Set>(&operation)) return fixed + set->key.size() + set->value.size();
  if (const auto* const remove = std::get_if<Remove>(&operation)) return fixed + remove->key.size();
  if (const auto* const many = std::get_if<GetMany>(&operation)) {
    std::size_t size = fixed;
    for (const std::string& key : many->keys) size += sizeof(std::string) + key.size();
    return size;
  }
  if (const auto* const many = std::get_if<ChangeMany>(&operation)) {
    std::size_t size = fixed;
    for (const Change& change : many->changes) {
      const auto* const set = std::get_if<Set>(&change);
      size += sizeof(Change) + key_of(change).size() + (set == nullptr ? 0 : set->value.size());
    }
    return size;
  }
  if (const auto* const list = std::get_if<List>(&operation)) return fixed + list->prefix.size() + list->after.size();
  if (const auto* const find = std::get_if<FindCounter>(&operation)) return fixed + find->name.size();
  return fixed;
}

}  // namespace wasm_grpc::store
