#include "cli/serve_arguments.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace wasm_grpc::cli {

void ServeArguments::add_to(CLI::App& command) {
  command.add_option("MODULE", modules, "The .wasm files to serve");
  command.add_option("-c,--config", config_file, "A config file, in TOML; flags hold over what it says")
      ->type_name("FILE");
  flags.add_all(command);
}

void ServeArguments::require_modules() const {
  if (modules.empty() && config_file.empty()) throw CLI::RequiredError("MODULE, or --config FILE,");
}

config::Reading ServeArguments::read() const {
  return config_file.empty() ? config::read(command_line()) : config::read_file(config_file, command_line());
}

int ServeArguments::refuse(const config::Reading& reading) const {
  for (const std::string& problem : reading.problems) fail(problem);
  return config_file.empty() ? exit_usage : exit_failure;
}

}  // namespace wasm_grpc::cli
