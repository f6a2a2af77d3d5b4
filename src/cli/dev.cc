// wasm-grpc dev: serves a guest while it is written: builds it, serves it, prints each call, and does it again whenever
// a source changes.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "cli/builder.h"
#include "cli/commands.h"
#include "cli/dev_project.h"
#include "cli/serve.h"
#include "cli/serve_arguments.h"
#include "cli/signals.h"

namespace wasm_grpc::cli {

namespace {

namespace fs = std::filesystem;

struct DevArguments {
  std::string what;  // a folder, or a module
  std::string build;
  std::string module;
  ServeArguments serve;
};

Result<DevProject> project_of(const DevArguments& arguments) {
  if (arguments.build.empty() != arguments.module.empty()) {
    return Error{"--build COMMAND and --module FILE belong together: how it is built, and where the module is then"};
  }
  if (arguments.build.empty()) return find_project(arguments.what);
  return DevProject{arguments.what, arguments.build, arguments.module};
}

int dev(DevArguments& arguments) {
  std::error_code error;
  // Both may be said otherwise by flags.
  arguments.serve.add_default("watch", true);
  arguments.serve.add_default("access-log-calls", std::string_view("all"));
  if (!fs::exists(arguments.what, error)) return fail(arguments.what + ": there is no such file or folder");
  std::unique_ptr<Builder> builder;
  if (fs::is_directory(arguments.what, error)) {
    auto project = project_of(arguments);
    if (!project.ok()) return fail(project.error().message);
    const DevProject found = std::move(project).value();
    auto made = Builder::create(found);
    if (!made.ok()) return fail(made.error().message);
    builder = std::move(made).value();
    builder->build_first();
    arguments.serve.modules = found.built();
    keep_signals_waiting();
    builder->start();
  } else {
    if (!arguments.build.empty() || !arguments.module.empty()) {
      return fail("--build and --module go with a folder, and " + arguments.what + " is a file");
    }
    arguments.serve.modules = {arguments.what};
  }
  return serve(arguments.serve);
}

}  // namespace

void add_dev(CLI::App& app, Command& run) {
  auto arguments = std::make_shared<DevArguments>();
  CLI::App* command = app.add_subcommand(
      "dev", "Build and serve a guest while it is written: again whenever a source changes, and print each call");
  command
      ->add_option("DIR|MODULE", arguments->what,
                   "A folder with CMakeLists.txt, Cargo.toml, go.mod, package.json or build.zig; or a .wasm file")
      ->required();
  command->add_option("--build", arguments->build, "How it is built, for the shell, in the folder")
      ->type_name("COMMAND");
  command->add_option("--module", arguments->module, "The module that this makes; relative to the folder")
      ->type_name("FILE");
  arguments->serve.flags.add_all(*command);
  command->callback([arguments, &run] { run = [arguments] { return dev(*arguments); }; });
}

}  // namespace wasm_grpc::cli
