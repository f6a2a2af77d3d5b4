#include "observe/log/output.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "observe/log/log.h"

namespace wasm_grpc::observe {
namespace {

using std::chrono::seconds;

struct LogOutputTest : testing::Test {
  LogOutputTest() { std::filesystem::create_directories(folder); }
  ~LogOutputTest() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] static std::string contents(const std::string& name) {
    std::ifstream in(name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  const std::string folder = testing::TempDir() + "log_output_" + std::to_string(getpid());
  const std::string file = folder + "/server.log";
};

TEST_F(LogOutputTest, AppendsToTheFileThatOthersOfTheGroupMayRead) {
  std::ofstream(file) << "before\n";
  std::filesystem::remove(file + "2");
  LogOutput::open(file).value()->write("after\n");
  EXPECT_EQ(contents(file), "before\nafter\n");
  const auto made = LogOutput::open(file + "2").value();
  struct stat status{};
  ASSERT_EQ(stat((file + "2").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07, 0u);
}

TEST_F(LogOutputTest, SaysWhichFileCannotBeOpened) {
  const auto opened = LogOutput::open(folder + "/absent/server.log");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().message,
            "cannot open the log file " + folder + "/absent/server.log: No such file or directory");
}

TEST_F(LogOutputTest, WritesOnToTheFileOfItsNameWhenItIsOpenedAgain) {
  const auto output = LogOutput::open(file).value();
  output->write("one\n");
  std::filesystem::rename(file, file + ".1");
  output->write("two\n");
  ASSERT_TRUE(output->reopen().ok());
  output->write("three\n");
  EXPECT_EQ(contents(file + ".1"), "one\ntwo\n");
  EXPECT_EQ(contents(file), "three\n");
}

TEST_F(LogOutputTest, WritesOnToTheOldFileWhenThereCanBeNoNewOne) {
  const auto output = LogOutput::open(file).value();
  std::filesystem::rename(folder, folder + ".old");
  EXPECT_FALSE(output->reopen().ok());
  output->write("one\n");
  EXPECT_EQ(contents(folder + ".old/server.log"), "one\n");
  std::filesystem::remove_all(folder + ".old");
}

TEST_F(LogOutputTest, NoLineIsLostWhileALogIsRotated) {
  constexpr int lines = 2000, rotations = 20;
  auto sink = sink_of(file, LogFormat::json);
  ASSERT_TRUE(sink.ok());
  {
    const Log log(LogLevel::info, std::move(sink).value());
    for (int i = 0; i < lines; ++i) {
      log.host(LogLevel::info, "line " + std::to_string(i));
      if (i % (lines / rotations) == 0) {
        std::filesystem::rename(file, file + "." + std::to_string(i / (lines / rotations)));
        ASSERT_TRUE(log.reopen().ok());
      }
    }
    EXPECT_TRUE(log.flush(seconds(20)));
  }
  std::string all;
  for (int i = 0; i < rotations; ++i) all += contents(file + "." + std::to_string(i));
  all += contents(file);
  std::istringstream in(all);
  std::string line;
  int next = 0;
  while (std::getline(in, line)) {
    EXPECT_NE(line.find("\"message\":\"line " + std::to_string(next++) + "\""), std::string::npos) << line;
  }
  EXPECT_EQ(next, lines);
}

}  // namespace
}  // namespace wasm_grpc::observe
