// The modules of a server: those it is set up with, and others in their place while it runs.
//
// A change has three steps, each done by all workers before the next begins. They get parts of the new modules, which
// serve nothing yet but may take loans; warm instances start. Then each worker, between two calls, lets go of the old
// methods and takes the new ones. The old parts finish their calls, and go when no worker has one any more.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "client/outgoing/targets.h"
#include "runtime/generations/broken_callers.h"
#include "runtime/instances/module_info.h"
#include "runtime/instances/module_source.h"
#include "runtime/openapi_document.h"
#include "runtime/server_state.h"
#include "runtime/sound_options.h"
#include "services/builtin.h"
#include "store/stores.h"
#include "wasm/epoch.h"

namespace wasm_grpc {

namespace {

using Modules = std::vector<std::shared_ptr<const runtime::ServedModule>>;

/// The modules of `from` that are not in `without`.
Modules difference(const Modules& from, const Modules& without) {
  const std::set<std::shared_ptr<const runtime::ServedModule>> others(without.begin(), without.end());
  Modules rest;
  std::copy_if(from.begin(), from.end(), std::back_inserter(rest),
               [&](const auto& module) { return !others.contains(module); });
  return rest;
}

std::vector<std::shared_ptr<const runtime::GuestModule>> guests_of(const Modules& modules) {
  std::vector<std::shared_ptr<const runtime::GuestModule>> guests;
  for (const auto& module : modules) guests.push_back(module->guest);
  return guests;
}

std::vector<std::shared_ptr<services::HealthRegistry::Module>> healths_of(const Modules& modules) {
  std::vector<std::shared_ptr<services::HealthRegistry::Module>> healths;
  for (const auto& module : modules) healths.push_back(module->health);
  return healths;
}

/// The services that `before` has and `after` has not.
std::vector<std::string> services_that_go(const Modules& before, const Modules& after) {
  std::set<std::string> gone;
  for (const auto& module : before) gone.insert(module->services.begin(), module->services.end());
  for (const auto& module : after) {
    for (const std::string& service : module->services) gone.erase(service);
  }
  return {gone.begin(), gone.end()};
}

Result<> enough_instances(std::uint64_t needed, std::uint64_t others, std::uint32_t most) {
  if (needed + others <= most || needed == 0) return success();
  return Error{"it needs " + std::to_string(needed) + " instances for good, with " + std::to_string(others) +
               " of other modules that is more than the " + std::to_string(most) +
               " there may be; allow for more instances, or have fewer workers"};
}

ModuleOptions named(const ModuleOptions& options, const std::string& path) {
  ModuleOptions named = options;
  if (named.name.empty()) named.name = std::filesystem::path(path).stem().string();
  return named;
}

}  // namespace

// ---- Loading ----

void Server::State::warn(const ModuleInfo& info) const {
  for (const std::string& warning : info.warnings) log.host(LogLevel::warn, "the module " + info.name + ": " + warning);
}

Result<Server::State::Loaded> Server::State::load(std::span<const std::byte> bytes, const ModuleOptions& given,
                                                  const runtime::ServedModule* before) {
  if (given.name.empty()) return Error{"a module that does not come from a file needs a name"};
  if (auto apart = runtime::check_apart(options.code_cache, given); !apart.ok()) return std::move(apart).error();
  if (auto granted = client::check_grants(given.targets, options.targets); !granted.ok()) {
    return std::move(granted).error();
  }
  if (auto sound = store::check(given.store); !sound.ok()) return std::move(sound).error();
  if (before != nullptr && before->options.store != given.store) {
    return Error{"its store cannot change while it is served; start the server anew for that"};
  }
  auto sandbox = runtime::make_sandbox(given);
  if (!sandbox.ok()) return std::move(sandbox).error();
  auto limits = runtime::limits_of(given, options.guests);
  if (!limits.ok()) return std::move(limits).error();
  ModuleOptions own = given;
  own.guests = limits.value();
  auto served = std::make_shared<runtime::ServedModule>();
  {
    wasm::EpochTicker::Activity activity(ticker);
    activity.enter();
    auto loaded = runtime::GuestModule::load(
        engine, linker, given.name, bytes, std::move(sandbox).value(), log, limits.value().start_timeout, own,
        code_cache.get(), &memory, options.max_message_size, before == nullptr ? nullptr : before->guest.get());
    if (!loaded.ok()) return std::move(loaded).error();
    served->guest = reaper.own(std::move(loaded).value());
  }
  runtime::GuestModule& guest = *served->guest;
  ModuleInfo info = runtime::describe(guest, engine.options());
  served->options = given;
  served->content = wasm::CodeCache::file_name(bytes);
  served->methods = info.methods;
  served->services = runtime::service_names(info.methods);
  if (guest.described() != nullptr) {
    served->types = std::make_shared<const json::Types>(guest.described()->files());
  }
  if (options.reflection) served->openapi = runtime::openapi_part(*served);
  served->health = health.make_module(served->services);
  for (const auto& [service, serving] : guest.declaration().serving) served->health->set_serving(service, serving);
  guest.set_health(served->health);
  if (given.store.health) {
    stores->watch_health(given, served->health, [module = std::weak_ptr(served->health)](bool works) {
      if (const auto told = module.lock()) told->set_store_works(works);
    });
  }
  served->home = before == nullptr ? homes_given++ : before->home;
  if (before != nullptr) {
    const ModuleCounters counted = runtime::counters_of(*before);
    served->growths_refused_before = counted.growths_refused;
    served->instances_delayed_before = counted.instances_delayed;
    served->log_lines_over_limit_before = counted.log_lines_over_limit;
    if (before->options.shared_state != given.shared_state) {
      log.host(LogLevel::warn, "the module " + given.name +
                                   ": what its instances share keeps the limits it has; others hold once the server is "
                                   "started anew");
    }
  }
  return Loaded{std::move(served), std::move(info)};
}

Result<Server::State::Wanted> Server::State::want(const ModuleSource& source,
                                                  std::shared_ptr<const runtime::ServedModule> before, bool always) {
  const bool from_file = !source.bytes.has_value();
  const auto failed = [&](const Error& error) {
    return Error{(from_file ? source.path : "the module " + source.options.name) + ": " + error.message};
  };
  std::vector<std::byte> read;
  if (from_file) {
    auto file = runtime::read_module_file(source.path, options.guests.max_module_bytes);
    if (!file.ok()) return std::move(file).error();
    read = std::move(file).value();
  }
  const std::vector<std::byte>& bytes = from_file ? read : *source.bytes;
  const ModuleOptions own = from_file ? named(source.options, source.path) : source.options;
  if (before != nullptr && !always && before->options == own && before->content == wasm::CodeCache::file_name(bytes)) {
    return Wanted{before, {}, before};
  }
  auto loaded = load(bytes, own, before.get());
  if (!loaded.ok()) return failed(loaded.error());
  return Wanted{nullptr, std::move(loaded).value(), std::move(before)};
}

Result<std::vector<Server::State::Wanted>> Server::State::want_all(const std::vector<ModuleSource>& modules) {
  // By name; of several that share one, each takes the place of the next.
  std::multimap<std::string, std::shared_ptr<const runtime::ServedModule>> known;
  for (const auto& module : current()->modules) known.emplace(module->name(), module);
  std::vector<Wanted> wanted;
  for (const ModuleSource& source : modules) {
    std::shared_ptr<const runtime::ServedModule> before;
    if (const auto found = known.find(named(source.options, source.path).name); found != known.end()) {
      before = found->second;
      known.erase(found);
    }
    auto one = want(source, std::move(before), false);
    if (!one.ok()) return std::move(one).error();
    wanted.push_back(std::move(one).value());
  }
  return wanted;
}

// ---- Setting up ----

Result<ModuleInfo> Server::add_module(const std::string& path, const ModuleOptions& options) {
  if (state_->started) {
    const std::lock_guard lock(state_->reload_mutex);
    return add_while_running({path, {}, options});
  }
  auto bytes = runtime::read_module_file(path, state_->options.guests.max_module_bytes);
  if (!bytes.ok()) return std::move(bytes).error();
  auto added = add_module(bytes.value(), named(options, path));
  if (!added.ok()) return Error{path + ": " + added.error().message};
  return added;
}

Result<ModuleInfo> Server::add_module(std::span<const std::byte> bytes, const ModuleOptions& options) {
  if (state_->started) {
    const std::lock_guard lock(state_->reload_mutex);
    return add_while_running({{}, std::vector<std::byte>(bytes.begin(), bytes.end()), options});
  }
  auto loaded = state_->load(bytes, options, nullptr);
  if (!loaded.ok()) return std::move(loaded).error();
  auto& [module, info] = loaded.value();
  const std::size_t workers = state_->workers.size();
  auto enough = enough_instances(module->guest->kept_instances(workers),
                                 state_->draft->so_far().kept_instances(workers), state_->options.max_instances);
  if (!enough.ok()) return std::move(enough).error();
  if (auto added = state_->draft->add(module); !added.ok()) return std::move(added).error();
  state_->warn(info);
  const std::shared_ptr<services::HealthRegistry::Module> health = module->health;
  state_->health.exchange({}, {&health, 1});
  return std::move(info);
}

Result<ModuleInfo> Server::inspect_module(const std::string& path) {
  auto bytes = runtime::read_module_file(path, state_->options.guests.max_module_bytes);
  if (!bytes.ok()) return std::move(bytes).error();
  auto info = runtime::inspect(state_->engine, std::filesystem::path(path).stem().string(), bytes.value(),
                               state_->code_cache.get());
  if (!info.ok()) return Error{path + ": " + info.error().message};
  state_->warn(info.value());
  return info;
}

// What one may have more than its part comes first: there is room then.
void Server::State::share_memory(const runtime::Generation& next) {
  const std::size_t count = next.modules.size();
  std::uint64_t reserve = 0;
  if (count > 1) {
    std::uint64_t largest = 0;
    for (const auto& module : next.modules) largest = std::max<std::uint64_t>(largest, module->guest->start_memory());
    reserve = std::min(memory.max() / 2 / count, (memory.max() - std::min(largest, memory.max())) / (count - 1));
  }
  if (const auto before = current(); before != nullptr) {
    for (const auto& module : difference(before->modules, next.modules)) {
      static_cast<void>(module->guest->memory_budget().set_reserve(0));
    }
  }
  for (int round = 0; round < 2; ++round) {
    for (const auto& module : next.modules) {
      static_cast<void>(module->guest->memory_budget().set_reserve(reserve));
    }
  }
}

void Server::State::begin_first_generation() {
  auto first = std::move(*draft).finish(1, serves_openapi);
  draft.reset();
  share_memory(*first);
  for (const auto& worker : workers) {
    for (const auto& module : first->modules) worker->parts().add(module->guest, module->home);
    worker->serve(*first, {}, guests_of(first->modules));
  }
  const std::lock_guard lock(generation_mutex);
  generation = std::move(first);
}

// ---- While it runs ----

bool Server::State::on_all_workers(const std::function<void(runtime::Worker&)>& function) {
  struct Round {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t left = 0;
  };
  const auto round = std::make_shared<Round>();
  round->left = workers.size();
  for (const auto& worker : workers) {
    worker->post({}, [round, function, &its = *worker] {
      function(its);
      const std::lock_guard lock(round->mutex);
      --round->left;
      round->changed.notify_one();
    });
  }
  const auto one_ended = [this] {
    return std::any_of(workers.begin(), workers.end(), [](const auto& worker) { return worker->ended(); });
  };
  // One that ends does not say so here.
  constexpr std::chrono::milliseconds look_again{20};
  std::unique_lock lock(round->mutex);
  while (!round->changed.wait_for(lock, look_again, [&] { return round->left == 0; })) {
    if (one_ended()) return round->left == 0;
  }
  return true;
}

Result<> Server::State::prepare(const Modules& modules) {
  const Error stopping{"the server is stopping"};
  const bool given = on_all_workers([modules](runtime::Worker& worker) {
    for (const auto& module : modules) worker.parts().add(module->guest, module->home).pool().top_up();
  });
  if (!given) return stopping;
  struct Warmth {
    std::atomic<bool> starting = false;
    std::vector<std::atomic<bool>> failing;
    explicit Warmth(std::size_t count) : failing(count) {}
  };
  while (true) {
    const auto warmth = std::make_shared<Warmth>(modules.size());
    const bool asked = on_all_workers([warmth, modules](runtime::Worker& worker) {
      for (std::size_t i = 0; i < modules.size(); ++i) {
        const runtime::InstancePool& pool = worker.parts().of(*modules[i]->guest).pool();
        if (pool.is_starting()) warmth->starting = true;
        if (pool.is_failing()) warmth->failing[i] = true;
      }
    });
    if (!asked) return stopping;
    for (std::size_t i = 0; i < modules.size(); ++i) {
      if (warmth->failing[i]) {
        return Error{"the module " + modules[i]->name() + ": its instances fail to start; the log says why"};
      }
    }
    if (!warmth->starting) return success();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Server::State::take_back(const Modules& modules) {
  std::vector<std::shared_ptr<runtime::Retirement>> retired;
  for (const auto& module : modules) {
    retired.push_back(std::make_shared<runtime::Retirement>(module->guest, workers.size(), rpc::Clock::now()));
  }
  static_cast<void>(on_all_workers([retired](runtime::Worker& worker) { worker.parts().exchange(retired, {}); }));
}

Result<> Server::State::check_callers(const Modules& gone, const runtime::Generation& next,
                                      const std::vector<Wanted>& wanted, std::vector<std::string>& warnings) const {
  if (gone.empty()) return success();
  const runtime::ServedMethods methods(next);
  for (const auto& module : gone) {
    const auto after = std::find_if(wanted.begin(), wanted.end(),
                                    [&](const Wanted& one) { return one.kept == nullptr && one.before == module; });
    const bool refuses = after != wanted.end() && after->loaded.module->options.require_compatible;
    const std::vector<std::string> lines = methods.broken_callers(*module);
    if (refuses && !lines.empty()) {
      std::string all;
      for (const std::string& line : lines) all += (all.empty() ? "" : "; ") + line;
      return Error{"the module " + module->name() + " must stay compatible with its callers, and " + all};
    }
    for (const std::string& line : lines) warnings.push_back("the module " + module->name() + ": " + line);
  }
  return success();
}

Result<ReloadReport> Server::State::change_to(const std::vector<Wanted>& wanted,
                                              const std::shared_ptr<NextOptions>& next_options) {
  const auto before = current();
  runtime::GenerationDraft making(next_options == nullptr ? cors : next_options->cors);
  ReloadReport report;
  Modules fresh;
  std::set<std::string> native_paths;
  for (const auto& method : native.methods) native_paths.insert(method.info.path);
  for (const Wanted& one : wanted) {
    const auto& module = one.kept != nullptr ? one.kept : one.loaded.module;
    const auto failed = [&](const Error& error) {
      return Error{"the module " + module->name() + ": " + error.message};
    };
    for (const MethodInfo& method : module->methods) {
      if (native_paths.contains(method.path)) {
        return failed({"it declares the method " + method.path + ", which the host serves"});
      }
    }
    auto enough = enough_instances(one.kept != nullptr ? 0 : module->guest->kept_instances(workers.size()),
                                   making.so_far().kept_instances(workers.size()), options.max_instances);
    if (!enough.ok()) return failed(enough.error());
    if (auto added = making.add(module); !added.ok()) return failed(added.error());
    if (one.kept != nullptr) {
      report.unchanged.push_back(module->name());
    } else {
      fresh.push_back(module);
      (one.before != nullptr ? report.replaced : report.added).push_back(module->name());
    }
  }
  for (const auto& method : native.methods) {
    if (auto added = making.add(method); !added.ok()) return std::move(added).error();
  }
  if (options.reflection) making.add_files(services::builtin_files());
  if (auto described = making.describe(native); !described.ok()) return std::move(described).error();
  report.warnings = making.warnings();
  const auto next = std::move(making).finish(before->number + 1, serves_openapi);
  report.generation = next->number;
  const Modules gone = difference(before->modules, next->modules);
  std::set<std::string> replaced(report.replaced.begin(), report.replaced.end());
  for (const auto& module : gone) {
    if (!replaced.contains(module->name())) report.removed.push_back(module->name());
  }
  if (auto compatible = check_callers(gone, *next, wanted, report.warnings); !compatible.ok()) {
    return std::move(compatible).error();
  }

  if (auto prepared = prepare(fresh); !prepared.ok()) {
    take_back(fresh);
    return std::move(prepared).error();
  }
  share_memory(*next);
  std::vector<std::shared_ptr<runtime::Retirement>> retired;
  const auto deadline = rpc::Clock::now() + options.drain_timeout;
  for (const auto& module : gone) {
    retired.push_back(std::make_shared<runtime::Retirement>(module->guest, workers.size(), deadline));
  }
  // What goes is said to go before it does, and what comes once it is there.
  health.withdraw(services_that_go(before->modules, next->modules));
  const auto next_access = next_options == nullptr ? access : next_options->access;
  const bool served = on_all_workers([next, retired, guests = guests_of(fresh), next_access](runtime::Worker& worker) {
    worker.serve(*next, retired, guests);
    worker.use_gate(next_access == nullptr ? nullptr : &next_access->gate(worker.index()));
  });
  if (!served) {
    half_taken = next_access;
    return Error{"the server is stopping"};
  }
  health.exchange(healths_of(gone), healths_of(fresh));
  {
    const std::lock_guard lock(generation_mutex);
    generation = next;
  }
  for (const Wanted& one : wanted) {
    if (one.kept == nullptr) warn(one.loaded.info);
  }
  for (const std::string& warning : report.warnings) log.host(LogLevel::warn, warning);
  if (next_options != nullptr) {
    if (auto taken = take_options(next_options); !taken.ok()) return std::move(taken).error();
  }
  return report;
}

Result<> Server::may_reload() const {
  if (!state_->started) return Error{"the server has not started: there is nothing to reload"};
  const auto& workers = state_->workers;
  const auto here = [](const auto& worker) { return worker->is_this_thread(); };
  if (std::any_of(workers.begin(), workers.end(), here)) {
    return Error{"modules cannot be changed on a worker's thread: it would wait for itself"};
  }
  return success();
}

template <typename Change>
auto Server::counted(const Change& change) {
  auto changed = change();
  if (!changed.ok()) state_->reloads_failed.fetch_add(1, std::memory_order_relaxed);
  return changed;
}

Result<ReloadReport> Server::reload(const std::vector<ModuleSource>& modules) {
  const std::lock_guard lock(state_->reload_mutex);
  return counted([&]() -> Result<ReloadReport> {
    if (auto may = may_reload(); !may.ok()) return std::move(may).error();
    auto wanted = state_->want_all(modules);
    if (!wanted.ok()) return std::move(wanted).error();
    return state_->change_to(wanted.value());
  });
}

Result<ReloadReport> Server::reload(const std::vector<ModuleSource>& modules, const LiveOptions& options,
                                    const std::vector<ListenOptions>& of_addresses) {
  const std::lock_guard lock(state_->reload_mutex);
  return counted([&]() -> Result<ReloadReport> {
    if (auto may = may_reload(); !may.ok()) return std::move(may).error();
    auto next = state_->prepare_options(options, of_addresses);
    if (!next.ok()) return std::move(next).error();
    auto wanted = state_->want_all(modules);
    if (!wanted.ok()) return std::move(wanted).error();
    return state_->change_to(wanted.value(), next.value());
  });
}

Result<ModuleInfo> Server::add_while_running(const ModuleSource& source) {
  return counted([&]() -> Result<ModuleInfo> {
    if (auto may = may_reload(); !may.ok()) return std::move(may).error();
    auto one = state_->want(source, nullptr, true);
    if (!one.ok()) return std::move(one).error();
    std::vector<State::Wanted> wanted;
    for (const auto& module : state_->current()->modules) wanted.push_back({module, {}, module});
    wanted.push_back(std::move(one).value());
    if (auto changed = state_->change_to(wanted); !changed.ok()) return std::move(changed).error();
    return wanted.back().loaded.info;
  });
}

Result<ModuleInfo> Server::replace_module(const ModuleSource& source) {
  const std::lock_guard lock(state_->reload_mutex);
  return counted([&]() -> Result<ModuleInfo> {
    if (auto may = may_reload(); !may.ok()) return std::move(may).error();
    const std::string name = named(source.options, source.path).name;
    std::vector<State::Wanted> wanted;
    State::Wanted* replaced = nullptr;
    for (const auto& module : state_->current()->modules) wanted.push_back({module, {}, module});
    for (State::Wanted& one : wanted) {
      if (one.kept->name() != name) continue;
      if (replaced != nullptr) return Error{"there are several modules of the name " + name};
      replaced = &one;
    }
    if (replaced == nullptr) return Error{"no module of the name " + name + " is served"};
    auto loaded = state_->want(source, replaced->kept, true);
    if (!loaded.ok()) return std::move(loaded).error();
    *replaced = std::move(loaded).value();
    ModuleInfo info = replaced->loaded.info;
    if (auto changed = state_->change_to(wanted); !changed.ok()) return std::move(changed).error();
    return info;
  });
}

Result<ReloadReport> Server::remove_module(std::string_view name) {
  const std::lock_guard lock(state_->reload_mutex);
  return counted([&]() -> Result<ReloadReport> {
    if (auto may = may_reload(); !may.ok()) return std::move(may).error();
    std::vector<State::Wanted> wanted;
    const auto current = state_->current();
    for (const auto& module : current->modules) {
      if (module->name() != name) wanted.push_back({module, {}, module});
    }
    const std::size_t gone = current->modules.size() - wanted.size();
    if (gone == 0) return Error{"no module of the name " + std::string(name) + " is served"};
    if (gone > 1) return Error{"there are several modules of the name " + std::string(name)};
    return state_->change_to(wanted);
  });
}

}  // namespace wasm_grpc
