// wasm-grpc describe: what a server's services, and their messages, are, as .proto text.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/client_flags.h"
#include "cli/commands.h"
#include "client/symbols.h"

namespace wasm_grpc::cli {

namespace {

struct DescribeFlags {
  ClientFlags client;
  std::string symbol;
};

int print_symbol(const client::Files& files, const std::string& symbol) {
  const auto text = client::find_symbol(*files, symbol);
  if (!text) return fail("there is no " + symbol + " (wasm-grpc describe ADDRESS shows the services)");
  std::fputs(printable(*text).c_str(), stdout);
  return exit_ok;
}

int describe(const DescribeFlags& flags) {
  const auto channel = flags.client.connect();
  if (!channel.ok()) return fail(channel.error().message);
  if (!flags.symbol.empty()) {
    std::string symbol = flags.symbol;
    if (symbol.starts_with('/')) symbol.erase(0, 1);
    // Not every server's reflection knows methods.
    const auto files = flags.client.describe(*channel.value(), symbol.substr(0, symbol.find('/')));
    return files.ok() ? print_symbol(files.value(), symbol) : fail(files.error().message);
  }
  const auto metadata = flags.client.metadata();
  if (!metadata.ok()) return fail(metadata.error().message);
  const auto names = client::list_services(*channel.value(), metadata.value());
  if (!names.ok()) return fail(names.error().message);
  bool is_first = true;
  for (const std::string& name : names.value()) {
    const auto files = flags.client.describe(*channel.value(), name);
    if (!files.ok()) return fail(files.error().message);
    if (!is_first) std::printf("\n");
    is_first = false;
    if (const int code = print_symbol(files.value(), name); code != exit_ok) return code;
  }
  return exit_ok;
}

}  // namespace

void add_describe(CLI::App& app, Command& run) {
  auto flags = std::make_shared<DescribeFlags>();
  CLI::App* command =
      app.add_subcommand("describe", "Show a service, method, message or enum of a server as .proto text");
  flags->client.add_to(*command);
  command->add_option("SYMBOL", flags->symbol,
                      "package.Service, package.Service/Method, package.Message, ...; all services when left out");
  command->callback([flags, &run] { run = [flags] { return describe(*flags); }; });
}

}  // namespace wasm_grpc::cli
