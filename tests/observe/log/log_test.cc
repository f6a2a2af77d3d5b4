#include "observe/log/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace wasm_grpc::observe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

/// Keeps lines as "SOURCE: TEXT". While it is shut, the first line is not taken.
class Reader {
 public:
  explicit Reader(bool open = true) {
    if (open) this->open();
  }
  [[nodiscard]] LogFunction function() {
    return [this](LogLevel, std::string_view source, std::string_view text) {
      began_.store(true);
      opened_.wait();
      lines_.push_back(std::string(source) + ": " + std::string(text));
    };
  }
  void open() { open_.set_value(); }
  /// Until it is in the middle of the first line.
  void wait_for_first() const {
    while (!began_) std::this_thread::yield();
  }
  /// After what was written before is out; not while the log writes.
  [[nodiscard]] const std::vector<std::string>& lines(const Log& log) const {
    EXPECT_TRUE(log.flush(seconds(20)));
    return lines_;
  }
  [[nodiscard]] const std::vector<std::string>& lines_at_the_end() const { return lines_; }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  std::atomic<bool> began_ = false;
  std::vector<std::string> lines_;
};

TEST(LogTest, DropsLinesBelowItsLevel) {
  Reader reader;
  const Log log(LogLevel::warn, reader.function());
  for (const LogLevel level : {LogLevel::trace, LogLevel::debug, LogLevel::info}) log.host(level, "below");
  log.host(LogLevel::warn, "at it");
  log.write(LogLevel::error, "guest", "above");
  EXPECT_EQ(reader.lines(log), (std::vector<std::string>{"host: at it", "guest: above"}));
  EXPECT_EQ(log.dropped(), 0u);
}

TEST(LogTest, LivesOnWhenItsFunctionThrowsAndTellsWhatIsLost) {
  std::vector<std::string> lines;
  std::atomic<bool> full = true;
  const Log log(LogLevel::trace, [&](LogLevel, std::string_view, std::string_view text) {
    if (full) throw std::runtime_error("the disk is full");
    lines.emplace_back(text);
  });
  for (const char* text : {"one", "two"}) {
    log.host(LogLevel::info, text);
    EXPECT_TRUE(log.flush(seconds(20)));
  }
  EXPECT_EQ(log.dropped(), 2u);
  full = false;
  log.host(LogLevel::info, "three");
  EXPECT_TRUE(log.flush(seconds(20)));
  EXPECT_EQ(lines, (std::vector<std::string>{"three", "2 lines were dropped: the log could not be written"}));
}

TEST(LogTest, WritesWholeLinesOfManyThreadsToStandardError) {
  constexpr int threads = 4, each = 200;
  testing::internal::CaptureStderr();
  {
    const Log log(LogLevel::info, LogFunction());
    std::vector<std::jthread> writers;
    for (int i = 0; i < threads; ++i) {
      writers.emplace_back([&, i] {
        const std::string text(100, static_cast<char>('a' + i));
        for (int n = 0; n < each; ++n) log.write(LogLevel::info, "guest", text);
      });
    }
  }
  const std::string all = testing::internal::GetCapturedStderr();
  std::size_t whole = 0;
  for (int i = 0; i < threads; ++i) {
    const std::string line = " info guest: " + std::string(100, static_cast<char>('a' + i)) + "\n";
    for (std::size_t at = all.find(line); at != std::string::npos; at = all.find(line, at + 1)) ++whole;
  }
  EXPECT_EQ(whole, std::size_t{threads * each});
}

TEST(LogTest, NobodyWaitsForALogThatNobodyReadsAndItTellsWhatWasDropped) {
  constexpr std::uint64_t threads = 4, each = 50'000;
  Reader reader(false);
  const Log log(LogLevel::info, reader.function());
  log.host(LogLevel::info, "first");
  reader.wait_for_first();
  {
    std::vector<std::jthread> writers;
    for (std::uint64_t i = 0; i < threads; ++i) {
      writers.emplace_back([&, source = std::to_string(i)] {
        for (std::uint64_t n = 0; n < each; ++n) log.write(LogLevel::info, source, std::to_string(n));
      });
    }
  }  // all of them have come to their end
  EXPECT_FALSE(log.flush(milliseconds(0)));
  EXPECT_GT(log.dropped(), 0u);
  reader.open();
  const std::vector<std::string>& lines = reader.lines(log);
  ASSERT_EQ(lines.size(), 1 + threads * each - log.dropped() + 1);
  EXPECT_EQ(lines.back(),
            "host: " + std::to_string(log.dropped()) + " lines were dropped: nobody reads the log fast enough");
  std::vector<std::uint64_t> next(threads);  // each thread's lines are in their order, from its first on
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(": ");
    EXPECT_EQ(std::stoull(lines[i].substr(colon + 2)), next.at(std::stoull(lines[i].substr(0, colon)))++);
  }
  log.host(LogLevel::info, "there is room again");
  EXPECT_EQ(reader.lines(log).back(), "host: there is room again");
}

TEST(LogTest, HoldsABoundedNumberOfBytesAndCutsLongLines) {
  Reader reader(false);
  const Log log(LogLevel::info, reader.function());
  log.host(LogLevel::info, "first");
  reader.wait_for_first();
  const std::string longer_than_a_line(3 * LogWriter::max_line_bytes, 'x');
  for (int i = 0; i < 100; ++i) log.host(LogLevel::info, longer_than_a_line);
  reader.open();
  const std::vector<std::string>& lines = reader.lines(log);
  const std::size_t held = LogWriter::max_bytes / LogWriter::max_line_bytes;
  EXPECT_EQ(lines.size(), 1 + (held - 1) + 1);  // what is kept with each line takes the place of one
  EXPECT_EQ(lines.at(1).size(), LogWriter::max_line_bytes + std::string_view("host: ").size());
}

TEST(LogTest, GuestsLeaveRoomForLinesOfTheHost) {
  Reader reader(false);
  const Log log(LogLevel::info, reader.function());
  log.host(LogLevel::info, "first");
  reader.wait_for_first();
  const std::string text(8192, 'x');
  LogLine line;
  line.source = "guest";
  line.text = text;
  for (int i = 0; i < 1000; ++i) log.write_of_guest(line);
  EXPECT_GT(log.dropped(), 0u);
  const std::uint64_t dropped = log.dropped();
  log.host(LogLevel::error, "of the host");
  EXPECT_EQ(log.dropped(), dropped);
  reader.open();
  const std::vector<std::string>& lines = reader.lines(log);
  EXPECT_EQ(lines.at(lines.size() - 2), "host: of the host");
}

TEST(LogTest, WritesWhatIsLeftWhenItGoesAway) {
  Reader reader(false);
  {
    const Log log(LogLevel::info, reader.function());
    for (int i = 0; i < 1000; ++i) log.host(LogLevel::info, std::to_string(i));
    reader.open();
  }
  ASSERT_EQ(reader.lines_at_the_end().size(), 1000u);
  EXPECT_EQ(reader.lines_at_the_end().back(), "host: 999");
}

TEST(LogTest, DoesNotWaitForASlowFunctionForLongWhenItGoesAway) {
  std::atomic<int> lines = 0;
  const auto began = Clock::now();
  {
    const Log log(LogLevel::info, [&](LogLevel, std::string_view, std::string_view) {
      ++lines;
      std::this_thread::sleep_for(milliseconds(50));
    });
    for (int i = 0; i < 1000; ++i) log.host(LogLevel::info, "line");
  }
  EXPECT_LT(Clock::now() - began, seconds(20));
  EXPECT_GE(lines, 1);
  EXPECT_LT(lines, 500);
}

/// Standard error, replaced by a pipe for as long as it lives.
class PipeAsStandardError {
 public:
  PipeAsStandardError() : saved_(dup(STDERR_FILENO)) {
    EXPECT_EQ(pipe2(pipe_, O_CLOEXEC), 0);
    EXPECT_EQ(dup2(pipe_[1], STDERR_FILENO), STDERR_FILENO);
    close(pipe_[1]);
  }
  ~PipeAsStandardError() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close_reader();
  }
  void close_reader() {
    if (pipe_[0] >= 0) close(pipe_[0]);
    pipe_[0] = -1;
  }
  [[nodiscard]] std::string read_some() {
    std::string text(64 << 10, '\0');
    const ssize_t size = read(pipe_[0], text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

 private:
  int saved_;
  int pipe_[2] = {-1, -1};
};

TEST(LogTest, GoesAwayThoughNobodyReadsStandardError) {
  PipeAsStandardError pipe;
  const auto began = Clock::now();
  {
    const Log log(LogLevel::info, LogFunction());
    for (int i = 0; i < 1000; ++i) log.host(LogLevel::info, std::string(1000, 'x'));
    EXPECT_FALSE(log.flush(milliseconds(10)));
  }
  EXPECT_LT(Clock::now() - began, seconds(20));
  EXPECT_NE(pipe.read_some().find(" info host: xxx"), std::string::npos);
}

TEST(LogTest, NeitherEndsTheProcessNorItselfWhenTheReaderOfStandardErrorIsGone) {
  PipeAsStandardError pipe;
  const Log log(LogLevel::info, LogFunction());
  log.host(LogLevel::info, "heard");
  EXPECT_TRUE(log.flush(seconds(20)));
  EXPECT_NE(pipe.read_some().find(" info host: heard\n"), std::string::npos);
  pipe.close_reader();
  log.host(LogLevel::info, "not heard");  // SIGPIPE would end this program
  EXPECT_TRUE(log.flush(seconds(20)));
  EXPECT_EQ(log.dropped(), 1u);
}

}  // namespace
}  // namespace wasm_grpc::observe
