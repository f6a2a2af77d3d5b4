#include "runtime/generations/module_parts.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace wasm_grpc::runtime {

namespace {
// How often parts that have retired are looked at, and how long guests have to hear of the end of their calls.
constexpr std::chrono::milliseconds look_again{5};
constexpr std::chrono::seconds last_words{2};
}  // namespace

ModuleParts::~ModuleParts() = default;

ModulePart& ModuleParts::add(std::shared_ptr<const GuestModule> module, unsigned home) {
  const GuestModule* const key = module.get();
  auto made = std::make_unique<ModulePart>(std::move(module), home, context_);
  const std::lock_guard lock(mutex_);
  return *parts_.emplace(key, std::move(made)).first->second;
}

void ModuleParts::exchange(std::span<const std::shared_ptr<Retirement>> retired,
                           std::span<const std::shared_ptr<const GuestModule>> served) {
  for (const auto& retirement : retired) {
    if (!parts_.contains(&retirement->module())) continue;  // taken back before it came
    of(retirement->module()).withdraw(methods_);
    retiring_.push_back({retirement});
  }
  for (const auto& module : served) of(*module).serve(methods_);
  for (const Retiring& retiring : retiring_) of(retiring.retirement->module()).close_meters();
  if (!retiring_.empty()) context_.guests.timers.schedule(*this, rpc::Clock::now());
}

const rpc::Method* ModuleParts::find(const GuestModule& module, std::string_view path, bool is_http) const noexcept {
  const auto found = parts_.find(&module);
  return found == parts_.end() ? nullptr : found->second->find(path, is_http);
}

void ModuleParts::on_timer() noexcept {
  const auto now = rpc::Clock::now();
  std::erase_if(retiring_, [&](Retiring& retiring) { return look_at(retiring, now); });
  if (!retiring_.empty()) context_.guests.timers.schedule(*this, now + look_again);
}

bool ModuleParts::look_at(Retiring& retiring, rpc::Clock::time_point now) noexcept {
  Retirement& retirement = *retiring.retirement;
  ModulePart& part = of(retirement.module());
  if (!retiring.ended_calls && now >= retirement.deadline()) {
    retiring.ended_calls = true;
    part.end_calls();
  }
  if (!retiring.counted_idle && part.calls() == 0) {
    retiring.counted_idle = true;
    retirement.count_idle();
  }
  if (retiring.ended_calls && !retiring.abandoned_hubs && now >= retirement.deadline() + last_words) {
    retiring.abandoned_hubs = true;
    if (part.hubs() != nullptr) part.hubs()->abandon_all();
  }
  if (!retirement.all_idle() || !part.comes_to_rest()) return false;
  destroy(retirement.module());
  return true;
}

void ModuleParts::destroy(const GuestModule& module) noexcept {
  std::unique_ptr<ModulePart> part;
  {
    const std::lock_guard lock(mutex_);
    const auto found = parts_.find(&module);
    part = std::move(found->second);
    parts_.erase(found);
    past_[module.name()].take_over(part->pool().counters());
  }
  part.reset();
}

bool ModuleParts::end_all_hubs() noexcept {
  bool ended = true;
  for (const auto& [module, part] : parts_) {
    if (part->hubs() != nullptr) ended = part->hubs()->end_all() && ended;
  }
  return ended;
}

void ModuleParts::abandon_hubs() noexcept {
  for (const auto& [module, part] : parts_) {
    if (part->hubs() != nullptr) part->hubs()->abandon_all();
  }
}

void ModuleParts::top_up() noexcept {
  for (const auto& [module, part] : parts_) part->pool().top_up();
}

void ModuleParts::add_counters(const Totals& totals) const {
  const std::lock_guard lock(mutex_);
  const auto add = [&](const std::string& name, const GuestCounters& counters) {
    if (const auto found = totals.find(name); found != totals.end()) counters.add_to(*found->second);
  };
  for (const auto& [module, part] : parts_) add(module->name(), part->pool().counters());
  for (const auto& [name, counters] : past_) add(name, counters);
}

}  // namespace wasm_grpc::runtime
