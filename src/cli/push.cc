// wasm-grpc push: puts a module into a registry.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/setting_flags.h"
#include "config/read.h"
#include "registry/fetch.h"
#include "registry/files.h"

namespace wasm_grpc::cli {

namespace {

struct PushFlags {
  std::string file;
  std::string reference;
  SettingFlags settings;
};

int push(const PushFlags& flags) {
  const config::Reading reading = config::read({{flags.file}, flags.settings.given()});
  if (!reading.ok()) return fail(reading.problems.front());
  auto reference = registry::Reference::parse(flags.reference);
  if (!reference.ok()) return fail(reference.error().message);
  auto bytes = registry::read_file(flags.file, reading.config->server.guests.max_module_bytes);
  if (!bytes.ok()) return fail(bytes.error().message);
  const std::string name = std::filesystem::path(flags.file).filename().string();
  const auto pushed = registry::push_module(reading.config->registries, reference.value(), bytes.value(), name);
  if (!pushed.ok()) return fail(pushed.error().message);
  std::printf("%s@%s\n", reference.value().text().c_str(), pushed.value().text().c_str());
  return exit_ok;
}

}  // namespace

void add_push(CLI::App& app, Command& run) {
  auto flags = std::make_shared<PushFlags>();
  CLI::App* command = app.add_subcommand("push", "Put a module into a registry; prints what it is called there");
  command->add_option("FILE", flags->file, "The .wasm file")->required();
  command->add_option("REF", flags->reference, "What it is to be called: HOST[:PORT]/NAME[:TAG]")->required();
  for (const char* name :
       {"registry-credentials", "registry-ca", "registry-plain-http", "registry-timeout", "max-module-size"}) {
    flags->settings.add(*command, name);
  }
  command->callback([flags, &run] { run = [flags] { return push(*flags); }; });
}

}  // namespace wasm_grpc::cli
