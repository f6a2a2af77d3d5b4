// Commands that are printed to be pasted into a shell.
#pragma once

#include <string>

namespace wasm_grpc::cli {

/// As a shell takes it for one word.
[[nodiscard]] std::string shell_word(const std::string& text);

/// How this program is called from a shell: by its name where PATH finds this very file by it, else by its path.
[[nodiscard]] std::string program_command();

}  // namespace wasm_grpc::cli
