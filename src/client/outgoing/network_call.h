// One call over HTTP/2: what its caller has said, and what has come of the answer. Knows no socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/outgoing/outlier_ejection.h"
#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "rpc/outgoing_call.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

class NetworkCall;

/// The stream of a call, as the call needs it. Of the connection that has the call; destroyed or detached after it.
class CallStream {
 public:
  /// There is more to send, or the end of it.
  virtual void output_ready(NetworkCall& call) noexcept = 0;
  /// The caller took so many bytes of the answer: the server may send as many more.
  virtual void input_consumed(NetworkCall& call, std::size_t bytes) noexcept = 0;
  /// Nobody wants the stream any more: the server is told.
  virtual void reset(NetworkCall& call) noexcept = 0;

 protected:
  ~CallStream() = default;
};

/// Who has the calls of a target: told of those that have no stream, or are gone.
class CallOwner {
 public:
  /// It ended while it waited for a stream.
  virtual void no_stream_wanted(NetworkCall& call) noexcept = 0;
  /// The caller has let go: it is to be destroyed, or kept for another.
  virtual void gone(NetworkCall& call) noexcept = 0;

 protected:
  ~CallOwner() = default;
};

/// What the calls of one target share. All outlive them.
struct CallContext {
  rpc::TimerQueue& timers;
  rpc::BufferPool& buffers;
  rpc::Codec& codec;
  CallOwner& owner;
  std::size_t max_message_size;
};

/// Fields of a request or response, as on the wire.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Belongs to one thread.
class NetworkCall final : public rpc::OutgoingCall, private rpc::Timer {
 public:
  /// `previous_attempts`: how often the same was called before, which the server is told.
  NetworkCall(const CallContext& context, const rpc::OutgoingRequest& request, std::size_t previous_attempts = 0);

  // ---- rpc::OutgoingCall ----

  [[nodiscard]] rpc::SendResult send(std::span<const std::byte> message, bool last) override;
  rpc::SendResult half_close() override;
  [[nodiscard]] bool writable() const noexcept override;
  std::optional<std::span<const std::byte>> message() noexcept override;
  void pop_message() noexcept override;
  [[nodiscard]] bool has_headers() const noexcept override { return has_headers_; }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override { return headers_; }
  [[nodiscard]] bool ended() const noexcept override { return ended_; }
  [[nodiscard]] const rpc::Status& status() const noexcept override { return status_; }
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override { return trailers_; }
  void cancel(rpc::Status why) noexcept override;

  /// What the server said of when it may be asked again (gRFC A6, "Pushback"): negative for never.
  [[nodiscard]] std::optional<std::chrono::milliseconds> pushback() const noexcept { return pushback_; }

  // ---- For the connection that has it ----

  /// The request's own fields, after those of HTTP/2; grpc-timeout by what is left now.
  [[nodiscard]] Fields request_fields() const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Where it goes, which is told how it went; nullptr: nobody is.
  void set_address(std::shared_ptr<AddressHealth> address) noexcept { address_ = std::move(address); }
  /// It has a stream from here on, and sends all from the beginning.
  void begin_stream(CallStream& stream, std::int32_t id) noexcept;
  [[nodiscard]] std::int32_t stream_id() const noexcept { return stream_id_; }
  [[nodiscard]] bool has_stream() const noexcept { return stream_ != nullptr; }
  /// nghttp2's data source.
  ssize_t give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) noexcept;
  /// True when give() had nothing, and has something now.
  [[nodiscard]] bool resumes() noexcept { return std::exchange(deferred_, false); }
  /// A field of the response. False when there are too many.
  [[nodiscard]] bool take_field(std::string_view name, std::string_view value);
  void fields_end(bool end_of_stream) noexcept;
  void take_data(std::span<const std::byte> bytes) noexcept;
  /// The server has said all it will, or the stream is no more: `error` is the code of RST_STREAM.
  void stream_closed(std::uint32_t error) noexcept;
  /// True when nothing has come of it, so that it can be made again elsewhere: its stream is forgotten.
  [[nodiscard]] bool begin_again() noexcept;
  /// The connection is gone, and the stream with it.
  void stream_lost(rpc::Status status) noexcept;
  /// Ends it, unless it has; the stream is reset.
  void end(rpc::Status status) noexcept;

 private:
  void let_go() noexcept override;
  void on_timer() noexcept override;

  void append(std::span<const std::byte> message);
  [[nodiscard]] std::size_t unsent() const noexcept { return output_.size() - given_; }
  void judge_head(bool end_of_stream) noexcept;
  void take_status(std::string_view text);
  void take_pushback(std::string_view text) noexcept;
  [[nodiscard]] bool scan() noexcept;
  void credit() noexcept;
  void compact() noexcept;
  [[nodiscard]] rpc::Status final_status(std::uint32_t error) const;

  CallContext context_;
  CallStream* stream_ = nullptr;
  std::int32_t stream_id_ = 0;
  std::string path_;
  rpc::MethodKind kind_;
  rpc::Clock::time_point deadline_;
  rpc::Metadata metadata_;
  std::size_t previous_attempts_;
  std::shared_ptr<AddressHealth> address_;
  rpc::Clock::time_point began_{};  // to go there

  // The request: framed messages. What was given to a stream stays while the call may be made again.
  std::string output_;
  std::size_t given_ = 0;
  std::uint64_t sent_messages_ = 0;
  bool half_closed_ = false;
  bool deferred_ = false;
  bool wants_room_ = false;
  bool keeps_output_ = true;
  std::uint8_t begun_again_ = 0;

  // The response.
  bool any_response_ = false;
  bool has_headers_ = false;
  bool ended_ = false;
  std::size_t field_bytes_ = 0;
  std::string http_status_;
  std::string content_type_;
  std::string encoding_;
  std::optional<int> grpc_status_;
  std::string grpc_message_;
  std::optional<std::chrono::milliseconds> pushback_;
  rpc::Metadata fields_;  // of the block that is coming
  rpc::Metadata headers_;
  rpc::Metadata trailers_;
  rpc::Status status_;
  std::vector<std::byte> input_;  // framed bytes not yet taken, from taken_ on
  std::size_t taken_ = 0;
  std::size_t scanned_ = 0;  // where the first message not known to be complete begins
  std::size_t complete_ = 0;
  std::uint64_t received_messages_ = 0;
  std::size_t uncredited_ = 0;  // bytes the server was not told may come again
  bool has_plain_ = false;
  std::vector<std::byte> plain_;  // the first message, decompressed
};

/// Bytes of a request that may wait to be sent before send() answers `again`; one message may pass it.
inline constexpr std::size_t most_unsent = std::size_t{64} << 10;
/// Bytes of names and values that a response may have in its headers and trailers together.
inline constexpr std::size_t most_field_bytes = std::size_t{64} << 10;

}  // namespace wasm_grpc::client
