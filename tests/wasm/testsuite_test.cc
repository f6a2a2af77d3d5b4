// The modules of the WebAssembly testsuite that are malformed or invalid: none of them loads, each gets one clear line.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "support.h"
#include "wasm/guest_text.h"
#include "wast_reader.h"

namespace wasm_grpc::wasm::test {
namespace {

std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// What old proposals called invalid, and WebAssembly 3.0 allows.
const std::set<std::string> allowed_since = {
    // More than one table.
    "proposals/threads/imports.wast:309",
    "proposals/threads/imports.wast:313",
    // A br_table in code that is never reached, to labels of different types.
    "proposals/reference-types/unreached-invalid.wast:539",
};

TEST(Testsuite, ModulesThatAreMalformedOrInvalidAreRefusedInOneLine) {
  const Engine engine = make_engine();
  std::size_t tried = 0;
  std::size_t scripts = 0;
  std::set<std::string> loaded;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(TESTSUITE)) {
    if (entry.path().extension() != ".wast") continue;
    ++scripts;
    const std::string script = file_text(entry.path());
    for (const BadModule& bad : bad_modules(script)) {
      const auto place = std::filesystem::relative(entry.path(), TESTSUITE).string() + ":" + std::to_string(bad.line);
      const auto compiled = compile(engine, bad.bytes);
      ++tried;
      if (compiled.ok()) {
        EXPECT_TRUE(allowed_since.contains(place)) << place << ": it was loaded";
        loaded.insert(place);
        continue;
      }
      const std::string& message = compiled.error().message;
      EXPECT_TRUE(message.starts_with("not a WebAssembly module: ") ||
                  message.starts_with("not a module this host can run: "))
          << place << ": " << message;
      EXPECT_GT(message.size(), std::string_view("not a module this host can run: ").size()) << place;
      EXPECT_LE(message.size(), 500U) << place;
      EXPECT_TRUE(is_printable(message)) << place << ": " << message;
    }
  }
  EXPECT_EQ(loaded, allowed_since);
  std::cout << tried << " modules of " << scripts << " scripts\n";
  EXPECT_GT(scripts, 500U) << "in " << TESTSUITE;
  EXPECT_GT(tried, 10'000U);
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
