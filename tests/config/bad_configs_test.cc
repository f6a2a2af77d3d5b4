// Each file of bad/ is refused with the lines of bad/messages.txt, and no others.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "reading.h"

namespace wasm_grpc::config::test {
namespace {

namespace fs = std::filesystem;

using Messages = std::map<std::string, std::vector<std::string>>;  // of each file

Messages expected_messages() {
  std::ifstream file(fs::path(BAD_CONFIGS) / "messages.txt");
  Messages messages;
  for (std::string line; std::getline(file, line);) messages[line.substr(0, line.find(".toml") + 5)].push_back(line);
  return messages;
}

Messages messages() {
  Messages messages;
  for (const fs::directory_entry& entry : fs::directory_iterator(BAD_CONFIGS)) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string name = entry.path().filename().string();
    messages[name] = read(text, {name, ""}, {}, FakeSecrets()).problems;
  }
  return messages;
}

TEST(BadConfigs, AreManyAndEachGetsItsLines) {
  const Messages expected = expected_messages();
  const Messages said = messages();
  EXPECT_GE(said.size(), 60U);
  for (const auto& [file, lines] : said) {
    const auto found = expected.find(file);
    ASSERT_NE(found, expected.end()) << file << " is not in messages.txt";
    EXPECT_EQ(lines, found->second);
  }
  EXPECT_EQ(said.size(), expected.size()) << "messages.txt has files that are not there";
}

TEST(BadConfigs, GetOneLineUnlessMoreIsWrong) {
  for (const auto& [file, lines] : messages()) {
    ASSERT_FALSE(lines.empty()) << file << " is accepted";
    EXPECT_EQ(lines.size() == 1, file != "several-at-once.toml") << file;
    for (const std::string& line : lines) {
      EXPECT_TRUE(line.starts_with(file + ":")) << line;
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
      EXPECT_LE(line.size(), 300U) << line;
      EXPECT_EQ(line.find("hunter2"), std::string::npos) << "a secret is told: " << line;
    }
  }
}

}  // namespace
}  // namespace wasm_grpc::config::test
