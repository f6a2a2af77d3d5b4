#include "wasm_grpc/server.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "abi/abi.h"
#include "hostmodules/answers.h"
#include "hostmodules/modules.h"
#include "runtime/access_control.h"
#include "runtime/instances/module_info.h"
#include "runtime/instances/system_limits.h"
#include "runtime/instances/system_memory.h"
#include "runtime/openapi_document.h"
#include "runtime/server_state.h"
#include "runtime/sound_options.h"
#include "runtime/unary_handler.h"
#include "services/builtin.h"
#include "services/health.h"
#include "services/reflection.h"
#include "store/stores.h"
#include "wasi/imports.h"

namespace wasm_grpc {

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
  auto log_sink = State::log_sink_of(options);
  if (!log_sink.ok()) return std::move(log_sink).error();

  ServerOptions settled = options;
  if (settled.max_total_memory == 0) {
    settled.max_total_memory = runtime::default_guest_memory(runtime::system_memory());
  }
  auto state = std::make_unique<State>(settled, std::move(log_sink).value(), std::move(engine).value(), workers);
  state->proxies = std::move(proxies).value();
  state->cors = std::move(cors).value();
  state->draft = std::make_unique<runtime::GenerationDraft>(state->cors);
  if (auto defined = abi::define_imports(state->linker); !defined.ok()) return std::move(defined).error();
  if (auto defined = wasi::define_imports(state->linker); !defined.ok()) return std::move(defined).error();
  state->linker.make_optional(hostmodules::kv_module, hostmodules::optional_kv_module, hostmodules::UNSUPPORTED);
  for (auto* const make :
       {hostmodules::atomics, hostmodules::kv, hostmodules::wazero_atomic, hostmodules::ext_atomic}) {
    if (auto defined = state->linker.define(make()); !defined.ok()) return std::move(defined).error();
  }
  state->stores = std::make_shared<store::Stores>(
      [&log = state->log](LogLevel level, const std::string& text) { log.host(level, text); });
  for (auto* const make : {hostmodules::stored_atomics, hostmodules::stored_kv}) {
    if (auto defined = state->linker.define(make(state->stores)); !defined.ok()) return std::move(defined).error();
  }
  auto trace = hostmodules::trace([](Caller& caller, std::int32_t id) -> rpc::CallSpan* {
    const rpc::Call* const call = runtime::log_of(caller).find_call(id);
    return call == nullptr ? nullptr : call->span();
  });
  if (auto defined = state->linker.define(std::move(trace)); !defined.ok()) return std::move(defined).error();
  auto script = hostmodules::assembly_script(
      [](Caller& caller, LogLevel level, std::string_view text) { runtime::log_of(caller).log(level, text); });
  if (auto defined = state->linker.define_replaceable(std::move(script)); !defined.ok()) {
    return std::move(defined).error();
  }
  if (!options.code_cache.empty()) {
    auto cache = wasm::CodeCache::open(
        options.code_cache, [&log = state->log](const std::string& text) { log.host(LogLevel::warn, text); });
    if (!cache.ok()) return std::move(cache).error();
    state->code_cache = std::move(cache).value();
  }
  auto terms = runtime::TermsMaker::create(
      options, [&log = state->log](LogLevel level, const std::string& text) { log.host(level, text); });
  if (!terms.ok()) return std::move(terms).error();
  state->terms.emplace(std::move(terms).value());
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
  if (auto watched = state->watch_calls(); !watched.ok()) return std::move(watched).error();
  for (const auto& worker : state->workers) {
    if (options.count_methods) {
      worker->use_meters(state->meters);
      worker->use_client_meters(state->client_meters);
    }
    worker->use_window_budget(windows);
    worker->use_output_budget(state->output_budget);
    worker->use_certificate_forwarders(forwarders.value());
    state->door.add(worker->receiver());
  }
  auto access = state->make_access(options.access);
  if (!access.ok()) return std::move(access).error();
  state->access = std::move(access).value();
  if (state->access != nullptr) {
    for (unsigned i = 0; i < workers; ++i) state->workers[i]->use_gate(&state->access->gate(i));
  }
  if (auto begun = state->export_metrics(); !begun.ok()) return std::move(begun).error();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Result<> Server::add_host_module(HostModule module) {
  if (auto may = state_->may_change(); !may.ok()) return may;
  return state_->linker.define(std::move(module));
}

Result<> Server::add_descriptors(std::span<const std::byte> file_descriptor_set) {
  if (auto may = state_->may_change(); !may.ok()) return may;
  const std::string sets[] = {{reinterpret_cast<const char*>(file_descriptor_set.data()), file_descriptor_set.size()}};
  auto files = services::DescribedFiles::parse(sets);
  if (!files.ok()) return Error{"descriptors of native methods: " + files.error().message};
  state_->native.add_files(std::move(files).value());
  return success();
}

Result<> Server::add_method(std::string_view path, rpc::MethodKind kind, HandlerFactory factory,
                            rpc::MessageFormats formats) {
  if (auto may = state_->may_change(); !may.ok()) return may;
  const auto files = state_->native.describing(path);
  services::MethodTypes types;
  if (files != nullptr) {
    if (auto fits = files->check(path, kind); !fits.ok()) return fits;
    types = files->types(path);
  }
  runtime::NativeMethods::Method method{{std::string(path), kind, std::move(types.request), std::move(types.response)},
                                        files};
  if (auto added = state_->draft->add(method); !added.ok()) return added;
  for (const auto& worker : state_->workers) {
    if (auto added = worker->add_method(path, kind, factory(), formats); !added.ok()) return added;
  }
  const std::vector<std::string> service = runtime::service_names({&method.info, 1});
  if (!service.empty()) state_->health.add_service(service.front());  // else it is HTTP
  state_->native.methods.push_back(std::move(method));
  return success();
}

Result<> Server::add_unary_method(std::string_view path, UnaryFunction function, rpc::MessageFormats formats) {
  return add_method(
      path, rpc::MethodKind::unary,
      [function = std::move(function)] { return std::make_unique<runtime::UnaryHandler>(function); }, formats);
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
  if (state_->options.orca_trailers || state_->options.orca_service) {
    if (auto added = add_load_reports(); !added.ok()) return added;
  }
  if (state_->options.reflection) {
    if (auto added = add_openapi(); !added.ok()) return added;
  }
  state_->native.add_files(services::builtin_files());
  if (auto described = state_->draft->describe(state_->native); !described.ok()) return described;
  for (const std::string& warning : state_->draft->warnings()) state_->log.host(LogLevel::warn, warning);
  state_->begin_first_generation();
  state_->started = true;
  if (const auto allowed = runtime::allowed_mappings()) {
    if (const auto warning = runtime::too_few_mappings(state_->options.max_instances, *allowed)) {
      state_->log.host(LogLevel::warn, *warning);
    }
  }
  if (state_->load_reports != nullptr) state_->load_reports->start();
  if (state_->admin != nullptr) {
    if (auto serving = state_->admin->start(state_->view()); !serving.ok()) return serving;
  }
  for (const auto& worker : state_->workers) worker->start();
  state_->watch_access();
  return success();
}

Result<> Server::add_reflection() {
  for (const std::string_view path : services::reflection_paths) {
    if (state_->draft->claims(path)) continue;  // a module knows better
    std::size_t next = 0;                       // factories are called for the workers in their order
    const auto handler = [this, &next] {
      return std::make_unique<services::ReflectionHandler>(state_->workers[next++]->catalog());
    };
    if (auto added = add_method(path, rpc::MethodKind::bidi_stream, handler); !added.ok()) return added;
  }
  state_->draft->add_files(services::builtin_files());
  return success();
}

Result<> Server::add_load_reports() {
  State& state = *state_;
  state.load_reports = std::make_unique<runtime::LoadReports>(state.workers, state.memory, state.options.orca_trailers);
  if (!state.options.orca_service || state.draft->claims(services::load_stream_path)) return success();
  return add_method(services::load_stream_path, rpc::MethodKind::server_stream,
                    [&reports = *state.load_reports] { return reports.make_handler(); });
}

Result<> Server::add_openapi() {
  if (state_->draft->serves_http(runtime::openapi_path)) return success();  // a module has the path
  state_->serves_openapi = true;
  std::size_t next = 0;
  return add_method(runtime::openapi_path, rpc::MethodKind::http, [this, &next] {
    return std::make_unique<runtime::DocumentHandler>(state_->workers[next++]->openapi());
  });
}

Result<> Server::add_health() {
  services::HealthRegistry& health = state_->health;
  const auto paths = {services::health_check_path, services::health_list_path, services::health_watch_path};
  if (std::any_of(paths.begin(), paths.end(), [&](std::string_view path) { return state_->draft->claims(path); })) {
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
  std::size_t next = 0;
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
  state_->workers.front()->post(state_->options.shutdown_delay, [&state = *state_] {
    state.for_each_listener([](net::Listener& listener) { listener.drain(); });
    if (state.load_reports != nullptr) state.load_reports->end_streams();
    for (const auto& worker : state.workers) worker->drain(state.options.drain_timeout);
  });
}

void Server::stop_now() noexcept {
  state_->workers.front()->post(
      {}, [&state = *state_] { state.for_each_listener([](net::Listener& listener) { listener.close(); }); });
  for (const auto& worker : state_->workers) worker->stop_now();
}

void Server::wait() {
  const std::lock_guard lock(state_->wait_mutex);
  for (const auto& worker : state_->workers) worker->join();
  state_->close_trials();
  // A program may end now without destroying the server.
  state_->finish_exports();
  if (state_->admin != nullptr && state_->started) state_->admin->stop();
}

void Server::log(LogLevel level, std::string_view text) noexcept { state_->log.host(level, text); }

std::vector<MethodInfo> Server::methods() const {
  return state_->draft != nullptr ? state_->draft->so_far().methods : state_->current()->methods;
}

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

std::optional<rpc::Refusal> Server::refuse(std::size_t worker, rpc::Request& request, std::string_view path) {
  rpc::Gate* const gate = state_->workers[worker]->gate();
  if (gate == nullptr) return std::nullopt;
  return gate->refuse(request, {path, find_method(worker, path) != nullptr});
}

void Server::post(std::size_t worker, std::function<void()> function) {
  state_->workers[worker]->post({}, std::move(function));
}

ServerCounters Server::counters() const { return state_->counters(); }

}  // namespace wasm_grpc
