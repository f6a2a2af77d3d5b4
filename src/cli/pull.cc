// wasm-grpc pull: gets a module from a registry, as `serve` would.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/setting_flags.h"
#include "config/read.h"
#include "registry/fetch.h"
#include "registry/files.h"

namespace wasm_grpc::cli {

namespace {

struct PullFlags {
  std::string reference;
  std::string output;
  SettingFlags settings;
};

int pull(const PullFlags& flags) {
  auto reference = registry::Reference::parse(flags.reference);
  if (!reference.ok()) return fail(reference.error().message);
  const config::Reading reading = config::read({{reference.value().text()}, flags.settings.given()});
  if (!reading.ok()) return fail(reading.problems.front());
  const config::ModuleConfig& module = reading.config->modules.front();
  const auto fetched = registry::fetch_module(reading.config->registries, reference.value(),
                                              {module.options.guests->max_module_bytes, module.registry.keys});
  if (!fetched.ok()) return fail(fetched.error().message);
  for (const std::string& warning : fetched.value().warnings) fail(warning);
  const std::string output = flags.output.empty() ? reference.value().module_name() + ".wasm" : flags.output;
  constexpr mode_t for_all = 0644;
  const auto written = registry::replace_file(output, fetched.value().bytes, for_all);
  if (!written.ok()) return fail(written.error().message);
  reference.value().digest = fetched.value().digest;
  std::printf("%s\n%s: %zu bytes\n", reference.value().text().c_str(), printable(output).c_str(),
              fetched.value().bytes.size());
  return exit_ok;
}

}  // namespace

void add_pull(CLI::App& app, Command& run) {
  auto flags = std::make_shared<PullFlags>();
  CLI::App* command = app.add_subcommand("pull", "Get a module from a registry, as serve would");
  command->add_option("REF", flags->reference, "What it is called there: HOST[:PORT]/NAME[:TAG][@DIGEST]")->required();
  command->add_option("-o,--output", flags->output, "Where it is written to; NAME.wasm if not given")
      ->type_name("FILE");
  for (const char* name : {"registry-key", "registry-credentials", "registry-ca", "registry-plain-http",
                           "registry-timeout", "registry-cache", "registry-cache-size", "max-module-size"}) {
    flags->settings.add(*command, name);
  }
  command->callback([flags, &run] { run = [flags] { return pull(*flags); }; });
}

}  // namespace wasm_grpc::cli
