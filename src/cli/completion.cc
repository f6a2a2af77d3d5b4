// wasm-grpc completion: what a shell reads to complete commands, flags and their values.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command_tree.h"
#include "cli/commands.h"

namespace wasm_grpc::cli {

namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

/// A text within single quotes of a shell, with what `special` has escaped by a backslash.
std::string single_quoted(std::string_view text, std::string_view special = {}) {
  std::string out = "'";
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// Where nothing is offered the shell's own completion of file names has its turn.
std::string bash(const std::vector<CommandEntry>& commands) {
  std::vector<std::string> names;
  for (const CommandEntry& command : commands) names.push_back(command.name);
  std::string values, flags;
  for (const CommandEntry& command : commands) {
    std::vector<std::string> all;
    for (const FlagEntry& flag : command.flags) {
      for (const std::string& name : flag.names) {
        all.push_back(name);
        if (!flag.choices.empty()) {
          values += "    " + command.name + ":" + name + ") COMPREPLY=($(compgen -W " +
                    single_quoted(joined(flag.choices, " ")) + " -- \"$current\")); return ;;\n";
        } else if (!flag.value.empty()) {
          values += "    " + command.name + ":" + name + ") return ;;\n";
        }
      }
    }
    flags += "    " + command.name + ") COMPREPLY=($(compgen -W " + single_quoted(joined(all, " ")) +
             " -- \"$current\")) ;;\n";
  }
  return "# bash completion for wasm-grpc, made by `wasm-grpc completion bash`\n"
         "_wasm_grpc() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W " +
         single_quoted(joined(names, " ") + " --help --version") +
         " -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case $command:$before in\n" +
         values +
         "  esac\n"
         "  [ \"${current:0:1}\" = - ] || return\n"
         "  case $command in\n" +
         flags +
         "  esac\n"
         "}\n"
         "complete -o default -F _wasm_grpc wasm-grpc\n";
}

std::string zsh_flag(const FlagEntry& flag, const std::string& name) {
  // Within brackets and after colons these have a meaning.
  constexpr std::string_view special = "[]:\\";
  const bool is_long = name.starts_with("--");
  std::string spec = "*" + name + (!flag.value.empty() && is_long ? "=" : "") + "[";
  for (const char c : flag.help) {
    if (special.find(c) != std::string_view::npos) spec += '\\';
    spec += c;
  }
  spec += "]";
  if (!flag.value.empty()) {
    std::string value;
    for (const char c : flag.value) value += c == ':' ? ' ' : c;
    spec += ":" + value + ":";
    if (!flag.choices.empty()) {
      spec += "(" + joined(flag.choices, " ") + ")";
    } else if (flag.of_files) {
      spec += "_files";
    }
  }
  return single_quoted(spec);
}

std::string zsh(const std::vector<CommandEntry>& commands) {
  std::string list, cases;
  for (const CommandEntry& command : commands) {
    list += "    " + single_quoted(command.name + ":" + command.help) + "\n";
    cases += "    " + command.name + ")\n      _arguments";
    for (const FlagEntry& flag : command.flags) {
      for (const std::string& name : flag.names) cases += " \\\n        " + zsh_flag(flag, name);
    }
    cases += " \\\n        '*:file:_files' ;;\n";
  }
  return "#compdef wasm-grpc\n"
         "# Made by `wasm-grpc completion zsh`.\n"
         "_wasm_grpc() {\n"
         "  local -a commands\n"
         "  commands=(\n" +
         list +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $words[1] in\n" +
         cases +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _wasm_grpc ]; then _wasm_grpc \"$@\"; else compdef _wasm_grpc wasm-grpc; fi\n";
}

std::string fish(const std::vector<CommandEntry>& commands) {
  std::string out = "# Made by `wasm-grpc completion fish`.\n";
  for (const CommandEntry& command : commands) {
    out += "complete -c wasm-grpc -n __fish_use_subcommand -f -a " + command.name + " -d " +
           single_quoted(command.help, "\\") + "\n";
  }
  for (const CommandEntry& command : commands) {
    for (const FlagEntry& flag : command.flags) {
      out += "complete -c wasm-grpc -n '__fish_seen_subcommand_from " + command.name + "'";
      for (const std::string& name : flag.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!flag.value.empty()) out += flag.of_files ? " -r -F" : " -x";
      if (!flag.choices.empty()) out += " -a " + single_quoted(joined(flag.choices, " "));
      out += " -d " + single_quoted(flag.help, "\\") + "\n";
    }
  }
  return out;
}

}  // namespace

void add_completion(CLI::App& app, Command& run) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("completion", "Print what a shell reads to complete commands, flags and their values");
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app, &run] {
    run = [shell, &app] {
      const std::vector<CommandEntry> commands = command_tree(app);
      const std::string text = *shell == "bash" ? bash(commands) : *shell == "zsh" ? zsh(commands) : fish(commands);
      std::fputs(text.c_str(), stdout);
      return exit_ok;
    };
  });
}

}  // namespace wasm_grpc::cli
