// The main function of the benchmark's clients.
#pragma once

#include <cstdio>
#include <exception>
#include <span>

namespace wasm_grpc::bench {

/// Runs `run` with the command line. Exit code 1 and a line on stderr when it throws; 2 and `usage` without arguments.
inline int run_program(const char* name, const char* usage, int (*run)(std::span<char*> arguments), int argc,
                       char** argv) {
  try {
    if (argc == 1) return std::fputs(usage, stderr), 2;
    return run({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace wasm_grpc::bench
