// One gRPC call over HTTP/2: what its caller has said, and what has come of the answer. Knows no socket.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/outgoing/exchange.h"
#include "client/outgoing/outlier_ejection.h"
#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "rpc/outgoing_call.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

class NetworkCall;

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

/// Belongs to one thread. Used for one call after the other.
class NetworkCall final : public rpc::OutgoingCall, public Exchange, private rpc::Timer {
 public:
  explicit NetworkCall(const CallContext& context) : context_(context) {}

  /// Begins a call. `previous_attempts`: how often the same was called before, which the server is told.
  void begin(const rpc::OutgoingRequest& request, std::size_t previous_attempts = 0);
  /// Forgets the call that its caller has let go of, before the next; keeps little memory.
  void forget() noexcept;

  // ---- rpc::OutgoingCall ----

  [[nodiscard]] rpc::SendResult send(std::span<const std::byte> message, bool last) override;
  rpc::SendResult half_close() override;
  [[nodiscard]] bool writable() const noexcept override;
  std::optional<std::span<const std::byte>> message() noexcept override;
  void pop_message() noexcept override;
  [[nodiscard]] bool has_headers() const noexcept override { return now_.has_headers; }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override { return headers_; }
  [[nodiscard]] bool ended() const noexcept override { return now_.ended; }
  [[nodiscard]] const rpc::Status& status() const noexcept override { return status_; }
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override { return trailers_; }
  void cancel(rpc::Status why) noexcept override;

  /// What the server said of when it may be asked again (gRFC A6, "Pushback"): negative for never.
  [[nodiscard]] std::optional<std::chrono::milliseconds> pushback() const noexcept { return now_.pushback; }

  /// Where it goes, which is told how it went; nullptr: nobody is.
  void set_address(std::shared_ptr<AddressHealth> address) noexcept { address_ = std::move(address); }

  // ---- Exchange ----

  /// grpc-timeout is by what is left now.
  void add_fields(RequestFields& fields) const override;
  [[nodiscard]] bool has_body() const noexcept override { return true; }
  void begin_stream(ExchangeStream& stream, std::int32_t id) noexcept override;
  [[nodiscard]] std::int32_t stream_id() const noexcept override { return now_.stream_id; }
  ssize_t give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) noexcept override;
  [[nodiscard]] bool resumes() noexcept override { return std::exchange(now_.deferred, false); }
  [[nodiscard]] bool take_field(std::string_view name, std::string_view value) override;
  void fields_end(bool end_of_stream) noexcept override;
  void take_data(std::span<const std::byte> bytes) noexcept override;
  void stream_closed(std::optional<std::uint32_t> error) noexcept override;
  [[nodiscard]] bool begin_again() noexcept override;
  void stream_lost(rpc::Status status) noexcept override;
  void end(rpc::Status status) noexcept override;

 private:
  void let_go() noexcept override;
  void on_timer() noexcept override;

  void append(std::span<const std::byte> message);
  [[nodiscard]] std::size_t unsent() const noexcept { return output_.size() - now_.given; }
  void judge_head(bool end_of_stream) noexcept;
  void take_pushback(std::string_view text) noexcept;
  [[nodiscard]] bool scan() noexcept;
  void credit() noexcept;
  void compact() noexcept;
  [[nodiscard]] rpc::Status final_status(std::uint32_t error) const;

  /// Of the call that it is now; what has no memory of its own.
  struct Now {
    ExchangeStream* stream = nullptr;
    std::int32_t stream_id = 0;
    rpc::MethodKind kind = rpc::MethodKind::unary;
    rpc::Encoding encoding = rpc::Encoding::identity;  // of requests
    rpc::Clock::time_point deadline = rpc::Request::no_deadline;
    std::size_t previous_attempts = 0;
    rpc::Clock::time_point began{};  // to go to its address

    // The request.
    std::size_t given = 0;  // bytes of the output
    std::uint64_t sent_messages = 0;
    bool half_closed = false;
    bool deferred = false;
    bool wants_room = false;
    bool keeps_output = true;
    std::uint8_t begun_again = 0;

    // The response.
    bool any_response = false;
    bool has_headers = false;
    bool ended = false;
    std::size_t field_bytes = 0;
    std::optional<rpc::StatusCode> grpc_status;
    std::optional<std::chrono::milliseconds> pushback;
    std::size_t taken = 0;    // bytes of the input
    std::size_t scanned = 0;  // where the first message not known to be complete begins
    std::size_t complete = 0;
    std::uint64_t received_messages = 0;
    std::size_t uncredited = 0;  // bytes the server was not told may come again
    bool has_plain = false;
  };

  CallContext context_;
  Now now_;
  std::shared_ptr<AddressHealth> address_;
  std::string path_;
  rpc::Metadata metadata_;

  // The request: framed messages. What was given to a stream stays while the call may be made again.
  std::string output_;

  // The response.
  std::string http_status_;
  std::string content_type_;
  std::string encoding_;
  std::string grpc_message_;
  rpc::Metadata fields_;  // of the block that is coming
  rpc::Metadata headers_;
  rpc::Metadata trailers_;
  rpc::Status status_;
  std::vector<std::byte> input_;  // framed bytes not yet taken
  std::vector<std::byte> plain_;  // the first message, decompressed
};

/// Bytes of a request that may wait to be sent before send() answers `again`; one message may pass it.
inline constexpr std::size_t most_unsent = std::size_t{64} << 10;

}  // namespace wasm_grpc::client
