// Guests built by real toolchains: clang with wasi-libc and libc++, and standard Go.
#include <gtest/gtest.h>

#include <algorithm>

#include "support.h"

namespace wasm_grpc::wasi::test {
namespace {

using Lines = std::vector<std::string>;

class RealGuest : public ::testing::Test {
 protected:
  explicit RealGuest(const std::shared_ptr<const wasm::LinkedModule>& linked) : guest(linked, config()) {
    fixed.write("file", "fixed");
  }
  Config config() const {
    Config out;
    out.arguments = {"guest", "--flag"};
    out.environment = {{"GREETING", "hello"}};
    out.directories = {{data.path(), "/data", false}, {fixed.path(), "/fixed", true}};
    return out;
  }
  void SetUp() override {
    ASSERT_EQ(guest.start(), wasm::Progress::done) << guest.instance.failure().describe();
    printed_at_start = guest.output.texts();
    guest.output.lines.clear();
    guest.suspensions = 0;
  }

  TemporaryDirectory data;
  TemporaryDirectory fixed;
  Guest guest;
  Lines printed_at_start;
};

class CppGuest : public RealGuest {
 protected:
  CppGuest() : RealGuest(compiled()) {}
  static const std::shared_ptr<const wasm::LinkedModule>& compiled() {
    static const auto linked = link_file("cpp", CPP_GUEST);
    return linked;
  }
};

TEST_F(CppGuest, RunsItsConstructors) { EXPECT_EQ(printed_at_start, (Lines{"constructed"})); }

TEST_F(CppGuest, Prints) {
  EXPECT_EQ(guest.call("print"), 0);
  EXPECT_EQ(guest.output.texts(), (Lines{"printf 42 text", "a=1 b=2 ", "to stderr"}));
  EXPECT_TRUE(guest.output.lines.back().is_stderr);
  EXPECT_EQ(guest.output.lines.back().module, "cpp");
  guest.context.flush();
  EXPECT_EQ(guest.output.texts().back(), "unfinished");
}

TEST_F(CppGuest, PrintsEveryLineWhenItEnds) {
  EXPECT_EQ(guest.call("print_without_flush"), 0);
  EXPECT_EQ(guest.output.texts(), (Lines{"a line is written when it ends"}));
}

TEST_F(CppGuest, ReadsItsEnvironment) { EXPECT_EQ(guest.call("environment"), 0); }

TEST_F(CppGuest, SuspendsWhileItSleeps) {
  EXPECT_EQ(guest.call("sleep_for_10_ms"), 0);
  EXPECT_GE(guest.suspensions, 1);
  guest.suspensions = 0;
  EXPECT_EQ(guest.call("yield"), 0);
  EXPECT_EQ(guest.suspensions, 1);
}

TEST_F(CppGuest, GetsRandomNumbers) { EXPECT_EQ(guest.call("random_numbers"), 0); }

TEST_F(CppGuest, UsesFilesOfItsGrant) {
  EXPECT_EQ(guest.call("keep_a_file"), 0);
  EXPECT_EQ(data.read("kept.txt"), "line 1\nline 2\n");
  EXPECT_EQ(guest.call("manage_a_directory"), 0);
  EXPECT_TRUE(std::filesystem::is_empty(data.path()));
}

TEST_F(CppGuest, SeesNoOtherFiles) { EXPECT_EQ(guest.call("opening_outside_fails"), 0); }

TEST_F(CppGuest, IsToldThatAGrantIsReadOnly) {
  EXPECT_EQ(guest.call("writing_to_read_only_fails"), 0);
  EXPECT_EQ(fixed.read("file"), "fixed");
}

TEST_F(CppGuest, ExitsWithACode) {
  guest.begin("leave");
  ASSERT_EQ(guest.finish(), wasm::Progress::failed);
  EXPECT_EQ(guest.instance.failure().kind, wasm::Failure::Kind::exit);
  EXPECT_EQ(guest.instance.failure().exit_code, 3);
}

TEST_F(CppGuest, TrapsWithTheFunctionsNamesWhenItAborts) {
  guest.begin("abort_at_once");
  ASSERT_EQ(guest.finish(), wasm::Progress::failed);
  const wasm::Failure& failure = guest.instance.failure();
  EXPECT_EQ(failure.kind, wasm::Failure::Kind::trap);
  const auto names = [](const std::string& frame) { return frame.find("abort") != std::string::npos; };
  EXPECT_TRUE(std::any_of(failure.backtrace.begin(), failure.backtrace.end(), names)) << failure.describe();
}

#ifdef GO_GUEST

class GoGuest : public RealGuest {
 protected:
  GoGuest() : RealGuest(compiled()) {}
  static const std::shared_ptr<const wasm::LinkedModule>& compiled() {
    static const auto linked = link_file("go", GO_GUEST);
    return linked;
  }
};

// Compiling what Go makes takes seconds, so the tests are few.

TEST_F(GoGuest, StartsPrintsAndReadsItsSurroundings) {
  EXPECT_EQ(printed_at_start, (Lines{"go: init, arguments [guest --flag]"}));
  EXPECT_EQ(guest.call("print"), 0);
  EXPECT_EQ(guest.output.lines,
            (std::vector<CapturedOutput::Line>{{"go", false, "go: text 42"}, {"go", true, "go: to stderr"}}));
  EXPECT_EQ(guest.call("tell_time"), 0);
  EXPECT_EQ(guest.call("random_numbers"), 0);
  EXPECT_EQ(guest.call("environment"), 0);
  EXPECT_EQ(guest.call("files"), 0) << ::testing::PrintToString(guest.output.texts());
  EXPECT_TRUE(std::filesystem::is_empty(data.path()));
}

TEST_F(GoGuest, SuspendsWhileItsGoroutinesSleepThenPanicsWithItsOwnMessage) {
  EXPECT_EQ(guest.call("sleep_in_goroutines"), 0) << ::testing::PrintToString(guest.output.texts());
  EXPECT_GE(guest.suspensions, 1);

  guest.begin("overflow");
  ASSERT_EQ(guest.finish(), wasm::Progress::failed);
  const Lines lines = guest.output.texts();
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("panic: runtime error: index out of range");
  })) << ::testing::PrintToString(lines);
  const auto names = [](const std::string& frame) { return frame.starts_with("main.overflow"); };
  const wasm::Failure& failure = guest.instance.failure();
  EXPECT_TRUE(std::any_of(failure.backtrace.begin(), failure.backtrace.end(), names)) << failure.describe();
}

#endif

}  // namespace
}  // namespace wasm_grpc::wasi::test
