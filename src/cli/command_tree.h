// The commands and flags of the program as data, for what is made of them: completions of shells, manual pages.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

struct FlagEntry {
  std::vector<std::string> names;    // with their dashes: "-c", "--config"
  std::string value;                 // what stands for it in --help: "FILE"; empty: it takes none
  std::string help;                  // one line, without a full stop
  std::vector<std::string> choices;  // what the value may be, where that is a few words
  bool of_files = false;             // the value is the name of a file or folder
};

struct ArgumentEntry {
  std::string name;  // "MODULE"
  std::string help;
};

struct CommandEntry {
  std::string name;  // "serve"
  std::string help;
  std::vector<ArgumentEntry> arguments;
  std::vector<FlagEntry> flags;
};

/// All of them, in the order of --help.
[[nodiscard]] std::vector<CommandEntry> command_tree(const CLI::App& app);

}  // namespace wasm_grpc::cli
