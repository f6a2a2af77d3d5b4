// Messages too large to be compressed or decompressed in one go: a little at each turn of their worker, beside what
// else it does.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

class CodecQueue;

/// One such message. Belongs to the thread of its queue.
class CodecJob {
 public:
  CodecJob(const CodecJob&) = delete;
  CodecJob& operator=(const CodecJob&) = delete;

 protected:
  CodecJob() = default;
  /// Takes it out of its queue.
  virtual ~CodecJob();
  /// Goes on for a fraction of a slice. When that was all it leaves the queue, and may destroy itself.
  virtual void step() noexcept = 0;
  void leave() noexcept;

 private:
  friend class CodecQueue;
  CodecQueue* queue_ = nullptr;
  const void* lane_ = nullptr;
  CodecJob* previous_ = nullptr;
  CodecJob* next_ = nullptr;
};

/// What a decompressed message that nobody has taken does when it must give its memory back.
class HeldMessage {
 public:
  HeldMessage(const HeldMessage&) = delete;
  HeldMessage& operator=(const HeldMessage&) = delete;

 protected:
  HeldMessage() = default;
  /// Takes it out of its queue.
  virtual ~HeldMessage();
  /// It is out of the queue, and may destroy itself.
  virtual void drop() noexcept = 0;

 private:
  friend class CodecQueue;
  CodecQueue* queue_ = nullptr;
};

/// The jobs of one worker. Each method has its lane: lanes take turns, a step each, and the jobs of one are done one
/// after the other. So many messages of one method keep those of others waiting for no longer than one does; and there
/// is one compressor in use for each method at most. Not thread-safe. Outlives the calls that use it.
class CodecQueue {
 public:
  /// Decompressed messages that handlers have been told of and have not taken may have so many bytes; then those that
  /// wait longest are decompressed again when they are asked for.
  static constexpr std::size_t max_held_bytes = std::size_t{32} << 20;
  /// What is decompressed at once between two turns: half a slice.
  static constexpr std::size_t max_at_once_bytes = std::size_t{128} << 10;

  /// `woken` is called when there is something to do after there was nothing.
  explicit CodecQueue(std::function<void()> woken = {}) : woken_(std::move(woken)) {}
  CodecQueue(const CodecQueue&) = delete;
  CodecQueue& operator=(const CodecQueue&) = delete;

  [[nodiscard]] bool empty() const noexcept { return lanes_.empty(); }
  /// Works for about `budget`, and by one step at least; then it is the turn of others.
  void run(Clock::duration budget) noexcept;

  // ---- For calls ----

  /// Whether small messages may still be decompressed at once in this turn, rather than here: a client may send
  /// thousands in what is read at once.
  [[nodiscard]] bool allows_at_once() const noexcept { return at_once_ < max_at_once_bytes; }
  void note_at_once(std::size_t bytes) noexcept { at_once_ += bytes; }

  /// Queues a job behind those of its lane.
  void add(CodecJob& job, const void* lane);
  /// Notes that a message holds memory until it is taken, and makes room for it.
  void hold(HeldMessage& message, std::size_t bytes);
  /// Bytes of the messages that are held.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }

 private:
  friend class CodecJob;
  friend class HeldMessage;
  void remove(CodecJob& job) noexcept;
  void remove(HeldMessage& message) noexcept;

  struct Lane {
    const void* key;
    CodecJob* first;
    CodecJob* last;
  };
  struct Held {
    HeldMessage* message;
    std::size_t bytes;
  };
  std::function<void()> woken_;
  std::vector<Lane> lanes_;  // those with jobs
  std::size_t next_lane_ = 0;
  std::size_t at_once_ = 0;
  std::vector<Held> held_;  // the oldest first
  std::size_t held_bytes_ = 0;
};

}  // namespace wasm_grpc::rpc
