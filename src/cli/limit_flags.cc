#include "cli/limit_flags.h"

#include <CLI/CLI.hpp>

#include "cli/time_flag.h"

namespace wasm_grpc::cli {

namespace {

void add_count(CLI::App& command, const char* name, std::uint32_t& value, const char* text, const char* type = "N") {
  command.add_option(name, value, text)->check(CLI::Range(1U, 1'000'000'000U))->capture_default_str()->type_name(type);
}

}  // namespace

void add_limit_flags(CLI::App& command, ClientLimits& limits) {
  command
      .add_option("--max-header-size", limits.max_header_list_size,
                  "Largest headers of a request accepted, in bytes and 32 for each")
      ->check(CLI::Range(1024U, 1U << 20))
      ->capture_default_str()
      ->type_name("BYTES");
  add_count(command, "--max-continuations", limits.max_continuations,
            "CONTINUATION frames the headers of a request may take");
  add_count(command, "--reset-burst", limits.reset_burst, "Streams a client may reset at once");
  add_count(command, "--resets-per-second", limits.resets_per_second, "Streams it may reset a second after that");
  add_count(command, "--overhead-burst", limits.overhead_burst,
            "Frames that carry no part of a call a client may send at once");
  add_count(command, "--overhead-per-second", limits.overhead_per_second, "How many of them a second after that");
  add_time_flag(command, "--handshake-timeout", limits.handshake_timeout,
                "How long a new connection may take to open, TLS included, in ms; 0: for ever");
  add_time_flag(command, "--header-timeout", limits.header_timeout,
                "How long the headers of a request may take to come, in ms; 0: for ever");
  add_time_flag(command, "--stall-timeout", limits.stall_timeout,
                "How long a client may leave all its answers untaken, in ms; 0: for ever");
}

void add_limit_flags(CLI::App& command, GuestLimits& limits) {
  add_time_flag(command, "--max-cpu-time", limits.max_cpu_time,
                "How long the guest of one call may compute, in ms, waits not counted; 0: for ever");
}

}  // namespace wasm_grpc::cli
