#include "cli/instance_flags.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "cli/time_flag.h"

namespace wasm_grpc::cli {

void InstanceFlags::add_to(CLI::App& command) {
  const std::map<std::string, InstanceMode> modes = {{"shared", InstanceMode::shared}, {"fresh", InstanceMode::fresh}};
  command
      .add_option_function<std::string>(
          "--instance-mode", [this, modes](const std::string& name) { life.mode = modes.at(name); },
          "Whether instances serve one call after the other, or each call gets a new one")
      ->check(CLI::IsMember({"shared", "fresh"}))
      ->default_str("shared")
      ->type_name("MODE");
  command.add_option("--warm-instances", life.warm, "Instances of each module and worker to start ahead and keep")
      ->check(CLI::Range(0U, 30'000U))
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--max-instance-calls", life.max_calls, "Replace instances after so many calls; 0: never")
      ->capture_default_str()
      ->type_name("N");
  add_time_flag(command, "--max-instance-age", life.max_age, "Replace instances older than this, in ms; 0: never");
  command
      .add_option("--max-kept-memory", life.max_kept_memory,
                  "Replace instances whose memory has grown past this, in bytes; 0: never")
      ->capture_default_str()
      ->type_name("BYTES");
  add_time_flag(command, "--instance-idle-timeout", life.idle_timeout,
                "Destroy instances not needed for this long, in ms; 0: never");
  command
      .add_option("--kept-slot-memory", kept_slot_memory,
                  "Memory of an ended instance to keep for the next one, in bytes (default: 0; with fresh instances "
                  "131072)")
      ->check(CLI::Range(std::size_t{0}, std::size_t{4} << 30))
      ->type_name("BYTES");
}

std::size_t InstanceFlags::slot_memory() const {
  constexpr std::size_t with_fresh_instances = std::size_t{128} << 10;
  return kept_slot_memory.value_or(life.mode == InstanceMode::fresh ? with_fresh_instances : 0);
}

}  // namespace wasm_grpc::cli
