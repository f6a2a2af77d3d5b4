#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/version.h"
#include "store/stores.h"

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

/// The exit code, when what was printed is out; what was asked for is not done when it is not. Who does not want to
/// read all of it (`| head -1`) is not told.
static int finish(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  pollfd reader{STDOUT_FILENO, 0, 0};
  const bool reader_is_gone = poll(&reader, 1, 0) == 1 && (reader.revents & (POLLERR | POLLHUP)) != 0;
  return reader_is_gone ? exit_failure : fail("standard output could not be written");
}

}  // namespace wasm_grpc::cli

int main(int argc, char** argv) {
  using namespace wasm_grpc::cli;
  ignore_signals_of_writing();
  wasm_grpc::store::leave_memory_uncounted();
  CLI::App app("Serves sandboxed WebAssembly modules as gRPC services.", "wasm-grpc");
  app.set_version_flag("--version", std::string("wasm-grpc ") + version);
  app.require_subcommand(1);
  Command run;
  add_serve(app, run);
  add_dev(app, run);
  add_check(app, run);
  add_inspect(app, run);
  add_call(app, run);
  add_list(app, run);
  add_describe(app, run);
  add_kv(app, run);
  add_new(app, run);
  add_push(app, run);
  add_pull(app, run);
  add_schema(app, run);
  add_completion(app, run);
  add_manual(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& error) {
    return finish(app.exit(error));
  } catch (const CLI::CallForVersion& error) {
    return finish(app.exit(error));
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "wasm-grpc: %s (see wasm-grpc --help)\n", error.what());
    return exit_usage;
  }
  try {
    return finish(run());
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
