#include "http2/session/frame_guard.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

namespace wasm_grpc::http2 {

namespace {

// SETTINGS may touch every open stream, and is needed a few times in the life of a connection.
constexpr std::uint32_t settings_cost = 100;
// A padded frame of this many bytes may have little in it or nothing.
constexpr std::size_t little = 256;
// A header list is refused above its limit, and counted further up to this many times that.
constexpr std::size_t block_size_factor = 4;

std::uint32_t big_endian(const std::uint8_t* bytes, int count) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

std::uint32_t stream_id(const std::uint8_t* bytes) noexcept { return big_endian(bytes, 4) & 0x7fffffff; }

}  // namespace

FrameGuard::FrameGuard(const ClientLimits& limits) noexcept
    : resets_(limits.reset_burst, limits.resets_per_second),
      overhead_(limits.overhead_burst, limits.overhead_per_second),
      max_continuations_(limits.max_continuations),
      max_block_size_(block_size_factor * limits.max_header_list_size),
      skip_(NGHTTP2_CLIENT_MAGIC_LEN) {}

std::size_t FrameGuard::inspect(std::span<const std::byte> bytes) noexcept {
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::size_t size = bytes.size();
  std::size_t at = 0;
  look_at_time();
  while (!violation_) {
    const std::size_t skipped = std::min(skip_, size - at);
    skip_ -= skipped;
    at += skipped;
    if (at == size) return size;

    // A head that has come whole is read where it is. What a frame before this call began with nghttp2 has already:
    // a part of a head, which does no harm.
    const std::size_t begin = held_ == 0 ? at : 0;
    const std::uint8_t* head = data + at;
    std::size_t wanted = head_size;
    if (held_ > 0 || size - at < priority_head_size) {
      const auto fill = [&](std::size_t until) {
        const std::size_t more = std::min(until - std::min(held_, until), size - at);
        std::memcpy(head_.data() + held_, data + at, more);
        held_ += more;
        at += more;
        return held_ >= until;
      };
      if (!fill(head_size)) return size;
      if (head_[3] == NGHTTP2_PRIORITY && big_endian(head_.data(), 3) >= 4) {
        wanted = priority_head_size;
        if (!fill(wanted)) return size;
      }
      head = head_.data();
      held_ = 0;
    } else {
      at += head_size;
      if (head[3] == NGHTTP2_PRIORITY && big_endian(head, 3) >= 4) {
        wanted = priority_head_size;
        at += priority_head_size - head_size;
      }
    }
    const std::size_t length = big_endian(head, 3);
    skip_ = length - (wanted - head_size);
    ++frames_;
    if (!judge(head, length)) return begin;
  }
  return 0;
}

// True when the frame is fine.
bool FrameGuard::judge(const std::uint8_t* head, std::size_t length) noexcept {
  const std::uint8_t flags = head[4];
  const std::uint32_t id = stream_id(head + 5);
  in_data_ = false;
  switch (head[3]) {
    case NGHTTP2_DATA:
      in_data_ = true;
      return judge_data(id, flags, length);
    case NGHTTP2_HEADERS:
      return judge_headers(id, flags);
    case NGHTTP2_PRIORITY:
      return judge_priority(id, head + head_size, length);
    case NGHTTP2_RST_STREAM:
      return judge_reset(id);
    case NGHTTP2_SETTINGS:
      return judge_overhead((flags & NGHTTP2_FLAG_ACK) != 0 ? 1 : settings_cost, "too many SETTINGS frames");
    case NGHTTP2_PING:
      return judge_overhead(1, "too many PING frames");
    case NGHTTP2_WINDOW_UPDATE:
      return judge_overhead(1, "too many WINDOW_UPDATE frames");
    case NGHTTP2_CONTINUATION:
      return judge_continuation(flags);
    default:
      return judge_overhead(1, "too many frames that mean nothing here");
  }
}

bool FrameGuard::judge_data(std::uint32_t id, std::uint8_t flags, std::size_t length) noexcept {
  if (past(id) == Past::ended) {
    return refuse(EndReason::protocol_error, NGHTTP2_STREAM_CLOSED, "DATA on a stream that the client has ended");
  }
  if ((flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    end(id);
    return true;
  }
  if (length == 0 || ((flags & NGHTTP2_FLAG_PADDED) != 0 && length <= little)) {
    return judge_overhead(1, "too many DATA frames with nothing in them");
  }
  return true;
}

bool FrameGuard::judge_headers(std::uint32_t id, std::uint8_t flags) noexcept {
  if (id > highest_) {
    if (id % 2 == 1) open(id);
  } else if (past(id) == Past::ended) {
    return refuse(EndReason::protocol_error, NGHTTP2_STREAM_CLOSED, "HEADERS on a stream that the client has ended");
  } else if (past(id) == Past::passed_over) {
    return refuse(EndReason::protocol_error, NGHTTP2_PROTOCOL_ERROR, "a stream id below that of an earlier stream");
  }
  if ((flags & NGHTTP2_FLAG_END_STREAM) != 0) end(id);
  if ((flags & NGHTTP2_FLAG_END_HEADERS) == 0) {
    in_block_ = true;
    block_ = frames_;
    continuations_ = 0;
  }
  return true;
}

bool FrameGuard::judge_priority(std::uint32_t id, const std::uint8_t* payload, std::size_t length) noexcept {
  if (id == 0) {
    return refuse(EndReason::protocol_error, NGHTTP2_PROTOCOL_ERROR, "PRIORITY without a stream");
  }
  if (length >= 4 && stream_id(payload) == id) {
    return refuse(EndReason::protocol_error, NGHTTP2_PROTOCOL_ERROR, "a stream that depends on itself");
  }
  return judge_overhead(1, "too many PRIORITY frames");
}

bool FrameGuard::judge_reset(std::uint32_t id) noexcept {
  const bool was_answered = is_remembered(id) && answered_.test(slot(id));
  const bool is_old = id <= old_;
  end(id);
  if (was_answered || is_old) return judge_overhead(1, "too many RST_STREAM frames");
  if (resets_.take()) return true;
  return refuse(EndReason::reset_flood, NGHTTP2_ENHANCE_YOUR_CALM, "too many streams reset");
}

bool FrameGuard::judge_continuation(std::uint8_t flags) noexcept {
  if (++continuations_ > max_continuations_) {
    return refuse(EndReason::header_flood, NGHTTP2_ENHANCE_YOUR_CALM, "a header block in too many CONTINUATION frames");
  }
  if ((flags & NGHTTP2_FLAG_END_HEADERS) != 0) in_block_ = false;
  return true;
}

bool FrameGuard::judge_overhead(std::uint32_t cost, const char* text) noexcept {
  if (overhead_.take(cost)) return true;
  return refuse(EndReason::control_flood, NGHTTP2_ENHANCE_YOUR_CALM, text);
}

bool FrameGuard::count_field(std::size_t size) noexcept {
  if (violation_) return false;
  constexpr std::size_t field_overhead = 32;  // RFC 9113, 6.5.2
  block_size_ += size + field_overhead;
  if (block_size_ <= max_block_size_) return true;
  return refuse(EndReason::header_flood, NGHTTP2_ENHANCE_YOUR_CALM, "a header list of several times the limit");
}

std::uint64_t FrameGuard::incomplete() const noexcept {
  if (in_block_) return block_;
  if (held_ > 0) return frames_ + 1;
  return skip_ > 0 && !in_data_ ? frames_ : 0;
}

bool FrameGuard::refuse(EndReason reason, std::uint32_t error_code, const char* text) noexcept {
  if (!violation_) violation_ = Violation{reason, error_code, text};
  return false;
}

// ---- What became of streams ----

FrameGuard::Past FrameGuard::past(std::uint32_t id) const noexcept {
  return is_remembered(id) ? streams_[slot(id)] : Past::unknown;
}

// Once for what was read together. What was opened since the last time noted was so within `at_once` of it: later bytes
// would have noted theirs.
void FrameGuard::look_at_time() noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (now - then_ < at_once) return;
  old_ = now - then_ < 2 * at_once ? opened_then_ : highest_;
  opened_then_ = highest_;
  then_ = now;
}

void FrameGuard::open(std::uint32_t id) noexcept {
  // Those between the last one and this one can never be opened (RFC 9113, 5.1.1).
  const std::uint32_t first = highest_ == 0 ? 1 : highest_ + 2;
  const std::uint32_t passed = (id - first) / 2;
  if (passed >= remembered) {
    streams_.fill(Past::passed_over);
  } else {
    for (std::uint32_t gap = first; gap < id; gap += 2) streams_[slot(gap)] = Past::passed_over;
  }
  streams_[slot(id)] = Past::begun;
  answered_.reset(slot(id));
  highest_ = id;
}

void FrameGuard::end(std::uint32_t id) noexcept {
  if (past(id) == Past::begun) streams_[slot(id)] = Past::ended;
}

}  // namespace wasm_grpc::http2
