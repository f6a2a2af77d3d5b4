// Looks at a client's frames before nghttp2 does: at what nghttp2 lets pass or cannot know.
//
// nghttp2 forgets a stream once it is closed, and then ignores whatever comes for it; it does not look at PRIORITY when
// priorities are off; and it counts only some of the frames that make a server work for nothing. This class reads the
// frame heads (RFC 9113, 4.1) out of the bytes that go to nghttp2, and remembers of the latest streams whether the
// client has ended them. It costs some nanoseconds for each frame and allocates nothing.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "http2/session/end_reason.h"
#include "rpc/token_bucket.h"
#include "wasm_grpc/client_limits.h"

namespace wasm_grpc::http2 {

/// Why a connection has to end: our name for it, and the error code its client is told (RFC 9113, 7).
struct Violation {
  EndReason reason;
  std::uint32_t error_code;
  const char* text;  // for the log
};

class FrameGuard {
 public:
  explicit FrameGuard(const ClientLimits& limits) noexcept;

  /// Looks at the next bytes of the connection, the client's preface first. Returns how many of them nghttp2 may have:
  /// all, or less when there is a violation(); the guard is then of no further use.
  [[nodiscard]] std::size_t inspect(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] const std::optional<Violation>& violation() const noexcept { return violation_; }

  /// The stream has all of its answer, whether its client has ended it or not: that it is reset then is no fault.
  void answered(std::uint32_t id) noexcept {
    if (is_remembered(id)) answered_.set(slot(id));
  }

  /// We have sent a frame with a message: its receiver may send window updates for it.
  void data_sent() noexcept { overhead_.give(window_updates_per_data_frame); }

  /// Counts the fields of a header block while nghttp2 decodes them. False when there are far more than the limit: then
  /// nothing of the block is to be looked at any more, and there is a violation().
  [[nodiscard]] bool count_field(std::size_t size) noexcept;
  void begin_block() noexcept { block_size_ = 0; }

  /// A number for the header block, or other frame that is not DATA, of which only a part has come; 0 when there is
  /// none.
  [[nodiscard]] std::uint64_t incomplete() const noexcept;

 private:
  // The latest streams are remembered; what older ones send is left to nghttp2.
  static constexpr std::size_t remembered = 1024;
  static constexpr std::size_t head_size = 9;
  static constexpr std::size_t priority_head_size = head_size + 4;
  static constexpr std::uint32_t window_updates_per_data_frame = 20;
  // Who opens streams only to reset them does so at once; who cancels a call has waited for it.
  static constexpr std::chrono::milliseconds at_once{20};
  enum class Past : std::uint8_t { unknown, passed_over, begun, ended };

  bool judge(const std::uint8_t* head, std::size_t length) noexcept;
  bool judge_data(std::uint32_t id, std::uint8_t flags, std::size_t length) noexcept;
  bool judge_headers(std::uint32_t id, std::uint8_t flags) noexcept;
  bool judge_priority(std::uint32_t id, const std::uint8_t* payload, std::size_t length) noexcept;
  bool judge_reset(std::uint32_t id) noexcept;
  bool judge_continuation(std::uint8_t flags) noexcept;
  bool judge_overhead(std::uint32_t cost, const char* text) noexcept;
  bool refuse(EndReason reason, std::uint32_t error_code, const char* text) noexcept;
  [[nodiscard]] Past past(std::uint32_t id) const noexcept;
  void open(std::uint32_t id) noexcept;
  void end(std::uint32_t id) noexcept;
  [[nodiscard]] bool is_remembered(std::uint32_t id) const noexcept {
    return id % 2 == 1 && id <= highest_ && (highest_ - id) / 2 < remembered;
  }
  void look_at_time() noexcept;
  static std::size_t slot(std::uint32_t id) noexcept { return (id >> 1) % remembered; }

  rpc::TokenBucket resets_;
  rpc::TokenBucket overhead_;
  const std::uint32_t max_continuations_;
  const std::size_t max_block_size_;
  std::optional<Violation> violation_;

  std::size_t skip_;      // bytes until the next frame head: of the preface at first
  std::size_t held_ = 0;  // bytes of a head that has come in parts
  std::array<std::uint8_t, priority_head_size> head_;
  bool in_data_ = false;   // skip_ is of a DATA frame
  bool in_block_ = false;  // until END_HEADERS
  std::uint64_t frames_ = 0;
  std::uint64_t block_ = 0;  // frames_ at the beginning of the header block
  std::uint32_t continuations_ = 0;
  std::size_t block_size_ = 0;

  std::uint32_t highest_ = 0;  // stream that the client has opened
  std::array<Past, remembered> streams_{};
  std::bitset<remembered> answered_;
  // The streams up to the first are older than `at_once`; the second had been opened at that time.
  std::uint32_t old_ = 0;
  std::uint32_t opened_then_ = 0;
  std::chrono::steady_clock::time_point then_{};
};

}  // namespace wasm_grpc::http2
