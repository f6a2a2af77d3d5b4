#include "wasm_grpc/server.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <thread>

#include "abi/abi.h"
#include "facade/facades.h"
#include "hostmodules/modules.h"
#include "net/address.h"
#include "net/door.h"
#include "net/listener.h"
#include "net/tls/context.h"
#include "observe/log.h"
#include "rpc/method_table.h"
#include "runtime/instances/guest_module.h"
#include "runtime/instances/module_info.h"
#include "runtime/instances/module_source.h"
#include "runtime/instances/system_limits.h"
#include "runtime/instances/system_memory.h"
#include "runtime/openapi_document.h"
#include "runtime/sound_options.h"
#include "runtime/unary_handler.h"
#include "runtime/worker.h"
#include "services/builtin.h"
#include "services/catalog.h"
#include "services/health.h"
#include "services/reflection.h"
#include "wasi/imports.h"
#include "wasm/code_cache.h"
#include "wasm/engine.h"
#include "wasm/epoch.h"
#include "wasm/linker.h"
#include "wasm/memory_budget.h"

namespace wasm_grpc {

struct Server::State {
  State(const ServerOptions& server_options, wasm::Engine server_engine, unsigned worker_count)
      : options(server_options),
        log(options.log_level, options.log),
        memory(options.max_total_memory),
        engine(std::move(server_engine)),
        linker(engine),
        ticker(engine, server_options.guests.time_slice),
        exchange(worker_count),
        budget(server_options.max_instances, server_options.guests.max_instances),
        door(server_options.clients.max_connections) {}

  ServerOptions options;
  observe::Log log;
  wasm::MemoryBudget memory;  // of all guests
  wasm::Engine engine;
  wasm::Linker linker;
  wasm::EpochTicker ticker;
  std::unique_ptr<wasm::CodeCache> code_cache;  // nullptr: none
  runtime::LoanExchange exchange;
  runtime::InstanceBudget budget;
  std::uint32_t instances_needed = 0;    // by modules, for good
  std::shared_ptr<net::TlsContext> tls;  // nullptr: none
  std::vector<MethodInfo> methods;
  std::vector<std::shared_ptr<runtime::GuestModule>> modules;
  services::Catalog catalog;
  std::vector<std::shared_ptr<const services::DescribedFiles>> native_files;
  services::HealthRegistry health;
  facade::Facades facades;
  std::shared_ptr<http2::OutputBudget> output_budget;  // outlives the workers, who are asked by it
  net::Door door;
  net::Networks proxies;
  std::vector<std::unique_ptr<runtime::Worker>> workers;
  /// They accept on the first worker.
  std::vector<std::shared_ptr<net::Listener>> listeners;
  bool started = false;
  std::mutex wait_mutex;

  /// Notes what reflection tells of these services.
  void catalogue(const std::string& module, const std::vector<std::string>& names,
                 const std::shared_ptr<const services::DescribedFiles>& files) {
    for (const std::string& warning : catalog.add(module, names, files)) log.host(LogLevel::warn, warning);
  }

  /// The files that describe the service of a native method; nullptr where none do.
  [[nodiscard]] std::shared_ptr<const services::DescribedFiles> describing(std::string_view path) const {
    const auto parts = rpc::parse_method_path(path);
    if (!parts) return nullptr;
    const std::string service(parts->service);
    const auto found = std::find_if(native_files.begin(), native_files.end(), [&](const auto& files) {
      return files->pool().FindServiceByName(service) != nullptr;
    });
    return found == native_files.end() ? nullptr : *found;
  }

  void warn(const ModuleInfo& info) const {
    for (const std::string& warning : info.warnings)
      log.host(LogLevel::warn, "the module " + info.name + ": " + warning);
  }

  /// True when someone serves the path already.
  [[nodiscard]] bool claimed(std::string_view path) const {
    return std::any_of(methods.begin(), methods.end(), [&](const MethodInfo& method) { return method.path == path; });
  }
  /// Keeps half of the memory for the modules, in equal parts; less where one needs more to start an instance.
  void share_memory() {
    if (modules.size() < 2) return;
    std::uint64_t largest = 0;
    for (const auto& module : modules) largest = std::max<std::uint64_t>(largest, module->start_memory());
    const std::uint64_t reserve = std::min(memory.max() / 2 / modules.size(),
                                           (memory.max() - std::min(largest, memory.max())) / (modules.size() - 1));
    for (const auto& module : modules) module->memory_budget().set_reserve(reserve);
  }
  /// Tells the facades of native methods, as far as they are described.
  [[nodiscard]] Result<> describe_native() {
    std::vector<std::string> paths;
    for (const MethodInfo& method : methods) {
      if (!method.style) paths.push_back(method.path);
    }
    for (const auto& files : native_files) {
      if (auto added = facades.add("host", files->files(), paths); !added.ok()) return added;
    }
    return facades.add("host", services::builtin_files()->files(), paths);
  }
  [[nodiscard]] Result<> may_change() const {
    return started ? Result<>(Error{"the server has started; set it up before start()"}) : success();
  }
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  stop_now();
  wait();
}

Result<std::unique_ptr<Server>> Server::create(const ServerOptions& options) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned workers = options.workers == 0 ? cores : options.workers;
  if (auto sound = runtime::check(options); !sound.ok()) return std::move(sound).error();
  auto proxies = net::Networks::parse(options.proxies);
  auto cors = facade::Cors::parse(options.cors_origins);
  if (!cors.ok()) return Error{"web pages that may call the server: " + cors.error().message};
  if (!proxies.ok()) return Error{"proxies that speak the PROXY protocol: " + proxies.error().message};
  auto forwarders = net::Networks::parse(options.certificate_forwarders);
  if (!forwarders.ok()) return Error{"proxies that forward client certificates: " + forwarders.error().message};
  wasm::EngineOptions engine_options;
  // Beside those that serve: one that a module is loaded with.
  engine_options.max_instances = options.max_instances + 1;
  engine_options.max_memory_bytes = options.guests.max_memory_bytes;
  engine_options.max_table_elements = options.guests.max_table_elements;
  engine_options.wasm_stack_bytes = options.guests.max_stack_bytes;
  engine_options.kept_memory_bytes = options.kept_slot_memory;
  auto engine = wasm::Engine::create(engine_options);
  if (!engine.ok()) return std::move(engine).error();

  ServerOptions settled = options;
  if (settled.max_total_memory == 0) {
    settled.max_total_memory = runtime::default_guest_memory(runtime::system_memory());
  }
  auto state = std::make_unique<State>(settled, std::move(engine).value(), workers);
  state->proxies = std::move(proxies).value();
  state->facades.cors = std::move(cors).value();
  if (auto defined = abi::define_imports(state->linker); !defined.ok()) return std::move(defined).error();
  if (auto defined = wasi::define_imports(state->linker); !defined.ok()) return std::move(defined).error();
  for (auto* const make : {hostmodules::atomics, hostmodules::kv, hostmodules::wazero_atomic}) {
    if (auto defined = state->linker.define(make()); !defined.ok()) return std::move(defined).error();
  }
  auto script = hostmodules::assembly_script([](Caller& caller, LogLevel level, std::string_view text) {
    runtime::guests_log_of(caller).log(caller.module_name(), static_cast<abi::LogLevel>(level), text);
  });
  if (auto defined = state->linker.define_replaceable(std::move(script)); !defined.ok()) {
    return std::move(defined).error();
  }
  if (!options.code_cache.empty()) {
    auto cache = wasm::CodeCache::open(
        options.code_cache, [&log = state->log](const std::string& text) { log.host(LogLevel::warn, text); });
    if (!cache.ok()) return std::move(cache).error();
    state->code_cache = std::move(cache).value();
  }
  if (const TlsOptions& tls = options.tls;
      !tls.certificate_file.empty() || !tls.key_file.empty() || !tls.further_certificates.empty()) {
    auto context = net::TlsContext::create(
        tls, [&log = state->log](LogLevel level, const std::string& text) { log.host(level, text); });
    if (!context.ok()) return std::move(context).error();
    state->tls = std::move(context).value();
  } else if (!tls.client_ca_file.empty()) {
    return Error{"a TLS client CA makes no sense without a certificate and its key"};
  }
  runtime::LoanExchange* exchange = workers > 1 ? &state->exchange : nullptr;
  std::shared_ptr<http2::WindowBudget> windows;
  if (options.clients.max_window_growth > 0) {
    windows = std::make_shared<http2::WindowBudget>(options.clients.max_window_growth);
  }
  const std::uint64_t most_unread = options.max_unread_output != 0
                                        ? options.max_unread_output
                                        : runtime::default_unread_output(runtime::system_memory());
  state->output_budget = std::make_shared<http2::OutputBudget>(most_unread);
  for (unsigned i = 0; i < workers; ++i) {
    state->workers.push_back(
        std::make_unique<runtime::Worker>(state->options, state->budget, state->ticker, state->log, exchange, i));
  }
  for (const auto& worker : state->workers) {
    worker->use_tls(state->tls);
    worker->use_facades(state->facades);
    worker->use_window_budget(windows);
    worker->use_output_budget(state->output_budget);
    worker->use_certificate_forwarders(forwarders.value());
    state->door.add(worker->receiver());
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Result<> Server::add_host_module(HostModule module) {
  if (auto may = state_->may_change(); !may.ok()) return may;
  return state_->linker.define(std::move(module));
}

Result<ModuleInfo> Server::add_module(const std::string& path, const ModuleOptions& options) {
  auto bytes = runtime::read_module_file(path, state_->options.guests.max_module_bytes);
  if (!bytes.ok()) return std::move(bytes).error();
  ModuleOptions named = options;
  if (named.name.empty()) named.name = std::filesystem::path(path).stem().string();
  auto added = add_module(bytes.value(), named);
  if (!added.ok()) return Error{path + ": " + added.error().message};
  return added;
}

Result<ModuleInfo> Server::add_module(std::span<const std::byte> bytes, const ModuleOptions& options) {
  if (auto may = state_->may_change(); !may.ok()) return std::move(may).error();
  if (options.name.empty()) return Error{"a module that does not come from a file needs a name"};
  if (auto apart = runtime::check_apart(state_->options.code_cache, options); !apart.ok())
    return std::move(apart).error();
  auto sandbox = runtime::make_sandbox(options);
  if (!sandbox.ok()) return std::move(sandbox).error();
  auto limits = runtime::limits_of(options, state_->options.guests);
  if (!limits.ok()) return std::move(limits).error();
  ModuleOptions own = options;
  own.guests = limits.value();
  std::shared_ptr<runtime::GuestModule> guest;
  {
    wasm::EpochTicker::Activity activity(state_->ticker);
    activity.enter();
    auto loaded = runtime::GuestModule::load(
        state_->engine, state_->linker, options.name, bytes, std::move(sandbox).value(), state_->log,
        limits.value().start_timeout, own, state_->code_cache.get(), &state_->memory, state_->options.max_message_size);
    if (!loaded.ok()) return std::move(loaded).error();
    guest = std::move(loaded).value();
  }
  for (const abi::DeclaredMethod& method : guest->declaration().methods) {
    if (state_->claimed(method.path))
      return Error{"it declares the method " + method.path + ", which is served already"};
  }
  const std::uint32_t needed = state_->instances_needed + guest->kept_instances(state_->workers.size());
  if (needed > state_->options.max_instances) {
    return Error{"it needs " + std::to_string(needed - state_->instances_needed) + " instances for good, with " +
                 std::to_string(state_->instances_needed) + " of other modules that is more than the " +
                 std::to_string(state_->options.max_instances) +
                 " there may be; allow for more instances, or have fewer workers"};
  }
  if (const auto& files = guest->described(); files != nullptr) {
    std::vector<std::string> paths;
    for (const abi::DeclaredMethod& method : guest->declaration().methods) paths.push_back(method.path);
    if (auto added = state_->facades.add(options.name, files->files(), paths); !added.ok()) {
      return std::move(added).error();
    }
  }
  state_->instances_needed = needed;
  for (const auto& worker : state_->workers) {
    if (auto added = worker->add_module(guest); !added.ok()) return std::move(added).error();
  }
  state_->modules.push_back(guest);
  ModuleInfo info = runtime::describe(*guest, state_->engine.options());
  state_->warn(info);
  const std::vector<std::string> services = runtime::service_names(info.methods);
  state_->catalogue(info.name, services, guest->described());
  services::HealthRegistry::Module& health = state_->health.add_module(services);
  for (const auto& [service, serving] : guest->declaration().serving) health.set_serving(service, serving);
  guest->set_health(health);
  state_->methods.insert(state_->methods.end(), info.methods.begin(), info.methods.end());
  return info;
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

Result<> Server::add_descriptors(std::span<const std::byte> file_descriptor_set) {
  if (auto may = state_->may_change(); !may.ok()) return may;
  const std::string sets[] = {{reinterpret_cast<const char*>(file_descriptor_set.data()), file_descriptor_set.size()}};
  auto files = services::DescribedFiles::parse(sets);
  if (!files.ok()) return Error{"descriptors of native methods: " + files.error().message};
  state_->native_files.push_back(std::move(files).value());
  return success();
}

Result<> Server::add_method(std::string_view path, rpc::MethodKind kind, HandlerFactory factory,
                            rpc::MessageFormats formats) {
  if (auto may = state_->may_change(); !may.ok()) return may;
  if (state_->claimed(path)) return Error{"the method " + std::string(path) + " is served already"};
  const auto files = state_->describing(path);
  services::MethodTypes types;
  if (files != nullptr) {
    if (auto fits = files->check(path, kind); !fits.ok()) return fits;
    types = files->types(path);
  }
  for (const auto& worker : state_->workers) {
    if (auto added = worker->add_method(path, kind, factory(), formats); !added.ok()) return added;
  }
  state_->methods.push_back({std::string(path), kind, std::move(types.request), std::move(types.response)});
  const std::vector<std::string> service = runtime::service_names({&state_->methods.back(), 1});
  if (service.empty()) return success();  // it is HTTP
  state_->catalogue("host", service, files);
  state_->health.add_service(service.front());
  return success();
}

Result<> Server::add_unary_method(std::string_view path, UnaryFunction function, rpc::MessageFormats formats) {
  return add_method(
      path, rpc::MethodKind::unary,
      [function = std::move(function)] { return std::make_unique<runtime::UnaryHandler>(function); }, formats);
}

Result<std::string> Server::listen(const std::string& address) {
  if (auto may = state_->may_change(); !may.ok()) return std::move(may).error();
  auto parsed = net::parse_listen_address(address, state_->tls != nullptr);
  if (!parsed.ok()) return std::move(parsed).error();
  if (parsed.value().transport == net::ListenAddress::Transport::tls && state_->tls == nullptr) {
    return Error{"cannot listen on " + address + ": TLS needs a certificate and its key, and none was given"};
  }
  runtime::Worker& worker = *state_->workers.front();
  auto opened = net::listen_on(worker.receiver().io(), parsed.value(),
                               [&] { return worker.make_listener(state_->door, state_->proxies); });
  if (!opened.ok()) return std::move(opened).error();
  const auto first = state_->listeners.insert(state_->listeners.end(), opened.value().begin(), opened.value().end());
  return (*first)->address();
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& listener : state_->listeners) addresses.push_back(listener->address());
  return addresses;
}

Result<> Server::start() {
  if (auto may = state_->may_change(); !may.ok()) return may;
  // Reflection first: it then tells of health too.
  if (state_->options.reflection) {
    if (auto added = add_reflection(); !added.ok()) return added;
  }
  if (state_->options.health) {
    if (auto added = add_health(); !added.ok()) return added;
  }
  if (state_->options.reflection) {
    if (auto added = add_openapi(); !added.ok()) return added;
  }
  if (auto described = state_->describe_native(); !described.ok()) return described;
  state_->started = true;
  state_->share_memory();
  if (const auto allowed = runtime::allowed_mappings()) {
    if (const auto warning = runtime::too_few_mappings(state_->options.max_instances, *allowed)) {
      state_->log.host(LogLevel::warn, *warning);
    }
  }
  for (const auto& worker : state_->workers) worker->start();
  return success();
}

Result<> Server::add_reflection() {
  const services::Catalog& catalog = state_->catalog;
  for (const std::string_view path : services::reflection_paths) {
    if (state_->claimed(path)) continue;  // a module knows better
    const auto handler = [&catalog] { return std::make_unique<services::ReflectionHandler>(catalog); };
    if (auto added = add_method(path, rpc::MethodKind::bidi_stream, handler); !added.ok()) return added;
  }
  state_->catalogue("host", {}, services::builtin_files());
  return success();
}

Result<> Server::add_openapi() {
  if (state_->workers.front()->serves_http(runtime::openapi_path) ||
      state_->facades.routes.find("GET", runtime::openapi_path).rule != nullptr) {
    return success();  // a module has the path
  }
  const auto document = std::make_shared<const std::string>(runtime::openapi_document(state_->modules));
  return add_method(runtime::openapi_path, rpc::MethodKind::http,
                    [document] { return std::make_unique<runtime::DocumentHandler>(document); });
}

Result<> Server::add_health() {
  services::HealthRegistry& health = state_->health;
  const auto paths = {services::health_check_path, services::health_list_path, services::health_watch_path};
  if (std::any_of(paths.begin(), paths.end(), [&](std::string_view path) { return state_->claimed(path); })) {
    return success();  // a module knows better
  }
  auto check = add_unary_method(services::health_check_path, [&health](rpc::Call&, auto request, auto& response) {
    return services::check_health(health, request, response);
  });
  if (!check.ok()) return check;
  auto list = add_unary_method(services::health_list_path, [&health](rpc::Call&, auto, auto& response) {
    return services::list_health(health, response);
  });
  if (!list.ok()) return list;
  std::size_t next = 0;  // factories are called for the workers in their order
  return add_method(services::health_watch_path, rpc::MethodKind::server_stream, [this, &health, &next] {
    runtime::Worker& worker = *state_->workers[next++];
    return std::make_unique<services::HealthWatchHandler>(
        health, [&worker](std::chrono::milliseconds after, std::function<void()> function) {
          worker.post(after, std::move(function));
        });
  });
}

void Server::stop() noexcept {
  state_->health.stop();
  // Workers drain when none gets a connection any more: what a listener has handed over arrives before.
  state_->workers.front()->post({}, [&state = *state_] {
    for (const auto& listener : state.listeners) listener->drain();
    for (const auto& worker : state.workers) worker->drain(state.options.drain_timeout);
  });
}

void Server::stop_now() noexcept {
  state_->workers.front()->post({}, [&state = *state_] {
    for (const auto& listener : state.listeners) listener->close();
  });
  for (const auto& worker : state_->workers) worker->stop_now();
}

void Server::wait() {
  const std::lock_guard lock(state_->wait_mutex);
  for (const auto& worker : state_->workers) worker->join();
}

void Server::log(LogLevel level, std::string_view text) noexcept { state_->log.host(level, text); }

bool Server::flush_log(std::chrono::milliseconds timeout) noexcept { return state_->log.flush(timeout); }

std::vector<MethodInfo> Server::methods() const { return state_->methods; }

std::size_t Server::workers() const noexcept { return state_->workers.size(); }

const ServerOptions& Server::options() const noexcept { return state_->options; }

Result<> Server::wait_in(std::size_t worker, WorkerEvents& events) {
  if (auto may = state_->may_change(); !may.ok()) return may;
  state_->workers[worker]->wait_in(events);
  return success();
}

const rpc::Method* Server::find_method(std::size_t worker, std::string_view path) const noexcept {
  return state_->workers[worker]->find_method(path);
}

void Server::post(std::size_t worker, std::function<void()> function) {
  state_->workers[worker]->post({}, std::move(function));
}

ServerCounters Server::counters() const {
  ServerCounters total;
  for (std::size_t i = 0; i < http2::end_reasons; ++i) {
    total.connections_ended.push_back({http2::name(static_cast<http2::EndReason>(i)), 0});
  }
  for (const auto& module : state_->modules) {
    total.modules.push_back(runtime::counters_of(*module));
    total.modules.back().log_lines_over_limit = module->guests_log().over_limit();
  }
  total.log_lines_dropped = state_->log.dropped();
  for (const auto& worker : state_->workers) worker->add_counters(total);
  for (const runtime::LoanDesk& desk : state_->exchange.desks()) {
    total.calls_lent += desk.calls_lent;
    total.guests_lent += desk.guests_lent;
  }
  return total;
}

}  // namespace wasm_grpc
