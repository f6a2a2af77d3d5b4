#include "cli/serve_arguments.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "config/setting.h"

namespace wasm_grpc::cli {

void ServeArguments::add_to(CLI::App& command) {
  command.add_option("MODULE", modules, "The .wasm files to serve, or oci://HOST/NAME:TAG of a registry");
  command.add_option("-c,--config", config_file, "A config file, in TOML; flags hold over what it says")
      ->type_name("FILE");
  flags.add_all(command);
}

void ServeArguments::require_modules() const {
  if (modules.empty() && config_file.empty()) throw CLI::RequiredError("MODULE, or --config FILE,");
}

void ServeArguments::add_default(std::string_view setting, bool value) {
  defaults.push_back({config::find_setting(setting), value});
}

void ServeArguments::add_default(std::string_view setting, std::string_view text) {
  const config::Setting& found = *config::find_setting(setting);
  if (auto value = config::parse_value(found, text); value.ok()) {
    defaults.push_back({&found, std::move(value).value()});
  }
}

config::CommandLine ServeArguments::command_line() const {
  config::CommandLine line{modules, defaults};
  const std::vector<config::Given> given = flags.given();
  line.flags.insert(line.flags.end(), given.begin(), given.end());
  return line;
}

config::Reading ServeArguments::read() const {
  return config_file.empty() ? config::read(command_line()) : config::read_file(config_file, command_line());
}

int ServeArguments::refuse(const config::Reading& reading) const {
  for (const std::string& problem : reading.problems) fail(problem);
  return config_file.empty() ? exit_usage : exit_failure;
}

}  // namespace wasm_grpc::cli
