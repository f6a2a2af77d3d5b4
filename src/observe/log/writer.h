// Why logging is a queue and a thread: standard error may be a pipe that nobody reads, or a disk that is full, and a
// worker that waits for it serves nobody. A worker adds a line to a buffer of bounded size, under a lock that is held
// for no longer than that copy, and the one writer takes the whole buffer at once. (spdlog's asynchronous logger bounds
// lines rather than bytes, does not say what it dropped, and waits for its writer at the end for ever.)
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "observe/log/line.h"

namespace wasm_grpc::observe {

/// The queue, and what its thread runs. Both the log and that thread own it, since the thread may outlive the log.
class LogWriter {
 public:
  using Clock = std::chrono::steady_clock;

  /// Bytes that may wait, what is kept of each line included.
  static constexpr std::size_t max_bytes = std::size_t{1} << 20;
  /// How much of that guests may fill: the rest is for lines of the host.
  static constexpr std::size_t max_guest_bytes = max_bytes / 4 * 3;
  /// A longer line is cut.
  static constexpr std::size_t max_line_bytes = std::size_t{64} << 10;

  explicit LogWriter(LineFunction function) : function_(std::move(function)) {}

  /// Adds a line, with the time it is now, unless it does not fit into that many bytes; then it is counted. Waits for
  /// nobody who writes.
  void add(const LogLine& line, std::size_t room) noexcept;
  /// Waits until what was added before is written, or dropped. False when it takes longer.
  [[nodiscard]] bool flush(std::chrono::milliseconds timeout) noexcept;
  /// Lines that were not written: there was no room, or the function threw.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

  /// Writes until stop(). On a thread of its own.
  void run() noexcept;
  /// Has run() return when all is written, or at that time. True when it has by then; false when it is still in the
  /// middle of a line.
  [[nodiscard]] bool stop(Clock::time_point give_up) noexcept;

 private:
  /// What a line begins with in the buffer; its texts and fields follow.
  struct Header {
    std::chrono::system_clock::time_point time;
    std::chrono::nanoseconds duration;
    std::uint64_t call;
    std::uint32_t text_size;
    std::uint32_t method_size;
    std::uint32_t peer_size;
    std::uint16_t source_size;
    std::uint16_t trace_id_size;
    std::uint16_t fields;
    LogLevel level;
    rpc::StatusCode status;
    bool names_call;
    bool has_status;
    bool has_duration;
  };
  /// What a field begins with.
  struct FieldHeader {
    std::uint32_t key_size;
    std::uint32_t value_size;
  };

  [[nodiscard]] std::uint64_t write_all(const std::vector<char>& lines) noexcept;
  [[nodiscard]] bool write(const LogLine& line) noexcept;
  [[nodiscard]] LogLine read_line(const char*& at);
  void tell(std::uint64_t count, const char* why) noexcept;

  const LineFunction function_;   // used by the writer's thread
  std::vector<LogField> fields_;  // of the line it is at
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<Clock::time_point> give_up_ = Clock::time_point::max();

  std::mutex mutex_;
  std::condition_variable came_;     // to the writer: there is something, or it is to stop
  std::condition_variable written_;  // from the writer
  std::vector<char> queue_;
  std::uint64_t added_ = 0;      // lines so far
  std::uint64_t done_ = 0;       // of those, written or dropped
  std::uint64_t not_added_ = 0;  // for want of room, since the log told so
  bool sleeps_ = false;          // the writer does, until a line comes
  bool hurries_ = false;         // it is not to wait for more
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace wasm_grpc::observe
