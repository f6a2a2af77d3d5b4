// wasm-grpc check: whether serve could do what it is told: reads the config, makes a server, loads its modules, and
// starts and opens nothing. The start of each module is run once, sandboxed as when it is served, but with what it
// shares in memory: nothing is to be found of it later.

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/module_source.h"
#include "cli/serve_arguments.h"
#include "store/stores.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

namespace {

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

int check(const ServeArguments& arguments) {
  const config::Reading reading = arguments.read();
  if (!reading.ok()) return arguments.refuse(reading);
  const config::Config& config = *reading.config;
  auto created = Server::create(config.server);
  if (!created.ok()) return fail(created.error().message);
  Server& server = *created.value();

  std::size_t methods = 0;
  std::string text;
  bool sound = true;
  for (const config::ListenConfig& listen : config.listen) {
    if (const auto could = server.check_listen(listen.address, listen.options); !could.ok()) {
      sound = false;
      fail(could.error().message);
    }
  }
  for (const config::ModuleConfig& module : config.modules) {
    if (const auto store = store::look_at(module.options.store); !store.ok()) {
      sound = false;
      fail(module.path + ": " + store.error().message);  // and on: all that is wrong is to be known at once
    }
    config::ModuleConfig in_memory = module;
    in_memory.options.store = {};
    const auto found = find_module(config, in_memory);
    const auto added = found.ok() ? add_module(server, found.value()) : Result<ModuleInfo>(found.error());
    if (!added.ok()) {
      sound = false;
      fail(added.error().message);
      continue;
    }
    methods += added.value().methods.size();
    text += added.value().name + ": " + counted(added.value().methods.size(), "method") + "\n";
  }
  if (!sound) return exit_failure;
  std::printf("%sfine: %s, %s, %s to listen on\n", printable(text).c_str(),
              counted(config.modules.size(), "module").c_str(), counted(methods, "method").c_str(),
              config.listen.size() == 1 ? "1 address" : (std::to_string(config.listen.size()) + " addresses").c_str());
  return exit_ok;
}

}  // namespace

void add_check(CLI::App& app, Command& run) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command =
      app.add_subcommand("check", "Say whether serve could do this: config, modules, TLS; start nothing");
  arguments->add_to(*command);
  command->callback([arguments, &run] {
    arguments->require_modules();
    run = [arguments] { return check(*arguments); };
  });
}

}  // namespace wasm_grpc::cli
