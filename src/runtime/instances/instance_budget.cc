#include "runtime/instances/instance_budget.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace wasm_grpc::runtime {

namespace {
constexpr std::uint32_t largest_reserve = 8;
}  // namespace

// ---- The budget ----

InstanceBudget::InstanceBudget(std::uint32_t max, std::uint32_t max_per_module)
    : max_(max), max_per_module_(std::min(max_per_module, max)), free_(max) {}

std::uint32_t InstanceBudget::max_of(const Module& module) const noexcept {
  if (module.max != 0) return std::min(module.max, max_);
  if (max_per_module_ != 0) return max_per_module_;
  const auto modules = static_cast<std::uint32_t>(modules_.size());
  if (modules > max_) return max_;  // there is not one for each: they take turns
  return max_ - (modules - 1) * std::max(max_ / (2 * modules), 1U);
}

InstanceBudget::Module& InstanceBudget::module_of(const InstanceClaim& claim) noexcept {
  return *std::find_if(modules_.begin(), modules_.end(), [&](const Module& one) { return one.key == claim.module_; });
}
const InstanceBudget::Module& InstanceBudget::module_of(const InstanceClaim& claim) const noexcept {
  return *std::find_if(modules_.begin(), modules_.end(), [&](const Module& one) { return one.key == claim.module_; });
}

bool InstanceBudget::may_grow(const InstanceClaim& claim) const noexcept {
  const Module& module = module_of(claim);
  return module.granted < max_of(module);
}

void InstanceBudget::grant(InstanceClaim& claim) noexcept {
  --free_;
  ++module_of(claim).granted;
  ++claim.granted_;
  claim.served_at_ = ++served_;
}

void InstanceBudget::free_one(InstanceClaim& claim) noexcept {
  ++free_;
  --module_of(claim).granted;
  --claim.granted_;
}

InstanceClaim* InstanceBudget::next(const InstanceClaim* but) noexcept {
  InstanceClaim* best = nullptr;
  const auto rank = [this](const InstanceClaim& claim) {
    return std::tuple(claim.wanted_ != InstanceClaim::Want::work, module_of(claim).granted, claim.granted_,
                      claim.served_at_);
  };
  for (InstanceClaim* claim : claims_) {
    if (claim == but || claim->wanted_ == InstanceClaim::Want::nothing || !may_grow(*claim)) continue;
    if (best == nullptr || rank(*claim) < rank(*best)) best = claim;
  }
  return best;
}

void InstanceBudget::serve_wanting() {
  while (free_ > 0) {
    InstanceClaim* claim = next(nullptr);
    if (claim == nullptr) return;
    grant(*claim);
    ++claim->arrived_;
    claim->wanted_ = InstanceClaim::Want::nothing;  // it says so again when it wants more
    claim->post_([claim] { claim->owner_.on_room(); });
  }
}

// Asks the claim with most idle instances; of the same module only where that has all it may have. Reserves are small,
// and are called in wherever they are.
bool InstanceBudget::call_in(const InstanceClaim& wanting) {
  const bool of_module_only = !may_grow(wanting);
  InstanceClaim* most = nullptr;
  for (InstanceClaim* claim : claims_) {
    if (claim == &wanting || (of_module_only && claim->module_ != wanting.module_)) continue;
    if (claim->reserve_ > 0) {
      claim->post_([claim] { claim->give_up_reserve(); });
    } else if (claim->idle_ > (most == nullptr ? 0 : std::uint64_t{most->idle_})) {
      most = claim;
    }
  }
  if (most == nullptr) return false;
  most->post_([most] { most->owner_.on_call_in(); });
  return true;
}

void InstanceBudget::count_scarce() noexcept {
  const bool scarce = std::any_of(claims_.begin(), claims_.end(), [](const InstanceClaim* claim) {
    return claim->wanted_ == InstanceClaim::Want::work;
  });
  scarce_.store(scarce, std::memory_order_relaxed);
}

void InstanceBudget::set_reserve() noexcept {
  const auto claims = static_cast<std::uint32_t>(claims_.size());
  reserve_.store(claims == 0 ? 0 : std::min(max_ / (8 * claims), largest_reserve), std::memory_order_relaxed);
  silent_streams_max_.store(max_ - max_ / 4, std::memory_order_relaxed);
}

// ---- A claim ----

InstanceClaim::InstanceClaim(InstanceBudget& budget, const void* module, std::uint32_t module_max, Owner& owner,
                             Post post)
    : budget_(budget), owner_(owner), post_(std::move(post)), module_(module) {
  const std::lock_guard lock(budget_.mutex_);
  const auto found = std::find_if(budget_.modules_.begin(), budget_.modules_.end(),
                                  [&](const InstanceBudget::Module& one) { return one.key == module; });
  if (found == budget_.modules_.end()) {
    budget_.modules_.push_back({module, module_max, 0, 1});
  } else {
    ++found->claims;
  }
  budget_.claims_.push_back(this);
  budget_.set_reserve();
}

InstanceClaim::~InstanceClaim() {
  const std::lock_guard lock(budget_.mutex_);
  while (granted_ > 0) budget_.free_one(*this);
  std::erase(budget_.claims_, this);
  if (--budget_.module_of(*this).claims == 0) {
    std::erase_if(budget_.modules_, [this](const InstanceBudget::Module& one) { return one.key == module_; });
  }
  budget_.set_reserve();
  budget_.serve_wanting();
  budget_.count_scarce();
}

bool InstanceClaim::take() noexcept {
  if (reserve_ > 0) {
    --reserve_;
    return true;
  }
  const std::lock_guard lock(budget_.mutex_);
  if (arrived_ > 0) {
    reserve_.set(std::exchange(arrived_, 0) - 1);
    return true;
  }
  if (budget_.free_ == 0 || !budget_.may_grow(*this)) return false;
  budget_.grant(*this);
  // Some more for the next, while there is plenty.
  const std::uint32_t most = scarce() || budget_.free_ < budget_.max_ / 2 ? 0 : budget_.reserve_ / 2;
  while (reserve_ < most && budget_.may_grow(*this)) {
    budget_.grant(*this);
    ++reserve_;
  }
  return true;
}

void InstanceClaim::put_back() noexcept {
  if (!scarce() && reserve_ < budget_.reserve_.load(std::memory_order_relaxed)) {
    ++reserve_;
    return;
  }
  const std::lock_guard lock(budget_.mutex_);
  budget_.free_one(*this);
  budget_.serve_wanting();
  budget_.count_scarce();
}

void InstanceClaim::give_up_reserve() noexcept {
  if (!scarce()) return;
  const std::lock_guard lock(budget_.mutex_);
  for (std::uint64_t left = reserve_ + std::exchange(arrived_, 0); left > 0; --left) budget_.free_one(*this);
  reserve_.set(0);
  budget_.serve_wanting();
  budget_.count_scarce();
}

void InstanceClaim::want(Want want) {
  if (want == Want::nothing && asked_ == Want::nothing) return;
  asked_ = want;
  const std::lock_guard lock(budget_.mutex_);
  wanted_ = want;
  if (want != Want::nothing && arrived_ == 0) {
    budget_.serve_wanting();
    if (wanted_ == Want::work) budget_.call_in(*this);
  }
  budget_.count_scarce();
}

void InstanceClaim::settle() noexcept {
  const std::lock_guard lock(budget_.mutex_);
  for (; arrived_ > 0; --arrived_) budget_.free_one(*this);
  budget_.serve_wanting();
  budget_.count_scarce();
}

bool InstanceClaim::yields() noexcept {
  if (!scarce()) return false;
  const std::lock_guard lock(budget_.mutex_);
  const InstanceClaim* other = budget_.next(this);
  if (other == nullptr) {  // perhaps one of this module, which has all it may have
    const auto found = std::find_if(budget_.claims_.begin(), budget_.claims_.end(), [this](const InstanceClaim* claim) {
      return claim != this && claim->module_ == module_ && claim->wanted_ == Want::work;
    });
    if (found != budget_.claims_.end()) other = *found;
  }
  if (other == nullptr || other->wanted_ != Want::work) return false;
  // Not where room would only change hands and back again.
  const bool same_module = other->module_ == module_;
  const std::uint32_t theirs = same_module ? other->granted_ : budget_.module_of(*other).granted;
  const std::uint32_t ours = same_module ? granted_ : budget_.module_of(*this).granted;
  return theirs == 0 || theirs + 1 < ours;
}

bool InstanceClaim::call_in() {
  const std::lock_guard lock(budget_.mutex_);
  return budget_.call_in(*this);
}

Press InstanceClaim::press_for(ClientInstances they, std::size_t waiting) {
  const std::lock_guard lock(budget_.mutex_);
  return {they, {}, waiting, module_, budget_.module_of(*this).granted, !budget_.may_grow(*this)};
}

bool InstanceClaim::yields_to(const Press& press) {
  if (press.module == module_) return true;
  if (press.of_module_only) return false;
  const std::lock_guard lock(budget_.mutex_);
  const bool wants = std::any_of(budget_.claims_.begin(), budget_.claims_.end(), [this](const InstanceClaim* claim) {
    return claim->module_ == module_ && claim->wanted_ == Want::work;
  });
  return !wants || budget_.module_of(*this).granted > press.granted + 1;
}

bool InstanceClaim::press_others(const Press& press) {
  const std::lock_guard lock(budget_.mutex_);
  bool asked = false;
  for (auto claim = budget_.claims_.begin(); claim != budget_.claims_.end(); ++claim) {
    if ((*claim)->worker_ == worker_ || (press.of_module_only && (*claim)->module_ != module_)) continue;
    // One of a worker speaks for all of its modules.
    const auto same_worker = [&](const InstanceClaim* other) { return other->worker_ == (*claim)->worker_; };
    if (!press.of_module_only && std::any_of(budget_.claims_.begin(), claim, same_worker)) continue;
    (*claim)->post_([asked_one = *claim, press] { asked_one->owner_.on_press(press); });
    asked = true;
  }
  return asked;
}

}  // namespace wasm_grpc::runtime
