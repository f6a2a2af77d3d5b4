// What a server has, for the files that implement it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/admin_server.h"
#include "facade/cors.h"
#include "http2/session/output_budget.h"
#include "net/door.h"
#include "net/networks.h"
#include "observe/call_watch.h"
#include "observe/log/log.h"
#include "observe/metrics/client_meters.h"
#include "observe/metrics/method_meters.h"
#include "observe/otlp/exporter.h"
#include "runtime/access_control.h"
#include "runtime/generations/generation.h"
#include "runtime/generations/reaper.h"
#include "runtime/instances/instance_budget.h"
#include "runtime/listening.h"
#include "runtime/load_reports.h"
#include "runtime/sharing/loan_exchange.h"
#include "runtime/worker.h"
#include "services/health_registry.h"
#include "store/stores.h"
#include "wasm/code_cache.h"
#include "wasm/engine.h"
#include "wasm/epoch.h"
#include "wasm/linker.h"
#include "wasm/memory_budget.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc {

struct Server::State {
  State(const ServerOptions& server_options, observe::LogSink log_sink, wasm::Engine server_engine,
        unsigned worker_count)
      : options(server_options),
        live(server_options),
        log(options.log_level, std::move(log_sink)),
        memory(options.max_total_memory),
        engine(std::move(server_engine)),
        linker(engine),
        ticker(engine, server_options.guests.time_slice),
        exchange(worker_count),
        meters(worker_count),
        client_meters(worker_count),
        budget(server_options.max_instances, server_options.guests.max_instances),
        door(server_options.clients.max_connections) {}

  const ServerOptions options;  // as it was created
  LiveOptions live;             // what of them holds now; of reload_mutex, once it has started
  observe::Log log;
  std::unique_ptr<observe::Log> access_log;           // nullptr: calls are not logged, or into `log`
  std::unique_ptr<observe::otlp::Exporter> exporter;  // nullptr: nothing is traced
  std::vector<observe::CallWatch> watches;            // of the calls of each worker; none: nobody watches
  wasm::MemoryBudget memory;                          // of all guests
  std::shared_ptr<store::Stores> stores;
  wasm::Engine engine;
  wasm::Linker linker;
  wasm::EpochTicker ticker;
  std::unique_ptr<wasm::CodeCache> code_cache;  // nullptr: none
  runtime::LoanExchange exchange;
  observe::MethodMeters meters;
  observe::ClientMeters client_meters;
  runtime::InstanceBudget budget;
  services::HealthRegistry health;
  /// nullptr: none. After `health`, which tells it, and before the workers, who tell that.
  std::unique_ptr<admin::AdminServer> admin;
  std::optional<runtime::TermsMaker> terms;  // of addresses; always, once it is created
  facade::Cors cors;
  std::shared_ptr<http2::OutputBudget> output_budget;  // outlives the workers, who are asked by it
  net::Door door;
  std::vector<std::unique_ptr<net::Allowance>> allowances;  // of addresses; outlive their connections
  net::Networks proxies;
  // Of generation_mutex for who only counts; changed with reload_mutex.
  std::shared_ptr<runtime::AccessControl> access;      // nullptr: whoever gets here may call all
  ServerCounters counted_before;                       // by those that were before it
  std::shared_ptr<runtime::AccessControl> half_taken;  // which some workers had got when the server stopped
  runtime::Reaper reaper;                              // outlives the modules

  runtime::NativeMethods native;
  bool serves_openapi = false;
  /// What is served first, until start(); nullptr after it.
  std::unique_ptr<runtime::GenerationDraft> draft;
  /// What is served, from start() on.
  std::shared_ptr<const runtime::Generation> generation;
  mutable std::mutex generation_mutex;  // of `generation`
  std::mutex reload_mutex;              // one at a time
  std::atomic<std::uint64_t> reloads_failed = 0;
  unsigned homes_given = 0;  // ServedModule::home

  std::vector<std::unique_ptr<runtime::Worker>> workers;
  std::unique_ptr<runtime::LoadReports> load_reports;  // nullptr: none
  std::vector<runtime::Listening> listening;           // in the order of listen()
  bool started = false;
  std::mutex wait_mutex;
  class ServerTrials;                    // server_trials.cc
  std::shared_ptr<ServerTrials> trials;  // nullptr: none are made
  /// nullptr: metrics are told to who asks only. The last, as it asks all of the above.
  std::unique_ptr<observe::otlp::Exporter> metrics_exporter;

  [[nodiscard]] std::shared_ptr<const runtime::Generation> current() const {
    const std::lock_guard lock(generation_mutex);
    return generation;
  }
  template <typename Function>
  void for_each_listener(const Function& function) const {
    for (const runtime::Listening& one : listening) {
      for (const auto& listener : one.listeners) function(*listener);
    }
  }
  [[nodiscard]] Result<> may_change() const {
    return started ? Result<>(Error{"the server has started; set it up before start()"}) : success();
  }

  // ---- server_watch.cc ----

  /// Where the server's log goes. The error says what cannot be opened.
  [[nodiscard]] static Result<observe::LogSink> log_sink_of(const ServerOptions& options);
  /// Begins what is told of calls: traces, and the log of calls. The workers are there, and do not run.
  [[nodiscard]] Result<> watch_calls();
  /// Begins to tell a collector what is counted, where there is one.
  [[nodiscard]] Result<> export_metrics();
  /// Sends the collectors what is left.
  void finish_exports();

  // ---- server_view.cc ----

  [[nodiscard]] ServerCounters counters();
  [[nodiscard]] admin::View view();
  [[nodiscard]] std::vector<admin::LimitUse> limits(const ServerCounters& now) const;

  // ---- server_options.cc: with reload_mutex once it has started ----

  /// Options that are about to hold, and what follows from them: all that can fail is done.
  struct NextOptions {
    LiveOptions live;
    std::vector<ListenOptions> of_addresses;
    facade::Cors cors;
    std::optional<runtime::TermsMaker> maker;
    std::vector<std::shared_ptr<const net::Terms>> terms;  // by address
    std::shared_ptr<runtime::AccessControl> access;
  };
  /// nullptr where nothing is asked of calls.
  [[nodiscard]] Result<std::shared_ptr<runtime::AccessControl>> make_access(const AccessOptions& of) const;
  void watch_access();
  void use_access(std::shared_ptr<runtime::AccessControl> next);
  [[nodiscard]] Result<std::shared_ptr<NextOptions>> prepare_options(
      const LiveOptions& wanted, const std::vector<ListenOptions>& of_addresses) const;
  /// Once all workers have its access rules and generation.
  [[nodiscard]] Result<> take_options(const std::shared_ptr<NextOptions>& next);

  // ---- server_trials.cc ----

  /// What makes the calls of the admin address; nullptr where it may make none.
  [[nodiscard]] std::shared_ptr<admin::Trials> make_trials();
  /// Lets go of those that have not ended, when the workers have.
  void close_trials() noexcept;

  // ---- server_modules.cc ----

  /// Makes what can be served of a module; `before` is the one whose place it takes, nullptr for none. Not on a worker:
  /// it compiles. The error is one line without the module's name.
  struct Loaded {
    std::shared_ptr<const runtime::ServedModule> module;
    ModuleInfo info;
  };
  [[nodiscard]] Result<Loaded> load(std::span<const std::byte> bytes, const ModuleOptions& given,
                                    const runtime::ServedModule* before);
  void warn(const ModuleInfo& info) const;
  /// Keeps half of the memory for the modules, in equal parts; less where one needs more to start an instance.
  void share_memory(const runtime::Generation& generation);
  /// Ends the draft, and gives what it has to the workers, which do not run yet.
  void begin_first_generation();
  /// What is to be served: a module that is already, or one to be loaded.
  struct Wanted {
    std::shared_ptr<const runtime::ServedModule> kept;  // nullptr: `loaded`
    Loaded loaded;
    std::shared_ptr<const runtime::ServedModule> before;  // whose place it takes; nullptr: none
  };
  /// Reads and loads a source, which is kept as it is where nothing has changed, unless `always`.
  [[nodiscard]] Result<Wanted> want(const ModuleSource& source, std::shared_ptr<const runtime::ServedModule> before,
                                    bool always);
  /// The same of all that are to be served, each in place of the one of its name.
  [[nodiscard]] Result<std::vector<Wanted>> want_all(const std::vector<ModuleSource>& modules);
  /// Adds what callers lose to the warnings; the error says it, where a module that takes the place of one must be
  /// compatible.
  [[nodiscard]] Result<> check_callers(const std::vector<std::shared_ptr<const runtime::ServedModule>>& gone,
                                       const runtime::Generation& next, const std::vector<Wanted>& wanted,
                                       std::vector<std::string>& warnings) const;
  /// Serves these, all or nothing, by these options where there are some. With reload_mutex; waits for the workers.
  [[nodiscard]] Result<ReloadReport> change_to(const std::vector<Wanted>& wanted,
                                               const std::shared_ptr<NextOptions>& next_options = nullptr);
  /// Gives parts of these to all workers, and waits until their warm instances are there. The error says which cannot
  /// start any.
  [[nodiscard]] Result<> prepare(const std::vector<std::shared_ptr<const runtime::ServedModule>>& modules);
  /// Takes them away again.
  void take_back(const std::vector<std::shared_ptr<const runtime::ServedModule>>& modules);
  /// Runs the function on all workers, and returns when it has run on all; false when one has stopped, and it did not.
  /// It may run after that: it must not refer to what the caller has.
  [[nodiscard]] bool on_all_workers(const std::function<void(runtime::Worker&)>& function);
};

}  // namespace wasm_grpc
