#include "observe/log/writer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace wasm_grpc::observe {

namespace {
// While lines come the writer looks for them by itself: to wake it costs the one who logs more than the line does.
constexpr std::chrono::milliseconds look_interval{10};
constexpr int looks = 10;  // without a line, before it sleeps

constexpr std::size_t max_name_bytes = 4096;  // of a module, a method, an address
}  // namespace

void LogWriter::add(const LogLine& line, std::size_t room) noexcept {
  const std::string_view text = line.text.substr(0, max_line_bytes);
  const std::string_view source = line.source.substr(0, max_name_bytes);
  const std::string_view method = line.method.substr(0, max_name_bytes);
  const std::string_view peer = line.peer.substr(0, max_name_bytes);
  const std::string_view trace_id = line.trace_id.substr(0, max_name_bytes);
  const Header header{std::chrono::system_clock::now(),
                      line.duration.value_or(std::chrono::nanoseconds(0)),
                      line.call,
                      static_cast<std::uint32_t>(text.size()),
                      static_cast<std::uint32_t>(method.size()),
                      static_cast<std::uint32_t>(peer.size()),
                      static_cast<std::uint16_t>(source.size()),
                      static_cast<std::uint16_t>(trace_id.size()),
                      static_cast<std::uint16_t>(line.fields.size()),
                      line.level,
                      line.status.value_or(rpc::StatusCode::ok),
                      line.names_call,
                      line.status.has_value(),
                      line.duration.has_value()};
  std::size_t size = sizeof(header) + source.size() + text.size() + method.size() + peer.size() + trace_id.size();
  for (const LogField& field : line.fields) size += sizeof(FieldHeader) + field.key.size() + field.value.size();
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t begin = queue_.size();
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
    const auto put = [&to](const void* bytes, std::size_t count) {
      if (count != 0) std::memcpy(to, bytes, count);
      to += count;
    };
    put(&header, sizeof(header));
    for (const std::string_view part : {source, text, method, peer, trace_id}) put(part.data(), part.size());
    for (const LogField& field : line.fields) {
      const FieldHeader sizes{static_cast<std::uint32_t>(field.key.size()),
                              static_cast<std::uint32_t>(field.value.size())};
      put(&sizes, sizeof(sizes));
      put(field.key.data(), field.key.size());
      put(field.value.data(), field.value.size());
    }
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

/// The line that begins there; `at` is then behind it.
LogLine LogWriter::read_line(const char*& at) {
  Header header{};
  std::memcpy(&header, at, sizeof(header));
  at += sizeof(header);
  const auto take = [&at](std::size_t size) {
    const std::string_view part(at, size);
    at += size;
    return part;
  };
  LogLine line;
  line.time = header.time;
  line.level = header.level;
  line.source = take(header.source_size);
  line.text = take(header.text_size);
  line.method = take(header.method_size);
  line.call = header.call;
  line.peer = take(header.peer_size);
  line.trace_id = take(header.trace_id_size);
  if (header.has_status) line.status = header.status;
  if (header.has_duration) line.duration = header.duration;
  line.names_call = header.names_call;
  fields_.clear();
  for (std::uint16_t i = 0; i < header.fields; ++i) {
    FieldHeader sizes{};
    std::memcpy(&sizes, at, sizeof(sizes));
    at += sizeof(sizes);
    const std::string_view key = take(sizes.key_size);
    fields_.push_back({key, take(sizes.value_size)});
  }
  line.fields = fields_;
  return line;
}

/// Returns how many of them were not written.
std::uint64_t LogWriter::write_all(const std::vector<char>& lines) noexcept {
  std::uint64_t unwritten = 0;
  const char* at = lines.data();
  for (const char* const end = at + lines.size(); at != end;) {
    if (!write(read_line(at))) ++unwritten;
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
    LogLine line;
    line.time = std::chrono::system_clock::now();
    line.level = LogLevel::warn;
    line.source = "host";
    line.text = text;
    static_cast<void>(write(line));
  } catch (...) {  // no memory: it is counted all the same
  }
}

}  // namespace wasm_grpc::observe
