// wasm-grpc serve: loads modules, listens, runs until it is told to stop.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/access_flags.h"
#include "cli/admin_flags.h"
#include "cli/commands.h"
#include "cli/instance_flags.h"
#include "cli/limit_flags.h"
#include "cli/printer.h"
#include "cli/reloader.h"
#include "cli/server_flags.h"
#include "cli/signals.h"
#include "cli/time_flag.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

namespace {

struct ServeFlags {
  std::vector<std::string> modules;
  std::vector<std::string> listen = {"127.0.0.1:50051"};
  ServerOptions server;
  std::int64_t drain_timeout_ms = server.drain_timeout.count();
  ModuleFlags module;
  InstanceFlags instances;
  SharedStateLimits shared_state;
  LogLimits log_limits;
  TlsFlags tls;
  AccessFlags access;
  ConnectionFlags connections;
  LogFlags log;
  ObserveFlags observe;
  bool watch = false;
  AdminFlags admin;
};

/// Allows as many open files, and so connections, as the system would let this process have.
void raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // where it may not, it goes on with what it has
}

std::string services_text(const std::vector<ModuleInfo>& modules) {
  std::string text;
  for (const ModuleInfo& module : modules) {
    std::map<std::string, std::string> services;
    for (const MethodInfo& method : module.methods) {
      if (method.kind == rpc::MethodKind::http) {
        text += module.name + ": HTTP at " + method.path + "\n";
        continue;
      }
      const auto path = rpc::parse_method_path(method.path);
      std::string& methods = services[std::string(path->service)];
      methods +=
          (methods.empty() ? " " : ", ") + std::string(path->method) + " (" + std::string(rpc::name(method.kind)) + ")";
    }
    for (const auto& [service, methods] : services) text += module.name + ": " + service + ":" + methods + "\n";
  }
  return text;
}

/// How curl is told of the address.
std::string curl_target(const std::string& address) {
  if (address.starts_with("unix:")) return "--unix-socket " + address.substr(5) + " http://localhost";
  return address.starts_with("https://") ? "--cacert FILE " + address : "http://" + address;
}

/// The first unary method; nullptr when there is none.
const MethodInfo* first_unary(const std::vector<ModuleInfo>& modules, bool described) {
  for (const ModuleInfo& module : modules) {
    for (const MethodInfo& method : module.methods) {
      if (method.kind == rpc::MethodKind::unary && (!described || !method.request_type.empty())) return &method;
    }
  }
  return nullptr;
}

/// A command that calls a method with an empty message, which every protobuf message can be: by our own client where
/// reflection tells it what the method is.
std::string example_text(const std::vector<ModuleInfo>& modules, const std::string& address, bool reflection) {
  if (const MethodInfo* method = reflection ? first_unary(modules, true) : nullptr) {
    return "try: wasm-grpc call " + address + " " + method->path.substr(1) + " --json '{}'" +
           (address.starts_with("https://") ? " --tls-ca FILE" : "") + "\n";
  }
  if (const MethodInfo* other = first_unary(modules, false)) {
    return "try: printf '\\0\\0\\0\\0\\0' | curl -sS --http2-prior-knowledge -D - -o - -H 'content-type: "
           "application/grpc' -H 'te: trailers' --data-binary @- " +
           curl_target(address) + other->path + "\n";
  }
  return {};
}

int serve(const ServeFlags& flags) {
  raise_open_files();
  ServerOptions options = flags.server;
  options.drain_timeout = std::chrono::milliseconds(flags.drain_timeout_ms);
  auto tls = flags.tls.options();
  if (!tls.ok()) return fail(tls.error().message);
  options.tls = std::move(tls).value();
  auto access = flags.access.options();
  if (!access.ok()) return fail(access.error().message);
  options.access = std::move(access).value();
  flags.connections.set(options);
  options.kept_slot_memory = flags.instances.slot_memory();
  options.log_level = flags.log.value();
  if (auto watched = flags.observe.set(options); !watched.ok()) return fail(watched.error().message);
  auto module_options = flags.module.options();
  if (!module_options.ok()) return fail(module_options.error().message);
  module_options.value().instances = flags.instances.life;
  module_options.value().shared_state = flags.shared_state;
  module_options.value().log = flags.log_limits;

  keep_signals_waiting();
  auto created = Server::create(options);
  if (!created.ok()) return fail(created.error().message);
  Server& server = *created.value();
  Printer printer;
  const auto read = [paths = flags.modules, options = module_options.value()]() -> Result<std::vector<ModuleSource>> {
    std::vector<ModuleSource> sources;
    for (const std::string& path : paths) sources.push_back({path, {}, options});
    return sources;
  };
  Reloader reloader(server, read);
  SignalListener signals(server, printer);

  std::vector<ModuleInfo> modules;
  for (const std::string& path : flags.modules) {
    auto added = server.add_module(path, module_options.value());
    if (!added.ok()) return fail(added.error().message);
    modules.push_back(std::move(added).value());
  }
  auto opening = signals.begin_to_open();
  for (const std::string& address : flags.listen) {
    if (auto listening = server.listen(address); !listening.ok()) return fail(listening.error().message);
  }
  auto admin = flags.admin.open(server);
  if (!admin.ok()) return fail(admin.error().message);
  if (auto started = server.start(); !started.ok()) return fail(started.error().message);

  if (flags.watch) {
    if (auto watching = reloader.watch(flags.modules); !watching.ok()) return fail(watching.error().message);
  }
  signals.serves(reloader);
  opening.unlock();

  std::string text;
  const std::vector<std::string> addresses = server.addresses();
  for (const std::string& address : addresses) text += "listening on " + address + "\n";
  text += admin.value();
  printer.print(text + services_text(modules) + example_text(modules, addresses.front(), options.reflection));
  server.wait();
  return exit_ok;
}

}  // namespace

void add_serve(CLI::App& app, Command& run) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* command = app.add_subcommand("serve", "Serve modules until SIGTERM or SIGINT");
  command->add_option("MODULE", flags->modules, "The .wasm files to serve")->required();
  command
      ->add_option(
          "--listen", flags->listen,
          "Where to listen, ADDRESS:PORT, http://… without TLS, or unix:PATH[?mode=0660&user=NAME&group=NAME]; port 0 "
          "picks a free one")
      ->allow_extra_args(false)  // or it would take the modules that follow it
      ->capture_default_str()
      ->type_name("ADDRESS");
  ServerOptions& server = flags->server;
  command
      ->add_option("--cors-origin", server.cors_origins,
                   "A web page's origin that may call, https://app.example.com, https://*.example.com or *")
      ->allow_extra_args(false)
      ->type_name("ORIGIN");
  command
      ->add_option("--proxy-protocol", server.proxies,
                   "Where proxies are that speak the PROXY protocol, such as 10.0.0.0/8, 192.0.2.7 or unix:")
      ->allow_extra_args(false)
      ->type_name("NETWORK");
  command
      ->add_option("--forwarded-client-cert", server.certificate_forwarders,
                   "Where proxies are that are believed what x-forwarded-client-cert says of their clients")
      ->allow_extra_args(false)
      ->type_name("NETWORK");
  command->add_flag("--watch", flags->watch,
                    "Reload the modules when their files change, as SIGHUP does: without a lost call");
  command->add_option("--workers", server.workers, "Threads that serve; 0: one for each core")
      ->check(CLI::Range(0U, 1024U))
      ->capture_default_str()
      ->type_name("N");
  add_code_cache_flag(*command, server.code_cache);
  command->add_flag("--share-work,!--no-share-work", server.share_work,
                    "Whether a busy worker lends long calls to an idle one");
  command->add_option("--instances", server.max_instances, "Most instances alive at once, over all workers")
      ->check(CLI::Range(1U, 30'000U))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--max-unread-output", server.max_unread_output,
                   "Bytes of answers that clients may leave unread, all together; 0: a quarter of the memory there is")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 50))
      ->capture_default_str()
      ->type_name("BYTES");
  command
      ->add_option(
          "--max-total-memory", server.max_total_memory,
          "Most memory of all instances together, in bytes; 0: three quarters of the machine's or the cgroup's")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 50))
      ->capture_default_str()
      ->type_name("BYTES");
  command
      ->add_option("--max-message-size", server.max_message_size,
                   "Largest request message accepted, in bytes, also decompressed")
      ->check(CLI::Range(std::size_t{1}, std::size_t{0x7fffffff}))
      ->capture_default_str()
      ->type_name("BYTES");
  add_time_flag(*command, "--max-call-time", server.max_call_time, "How long a call may take, in ms; 0: for ever");
  command
      ->add_option("--max-concurrent-streams", server.max_concurrent_streams,
                   "Most streams one connection may have open at once")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--drain-timeout", flags->drain_timeout_ms, "How long a stop waits for calls in progress, in ms")
      ->check(CLI::Range(0L, 3'600'000L))
      ->capture_default_str()
      ->type_name("MS");
  add_time_flag(*command, "--shutdown-delay", server.shutdown_delay,
                "How long a stop goes on serving while it says that it is not ready, in ms");
  add_limit_flags(*command, server.guests);
  command->add_flag("--health,!--no-health", server.health, "Whether clients may ask whether services are healthy")
      ->default_str(server.health ? "true" : "false");
  command->add_flag("--reflection,!--no-reflection", server.reflection, "Whether clients may ask what the services are")
      ->default_str(server.reflection ? "true" : "false");
  add_limit_flags(*command, server.clients);
  add_limit_flags(*command, flags->shared_state);
  flags->module.add_to(*command);
  flags->instances.add_to(*command);
  flags->tls.add_to(*command);
  flags->access.add_to(*command);
  flags->connections.add_to(*command);
  flags->log.add_to(*command);
  flags->observe.add_to(*command);
  flags->admin.add_to(*command, server.admin);
  command->add_flag("--orca-trailers", server.orca_trailers,
                    "Whether calls tell in a trailer how loaded the server is");
  command->add_flag("--orca-service", server.orca_service, "Whether clients may ask to be told so once in a while");
  command
      ->add_flag("--count-methods,!--no-count-methods", server.count_methods,
                 "Whether calls are counted by their method, for metrics")
      ->default_str("true");
  add_limit_flags(*command, flags->log_limits);
  command->callback([flags, &run] { run = [flags] { return serve(*flags); }; });
}

}  // namespace wasm_grpc::cli
