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

HealthRegistry::Module& HealthRegistry::add_module(const std::vector<std::string>& services) {
  const std::lock_guard lock(mutex_);
  modules_.push_back(std::unique_ptr<Module>(new Module(*this)));
  for (const std::string& service : services) modules_.back()->services_.emplace(service, true);
  return *modules_.back();
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
  std::set<std::string_view> names{""};
  names.insert(own_services_.begin(), own_services_.end());
  for (const auto& module : modules_) {
    for (const auto& [name, serving] : module->services_) names.insert(name);
  }
  std::vector<std::pair<std::string, bool>> healths;
  for (const std::string_view name : names) healths.emplace_back(name, find(name).value_or(false));
  return healths;
}

void HealthRegistry::notify() const {
  for (const Observer& observer : observers_) observer();
}

std::optional<bool> HealthRegistry::find(std::string_view service) const {
  const auto can_start = [](const std::unique_ptr<Module>& module) { return module->failing_workers_ == 0; };
  if (service.empty()) {
    return !stopping_ && (modules_.empty() || std::any_of(modules_.begin(), modules_.end(), can_start));
  }
  bool known = own_services_.contains(service);
  bool healthy = !stopping_;
  for (const auto& module : modules_) {
    const auto found = module->services_.find(service);
    if (found == module->services_.end()) continue;
    known = true;
    healthy = healthy && can_start(module) && found->second;
  }
  return known ? std::optional(healthy) : std::nullopt;
}

}  // namespace wasm_grpc::services
