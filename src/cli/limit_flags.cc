#include "cli/limit_flags.h"

#include <CLI/CLI.hpp>
#include <string>

#include "cli/time_flag.h"

namespace wasm_grpc::cli {

namespace {

void add_count(CLI::App& command, const char* name, std::uint32_t& value, const char* text, const char* type = "N") {
  command.add_option(name, value, text)->check(CLI::Range(1U, 1'000'000'000U))->capture_default_str()->type_name(type);
}

void add_bytes(CLI::App& command, const char* name, std::size_t& value, const char* text, std::size_t least,
               std::size_t most) {
  command.add_option(name, value, std::string(text) + ", in bytes")
      ->check(CLI::Range(least, most))
      ->capture_default_str()
      ->type_name("BYTES");
}

}  // namespace

void add_limit_flags(CLI::App& command, ClientLimits& limits) {
  command.add_option("--max-connections", limits.max_connections, "Client connections at once; 0: no limit")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--stream-window", limits.stream_window,
                  "Bytes a client may send on one stream before its guest takes them")
      ->check(CLI::Range(64U << 10, 1U << 30))
      ->capture_default_str()
      ->type_name("BYTES");
  command
      .add_option("--max-window-growth", limits.max_window_growth,
                  "Bytes that the windows of all streams may grow by for clients far away; 0: they do not grow")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 40))
      ->capture_default_str()
      ->type_name("BYTES");
  command
      .add_option("--max-large-input", limits.max_large_input,
                  "Bytes that request messages larger than --stream-window may take, for one connection")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 40))
      ->capture_default_str()
      ->type_name("BYTES");
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
  add_time_flag(command, "--request-idle-timeout", limits.request_idle_timeout,
                "How long a client may send nothing of a request that it has not ended, in ms; 0: for ever");
  add_time_flag(command, "--stall-timeout", limits.stall_timeout,
                "How long a client may leave all its answers untaken, in ms; 0: for ever");
}

void add_limit_flags(CLI::App& command, GuestLimits& limits) {
  add_bytes(command, "--max-memory", limits.max_memory_bytes, "Most memory of one instance", std::size_t{64} << 10,
            std::size_t{4} << 30);
  command.add_option("--max-table-elements", limits.max_table_elements, "Most elements of each table of an instance")
      ->check(CLI::Range(1U, 10'000'000U))
      ->capture_default_str()
      ->type_name("N");
  add_bytes(command, "--max-stack", limits.max_stack_bytes, "Most stack of a running guest", std::size_t{16} << 10,
            std::size_t{64} << 20);
  add_time_flag(command, "--start-timeout", limits.start_timeout, "How long an instance may take to start, in ms", 1);
  add_time_flag(command, "--max-cpu-time", limits.max_cpu_time,
                "How long the guest of one call may compute, in ms, waits not counted; 0: for ever");
  add_time_flag(command, "--max-event-time", limits.max_event_time,
                "How long a guest in event style may take for one event, waits counted, in ms; 0: for ever");
  command
      .add_option("--max-instance-cpu", limits.max_instance_cpu_percent,
                  "Percent of a core that an instance in event style may use over time; 0: all of one")
      ->check(CLI::Range(0U, 100U))
      ->capture_default_str()
      ->type_name("PERCENT");
  add_bytes(command, "--max-response-size", limits.max_response_size, "Largest response message of a guest", 1,
            0x7fffffff);
  add_time_flag(command, "--time-slice", limits.time_slice,
                "How long a guest runs before others have their turn, in ms", 1, 1000);
  add_bytes(command, "--max-module-size", limits.max_module_bytes, "Largest module file accepted", 1, 0x7fffffff);
  command
      .add_option("--max-instances-per-module", limits.max_instances,
                  "Most instances of one module; 0: all but what is kept for other modules")
      ->check(CLI::Range(0U, 30'000U))
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--max-waiting-calls", limits.max_waiting_calls,
                  "Most calls of one module on one worker that wait for an instance")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}))
      ->capture_default_str()
      ->type_name("N");
}

void add_limit_flags(CLI::App& command, SharedStateLimits& limits) {
  command.add_option("--max-counters", limits.max_counters, "Most counters the instances of one module may share")
      ->check(CLI::Range(0U, 10'000'000U))
      ->capture_default_str()
      ->type_name("N");
  add_bytes(command, "--max-kv-bytes", limits.max_kv_bytes,
            "Most that the key-value store of one module may hold, over all its instances", 0, std::size_t{1} << 40);
  add_bytes(command, "--max-kv-value", limits.max_kv_value, "Largest value of that store", 0, std::size_t{1} << 30);
}

void add_limit_flags(CLI::App& command, LogLimits& limits) {
  const auto add = [&](const char* name, std::uint32_t& value, const char* text) {
    command.add_option(name, value, text)->check(CLI::Range(0U, 1'000'000'000U))->capture_default_str()->type_name("N");
  };
  add("--log-burst", limits.burst, "Lines that the guests of one module may log at once; 0: none at all");
  add("--log-lines-per-second", limits.lines_per_second, "Lines they may log a second after that; 0: no limit");
}

}  // namespace wasm_grpc::cli
