// abi_1.txt, the table of ABI 1, for the tests that hold others against it.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace wasm_grpc::abi {

using Types = std::map<std::string, std::string>;  // of functions, by name
using Numbers = std::map<std::string, int>;        // by group and name: "kind unary"

struct Table {
  Types imports;
  Types exports;
  Numbers numbers;
};

inline std::ifstream open(const char* path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return file;
}

inline Table read_table() {
  Table table;
  std::ifstream file = open(WASM_GRPC_ABI_TABLE);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string what;
    std::string name;
    std::string rest;
    words >> what >> name >> std::ws;
    std::getline(words, rest);
    bool is_new = false;
    if (what == "number") {
      const auto space = rest.find(' ');
      is_new = table.numbers.emplace(name + " " + rest.substr(0, space), std::stoi(rest.substr(space))).second;
    } else if (what == "import" || what == "export") {
      is_new = (what == "import" ? table.imports : table.exports).emplace(name, rest).second;
    }
    EXPECT_TRUE(is_new) << line;
  }
  return table;
}

}  // namespace wasm_grpc::abi
