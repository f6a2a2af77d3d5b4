#include "cli/time_flag.h"

#include <CLI/CLI.hpp>
#include <cstdint>

namespace wasm_grpc::cli {

void add_time_flag(CLI::App& command, const char* name, std::chrono::milliseconds& value, const char* text) {
  command
      .add_option_function<std::int64_t>(
          name, [&value](std::int64_t count) { value = std::chrono::milliseconds(count); }, text)
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{30} * 24 * 3'600'000))
      ->default_str(std::to_string(value.count()))
      ->type_name("MS");
}

}  // namespace wasm_grpc::cli
