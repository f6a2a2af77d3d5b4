#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.h"
#include "cli/version.h"

namespace wasm_grpc::cli {

std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    if ((value >= ' ' && value != 0x7f) || c == '\n' || c == '\t') {
      out += c;
    } else {
      out.append("\\x").append({digits[value >> 4], digits[value & 15]});
    }
  }
  return out;
}

int fail(const std::string& message) {
  std::fprintf(stderr, "wasm-grpc: %s\n", printable(message).c_str());
  return exit_failure;
}

}  // namespace wasm_grpc::cli

int main(int argc, char** argv) {
  using namespace wasm_grpc::cli;
  CLI::App app("Serves sandboxed WebAssembly modules as gRPC services.", "wasm-grpc");
  app.set_version_flag("--version", std::string("wasm-grpc ") + version);
  app.require_subcommand(1);
  Command run;
  add_serve(app, run);
  add_inspect(app, run);
  add_call(app, run);
  add_list(app, run);
  add_new(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& error) {
    return app.exit(error);
  } catch (const CLI::CallForVersion& error) {
    return app.exit(error);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "wasm-grpc: %s (see wasm-grpc --help)\n", error.what());
    return exit_usage;
  }
  try {
    return run();
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
