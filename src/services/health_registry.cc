#include "services/health_registry.h"

#include <algorithm>

namespace wasm_grpc::services {

void HealthRegistry::Module::set_serving(std::string_view service, bool serving) {
  {
    const std::lock_guard lock(registry_.mutex_);
    const auto found = services_.find(service);
    if (found == services_.end() || found->second == serving) return;
    found->second = serving;
  }
  registry_.notify();
}

void HealthRegistry::Module::change_failing_workers(int change) {
  {
    const std::lock_guard lock(registry_.mutex_);
    const bool failed = failing_workers_ > 0;
    failing_workers_ += change;
    if (failed == (failing_workers_ > 0)) return;
  }
  registry_.notify();
}

void HealthRegistry::Module::set_store_works(bool works) {
  {
    const std::lock_guard lock(registry_.mutex_);
    if (std::exchange(store_works_, works) == works) return;
  }
  registry_.notify();
}

HealthRegistry::Module::Module(HealthRegistry& registry, const std::vector<std::string>& services)
    : registry_(registry) {
  for (const std::string& service : services) services_.emplace(service, true);
}

std::shared_ptr<HealthRegistry::Module> HealthRegistry::make_module(const std::vector<std::string>& services) {
  return std::shared_ptr<Module>(new Module(*this, services));
}

void HealthRegistry::exchange(std::span<const std::shared_ptr<Module>> removed,
                              std::span<const std::shared_ptr<Module>> added) {
  {
    const std::lock_guard lock(mutex_);
    const std::set<std::shared_ptr<Module>> gone(removed.begin(), removed.end());
    std::erase_if(modules_, [&](const std::shared_ptr<Module>& module) { return gone.contains(module); });
    modules_.insert(modules_.end(), added.begin(), added.end());
  }
  notify();
}

void HealthRegistry::withdraw(std::span<const std::string> services) {
  if (services.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& module : modules_) {
      for (const std::string& service : services) module->services_.erase(service);
    }
  }
  notify();
}

HealthRegistry::Module& HealthRegistry::add_module(const std::vector<std::string>& services) {
  const std::shared_ptr<Module> module = make_module(services);
  exchange({}, {&module, 1});
  return *module;
}

void HealthRegistry::add_service(const std::string& service) {
  const std::lock_guard lock(mutex_);
  own_services_.insert(service);
}

void HealthRegistry::add_observer(Observer observer) { observers_.push_back(std::move(observer)); }

void HealthRegistry::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  notify();
}

bool HealthRegistry::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::optional<bool> HealthRegistry::serving(std::string_view service) const {
  const std::lock_guard lock(mutex_);
  return find(service);
}

std::vector<std::pair<std::string, bool>> HealthRegistry::all() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string_view, bool> healths{{"", find("").value_or(false)}};
  for (const std::string& service : own_services_) healths.emplace(service, !stopping_);
  for (const auto& module : modules_) {
    for (const auto& [name, serving] : module->services_) {
      bool& healthy = healths.try_emplace(name, !stopping_).first->second;
      healthy = healthy && serving && module->able();
    }
  }
  return {healths.begin(), healths.end()};
}

void HealthRegistry::notify() const {
  for (const Observer& observer : observers_) observer();
}

std::optional<bool> HealthRegistry::find(std::string_view service) const {
  const auto able = [](const std::shared_ptr<Module>& module) { return module->able(); };
  if (service.empty()) {
    return !stopping_ && (modules_.empty() || std::any_of(modules_.begin(), modules_.end(), able));
  }
  bool known = own_services_.contains(service);
  bool healthy = !stopping_;
  for (const auto& module : modules_) {
    const auto found = module->services_.find(service);
    if (found == module->services_.end()) continue;
    known = true;
    healthy = healthy && module->able() && found->second;
  }
  return known ? std::optional(healthy) : std::nullopt;
}

}  // namespace wasm_grpc::services
