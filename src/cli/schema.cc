// wasm-grpc schema: the settings of the config file, for editors, or as docs/settings.md.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "config/documents.h"

namespace wasm_grpc::cli {

void add_schema(CLI::App& app, Command& run) {
  auto markdown = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of the config file, for editors");
  command->add_flag("--markdown", *markdown, "Print the settings as a document in Markdown, docs/settings.md");
  command->callback([markdown, &run] {
    run = [markdown] {
      const std::string text = *markdown ? config::settings_document() : config::schema();
      std::fputs(text.c_str(), stdout);
      return exit_ok;
    };
  });
}

}  // namespace wasm_grpc::cli
