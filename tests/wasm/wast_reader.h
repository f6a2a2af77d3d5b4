// Reads the modules of a .wast script of the WebAssembly testsuite that must not load.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::wasm::test {

/// A module that an assert_malformed or assert_invalid is about.
struct BadModule {
  std::size_t line;   // where the assertion begins
  std::string bytes;  // binary or text, as a file would have it
};

/// Those of a script, in order. Throws std::runtime_error when the script's own parentheses do not match.
[[nodiscard]] std::vector<BadModule> bad_modules(std::string_view script);

}  // namespace wasm_grpc::wasm::test
