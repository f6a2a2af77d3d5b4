// wasm-grpc serve: loads modules, listens, runs until it is told to stop.
#include "cli/serve.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/module_source.h"
#include "cli/pid_file.h"
#include "cli/printer.h"
#include "cli/reloader.h"
#include "cli/serve_arguments.h"
#include "cli/service_manager.h"
#include "cli/shell_text.h"
#include "cli/signals.h"
#include "cli/watchdog.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

namespace {

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
  if (address.starts_with("unix:")) return "--unix-socket " + shell_word(address.substr(5)) + " http://localhost";
  return address.starts_with("https://") ? "--insecure " + shell_word(address) : shell_word("http://" + address);
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

/// A command, to be pasted as it is, that calls a method with an empty message, which every protobuf message can be: by
/// our own client where reflection tells it what the method is. Over TLS the certificate is not verified, as nothing
/// here says who signed it; where clients must show a certificate of their own there is no such command.
std::string example_text(const std::vector<ModuleInfo>& modules, const std::string& address,
                         const config::Config& config) {
  const ListenOptions& own = config.listen.front().options;
  const TlsOptions& tls = own.tls ? *own.tls : config.server.tls;
  const bool mutual = !tls.client_ca_file.empty() && tls.client_auth == TlsClientAuth::require;
  if (!(own.connections ? own.connections->protocols : config.server.protocols).grpc) return {};
  if (mutual && address.starts_with("https://")) return {};
  if (const MethodInfo* method = config.server.reflection ? first_unary(modules, true) : nullptr) {
    return "try: " + program_command() + " call " + shell_word(address) + " " + method->path.substr(1) +
           " --json '{}'" + (address.starts_with("https://") ? " --insecure-skip-verify" : "") + "\n";
  }
  if (const MethodInfo* other = first_unary(modules, false)) {
    return "try: printf '\\0\\0\\0\\0\\0' | curl -sS --http2-prior-knowledge -D - -o - -H 'content-type: "
           "application/grpc' -H 'te: trailers' --data-binary @- " +
           curl_target(address) + other->path + "\n";
  }
  return {};
}

/// Which it all comes from, but for registries.
std::vector<std::string> files_of(const ServeArguments& arguments, const config::Config& config) {
  std::vector<std::string> files;
  if (!arguments.config_file.empty()) files.push_back(arguments.config_file);
  for (const config::ModuleConfig& module : config.modules) {
    if (!registry::is_reference(module.path)) files.push_back(module.path);
  }
  return files;
}

/// What is to be served by what the arguments, and the file, say now; the error is what is wrong with them, or what a
/// server that runs with `running` cannot change. `running` outlives it, and is the new one once that is taken.
Result<Served> read_again(const ServeArguments& arguments, config::Config& running, const std::stop_token& stop) {
  const config::Reading reading = arguments.read();
  const auto joined = [](const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
    return text;
  };
  if (!reading.ok()) return Error{joined(reading.problems)};
  if (const auto names = config::need_restart(running, *reading.config); !names.empty()) {
    return Error{"only a restart changes these: " + joined(names)};
  }
  Served served;
  for (const config::ModuleConfig& module : reading.config->modules) {
    auto found = find_module(*reading.config, module, stop);
    if (!found.ok()) return std::move(found).error();
    served.modules.push_back(std::move(found.value().source));
    if (found.value().tag) served.tags.push_back(std::move(*found.value().tag));
    const auto& warnings = found.value().warnings;
    served.warnings.insert(served.warnings.end(), warnings.begin(), warnings.end());
  }
  served.registries = reading.config->registries;
  served.files = files_of(arguments, *reading.config);
  served.options = reading.config->server;
  for (const config::ListenConfig& listen : reading.config->listen) served.of_addresses.push_back(listen.options);
  served.settings = config::taken_by_reload(running, *reading.config);
  served.taken = [&running, config = *reading.config]() mutable { running = std::move(config); };
  return served;
}

/// How long a stop may take, and a moment for what comes around it.
std::chrono::milliseconds time_to_stop(const ServerOptions& options) {
  constexpr std::chrono::seconds moment{5};
  return options.shutdown_delay + options.drain_timeout + moment;
}

/// As the manager of the service shows it to people.
std::string status_text(std::size_t modules, const std::vector<std::string>& addresses) {
  std::string text = "serving " + std::to_string(modules) + (modules == 1 ? " module" : " modules");
  for (const std::string& address : addresses) text += (&address == &addresses.front() ? " on " : ", ") + address;
  return text;
}

}  // namespace

int serve(const ServeArguments& arguments) {
  raise_open_files();
  const config::Reading reading = arguments.read();
  if (!reading.ok()) return arguments.refuse(reading);
  const config::Config& config = *reading.config;

  keep_signals_waiting();
  auto created = Server::create(config.server);
  if (!created.ok()) return fail(created.error().message);
  Server& server = *created.value();
  auto told = ServiceManager::of_process();
  if (!told.ok()) server.log(LogLevel::warn, "the manager of the service is told nothing: " + told.error().message);
  const ServiceManager manager = told.ok() ? std::move(told).value() : ServiceManager();
  Printer printer;
  config::Config running = config;  // of the reloader's thread
  Reloader reloader(server, manager, [&arguments, &running](const std::stop_token& stop) {
    return read_again(arguments, running, stop);
  });
  SignalListener signals(server, printer);

  std::vector<ModuleInfo> modules;
  std::vector<FollowedTag> tags;
  for (const config::ModuleConfig& module : config.modules) {
    auto found = find_module(config, module);
    if (!found.ok()) return fail(found.error().message);
    auto added = add_module(server, found.value());
    if (!added.ok()) return fail(added.error().message);
    if (found.value().tag) tags.push_back(std::move(*found.value().tag));
    modules.push_back(std::move(added).value());
  }
  auto opening = signals.begin_to_open();
  for (const config::ListenConfig& listen : config.listen) {
    if (auto listening = server.listen(listen.address, listen.options); !listening.ok())
      return fail(listening.error().message);
  }
  std::string admin_text;
  for (const std::string& address : config.admin_listen) {
    auto listening = server.listen_admin(address);
    if (!listening.ok()) return fail(listening.error().message);
    admin_text +=
        "admin at " + std::string(listening.value().starts_with("unix:") ? "" : "http://") + listening.value() + "\n";
  }
  PidFile pid_file;
  if (!config.pid_file.empty()) {
    auto written = PidFile::write(config.pid_file);
    if (!written.ok()) return fail(written.error().message);
    pid_file = std::move(written).value();
  }
  if (auto started = server.start(); !started.ok()) return fail(started.error().message);

  if (config.watch) {
    if (auto watching = reloader.watch(files_of(arguments, config)); !watching.ok())
      return fail(watching.error().message);
  }
  reloader.follow(std::move(tags), config.registries);
  Watchdog watchdog(server, manager);
  signals.serves(reloader, [&] {
    manager.stopping(time_to_stop(config.server));
    watchdog.server_stops();
  });
  opening.unlock();

  std::string text;
  const std::vector<std::string> addresses = server.addresses();
  for (const std::string& address : addresses) text += "listening on " + address + "\n";
  printer.print(text + admin_text + services_text(modules) + example_text(modules, addresses.front(), config));
  manager.ready(status_text(modules.size(), addresses));
  server.wait();
  return exit_ok;
}

void add_serve(CLI::App& app, Command& run) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command = app.add_subcommand("serve", "Serve modules until SIGTERM or SIGINT");
  arguments->add_to(*command);
  command->callback([arguments, &run] {
    arguments->require_modules();
    run = [arguments] { return serve(*arguments); };
  });
}

}  // namespace wasm_grpc::cli
