#include "observe/log_writer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace wasm_grpc::observe {

namespace {
// While lines come the writer looks for them by itself: to wake it costs the one who logs more than the line does.
constexpr std::chrono::milliseconds look_interval{10};
constexpr int looks = 10;  // without a line, before it sleeps
}  // namespace

void LogWriter::add(LogLevel level, std::string_view source, std::string_view text, std::size_t room) noexcept {
  text = text.substr(0, max_line_bytes);
  const Header header{std::chrono::system_clock::now(), static_cast<std::uint32_t>(text.size()),
                      static_cast<std::uint32_t>(source.size()), level};
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t begin = queue_.size();
    const std::size_t size = sizeof(header) + source.size() + text.size();
    bool fits = !stopping_ && begin + size <= room;
    if (fits) {
      try {
        queue_.resize(begin + size);
      } catch (...) {
        fits = false;
      }
    }
    if (!fits) {
      ++not_added_;
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    char* to = queue_.data() + begin;
    std::memcpy(to, &header, sizeof(header));
    std::ranges::copy(source, to + sizeof(header));
    std::ranges::copy(text, to + sizeof(header) + source.size());
    ++added_;
    const bool half_full = begin < max_bytes / 2 && begin + size >= max_bytes / 2;
    wake = std::exchange(sleeps_, false) || half_full;
    hurries_ = hurries_ || half_full;
  }
  if (wake) came_.notify_one();
}

bool LogWriter::flush(std::chrono::milliseconds timeout) noexcept {
  std::unique_lock lock(mutex_);
  hurries_ = true;
  came_.notify_one();
  return written_.wait_for(lock, timeout, [this, until = added_] { return done_ >= until; });
}

bool LogWriter::stop(Clock::time_point give_up) noexcept {
  std::unique_lock lock(mutex_);
  give_up_.store(give_up, std::memory_order_relaxed);
  stopping_ = true;
  came_.notify_one();
  // A moment more: the writer gives up between two lines.
  return written_.wait_until(lock, give_up + std::chrono::milliseconds(100), [this] { return ended_; });
}

void LogWriter::run() noexcept {
  std::vector<char> lines;
  std::uint64_t failed = 0;  // since the log told so
  std::unique_lock lock(mutex_);
  while (true) {
    const auto hurries = [this] { return hurries_ || stopping_; };
    for (int i = 0; i < looks && queue_.empty() && !hurries(); ++i) came_.wait_for(lock, look_interval, hurries);
    if (queue_.empty() && !hurries()) {
      sleeps_ = true;
      came_.wait(lock, [&] { return !sleeps_ || hurries(); });
      sleeps_ = false;
    }
    hurries_ = false;
    if (queue_.empty() && stopping_) break;
    if (queue_.empty()) continue;
    lines.swap(queue_);
    const std::uint64_t until = added_, not_added = std::exchange(not_added_, 0);
    lock.unlock();
    const std::uint64_t unwritten = write_all(lines);
    // What did not fit came after the lines that filled the queue.
    if (not_added > 0) tell(not_added, " dropped: nobody reads the log fast enough");
    if (failed > 0 && unwritten == 0) tell(std::exchange(failed, 0), " dropped: the log could not be written");
    failed += unwritten;
    lines.clear();
    lock.lock();
    done_ = until;
    written_.notify_all();
  }
  ended_ = true;
  written_.notify_all();
}

/// Returns how many of them were not written.
std::uint64_t LogWriter::write_all(const std::vector<char>& lines) noexcept {
  std::uint64_t unwritten = 0;
  for (std::size_t at = 0; at < lines.size();) {
    Header header{};
    std::memcpy(&header, lines.data() + at, sizeof(header));
    const char* source = lines.data() + at + sizeof(header);
    const LogLine line{
        header.level, header.time, {source, header.source_size}, {source + header.source_size, header.text_size}};
    if (!write(line)) ++unwritten;
    at += sizeof(header) + header.source_size + header.text_size;
  }
  dropped_.fetch_add(unwritten, std::memory_order_relaxed);
  return unwritten;
}

bool LogWriter::write(const LogLine& line) noexcept {
  const auto give_up = give_up_.load(std::memory_order_relaxed);
  if (give_up != Clock::time_point::max() && Clock::now() >= give_up) return false;
  try {
    function_(line);
  } catch (...) {  // a log that fails must not take the server with it
    return false;
  }
  return true;
}

void LogWriter::tell(std::uint64_t count, const char* why) noexcept {
  try {
    const std::string text = std::to_string(count) + (count == 1 ? " line was" : " lines were") + why;
    static_cast<void>(write({LogLevel::warn, std::chrono::system_clock::now(), "host", text}));
  } catch (...) {  // no memory: it is counted all the same
  }
}

}  // namespace wasm_grpc::observe
