#include "runtime/instances/module_grants.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::runtime {

bool GrantedTarget::allows(std::string_view path) const noexcept {
  if (grant_.methods.empty()) return true;
  return std::ranges::any_of(grant_.methods, [&](const std::string& prefix) { return path.starts_with(prefix); });
}

bool GrantedTarget::begin() noexcept {
  if (open_.fetch_add(1, std::memory_order_relaxed) < grant_.max_concurrent) return true;
  open_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

ModuleGrants::ModuleGrants(std::string module, const std::vector<TargetGrant>& grants, bool may_lack)
    : module_(std::move(module)), may_lack_(may_lack) {
  for (const TargetGrant& grant : grants) targets_.push_back(std::make_unique<GrantedTarget>(grant));
}

GrantedTarget* ModuleGrants::find(std::string_view target) const noexcept {
  const auto found = std::ranges::find_if(targets_, [&](const auto& granted) { return granted->name() == target; });
  return found == targets_.end() ? nullptr : found->get();
}

}  // namespace wasm_grpc::runtime
