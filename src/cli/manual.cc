// wasm-grpc manual: the manual pages, for man.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command_tree.h"
#include "cli/commands.h"
#include "cli/version.h"
#include "config/documents.h"

namespace wasm_grpc::cli {

namespace {

using config::roff_text;

constexpr const char* commands_page = "wasm-grpc.1";
constexpr const char* config_page = "wasm-grpc.toml.5";

void add_flags(std::string& out, const CommandEntry& command) {
  for (const FlagEntry& flag : command.flags) {
    out += ".TP\n";
    std::string names;
    for (const std::string& name : flag.names) names += (names.empty() ? "\\fB" : ", \\fB") + roff_text(name) + "\\fR";
    if (!flag.value.empty()) names += " \\fI" + roff_text(flag.value) + "\\fR";
    out += names + "\n" + roff_text(flag.help) + ".\n";
    if (flag.choices.empty()) continue;
    std::string choices;
    for (const std::string& choice : flag.choices) choices += (choices.empty() ? "" : ", ") + roff_text(choice);
    out += "One of: " + choices + ".\n";
  }
}

std::string page_of_commands(const std::vector<CommandEntry>& commands) {
  std::string out = ".TH WASM-GRPC 1 \"\" \"wasm-grpc " + std::string(version) +
                    "\" \"User Commands\"\n"
                    ".SH NAME\nwasm-grpc \\- serve sandboxed WebAssembly modules as gRPC services\n.SH SYNOPSIS\n";
  bool first = true;
  for (const CommandEntry& command : commands) {
    if (!first) out += ".br\n";
    first = false;
    out += "\\fBwasm-grpc " + roff_text(command.name) + "\\fR";
    for (const ArgumentEntry& argument : command.arguments) out += " \\fI" + roff_text(argument.name) + "\\fR";
    if (!command.flags.empty()) out += " [flags]";
    out += "\n";
  }
  out +=
      ".SH DESCRIPTION\n"
      "Serves modules of WebAssembly (WASI) as gRPC services, each call in a sandbox of its own, and calls, inspects "
      "and begins them.\n";
  for (const CommandEntry& command : commands) {
    out += ".SH \"" + roff_text(command.name) + "\"\n" + roff_text(command.help) + ".\n";
    for (const ArgumentEntry& argument : command.arguments) {
      out += ".TP\n\\fI" + roff_text(argument.name) + "\\fR\n" + roff_text(argument.help) + ".\n";
    }
    add_flags(out, command);
  }
  out +=
      ".SH SIGNALS\n"
      "\\fBserve\\fR stops at SIGTERM, SIGINT and SIGQUIT when the calls in progress have ended, at a second one at "
      "once; SIGHUP reloads the modules and the config file, SIGUSR1 opens the files of the logs again.\n"
      ".SH \"EXIT STATUS\"\n"
      "0 done, 1 it could not be done, 2 what was asked makes no sense.\n"
      ".SH \"SEE ALSO\"\n\\fBwasm-grpc.toml\\fR(5)\n";
  return out;
}

}  // namespace

void add_manual(CLI::App& app, Command& run) {
  auto page = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("manual", "Print a manual page, for man: wasm-grpc manual PAGE | man -l -");
  command->add_option("PAGE", *page, "wasm-grpc.1, the commands, or wasm-grpc.toml.5, the config file")
      ->required()
      ->check(CLI::IsMember({commands_page, config_page}));
  command->callback([page, &app, &run] {
    run = [page, &app] {
      const std::string text =
          *page == commands_page ? page_of_commands(command_tree(app)) : config::settings_manual(version);
      std::fputs(text.c_str(), stdout);
      return exit_ok;
    };
  });
}

}  // namespace wasm_grpc::cli
