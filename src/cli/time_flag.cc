#include "cli/time_flag.h"

#include <CLI/CLI.hpp>

namespace wasm_grpc::cli {

void add_time_flag(CLI::App& command, const char* name, std::chrono::milliseconds& value, const char* text,
                   std::int64_t least, std::int64_t most) {
  command
      .add_option_function<std::int64_t>(
          name, [&value](std::int64_t count) { value = std::chrono::milliseconds(count); }, text)
      ->check(CLI::Range(least, most))
      ->default_str(std::to_string(value.count()))
      ->type_name("MS");
}

}  // namespace wasm_grpc::cli
