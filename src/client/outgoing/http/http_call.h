// One exchange of plain HTTP: what its caller has said, and what has come of the answer, as HTTP/1.1. Knows no socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/outgoing/http/http_address.h"
#include "http1/framing.h"
#include "http1/response_head.h"
#include "rpc/outgoing_call.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

class HttpCall;

/// The connection of an exchange, as that needs it. Outlives it, or has let go of it.
class HttpStream {
 public:
  /// There is more to send.
  virtual void output_ready() noexcept = 0;
  /// The caller has taken something: more may be read.
  virtual void input_wanted() noexcept = 0;
  /// Nobody wants the exchange any more.
  virtual void abandoned() noexcept = 0;

 protected:
  ~HttpStream() = default;
};

/// Who has the exchanges of a target.
class HttpCallOwner {
 public:
  /// It ended while it had no connection.
  virtual void no_connection_wanted(HttpCall& call) noexcept = 0;
  /// The caller has let go: it is to be destroyed.
  virtual void gone(HttpCall& call) noexcept = 0;

 protected:
  ~HttpCallOwner() = default;
};

/// Belongs to one thread. Messages are pieces of bodies; the headers of the response begin with ":status".
class HttpCall final : public rpc::OutgoingCall, private rpc::Timer {
 public:
  /// `method` and `request` are sound, as check_http_request() says. Fields of binary keys, which say something to gRPC
  /// only, are left out without `with_binary_keys`.
  HttpCall(rpc::TimerQueue& timers, HttpCallOwner& owner, HttpAuthority authority, std::string_view method,
           const rpc::OutgoingRequest& request, bool with_binary_keys = false);

  // ---- rpc::OutgoingCall ----

  [[nodiscard]] rpc::SendResult send(std::span<const std::byte> piece, bool last) override;
  rpc::SendResult half_close() override;
  [[nodiscard]] bool writable() const noexcept override;
  std::optional<std::span<const std::byte>> message() noexcept override;
  void pop_message() noexcept override;
  [[nodiscard]] bool has_headers() const noexcept override { return has_headers_; }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override { return headers_; }
  [[nodiscard]] bool ended() const noexcept override { return ended_; }
  [[nodiscard]] const rpc::Status& status() const noexcept override { return status_; }
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override { return trailers_; }
  void cancel(rpc::Status why) noexcept override { end(std::move(why)); }

  // ---- For the connection that has it ----

  [[nodiscard]] const HttpAuthority& authority() const noexcept { return authority_; }
  /// It has this connection from here on, and sends all from the beginning.
  void begin_stream(HttpStream& stream) noexcept;
  /// Moves what is to be sent now to `out`, if there is anything.
  void take_output(std::string& out);
  /// Takes in bytes of the connection: how many are of this answer. Maybe it has ended then.
  [[nodiscard]] std::size_t take(std::span<const std::byte> bytes) noexcept;
  /// True while more may be read for it.
  [[nodiscard]] bool wants_input() const noexcept;
  /// The server has ended its side, or the connection is lost, as `why` says.
  void stream_lost(const std::string& why) noexcept;
  /// After it has ended well: the connection may have another exchange.
  [[nodiscard]] bool leaves_connection() const noexcept;
  /// True when nothing has come of it, and it may be asked twice: its connection is forgotten.
  [[nodiscard]] bool begin_again() noexcept;
  void end(rpc::Status status) noexcept;

 private:
  void let_go() noexcept override;
  void on_timer() noexcept override;

  void begin_request(bool has_body, std::optional<std::size_t> length);
  void append_piece(std::span<const std::byte> piece);
  [[nodiscard]] std::size_t unsent() const noexcept { return output_.size() - given_; }
  [[nodiscard]] std::size_t take_head(std::string_view bytes) noexcept;
  void read_head() noexcept;
  [[nodiscard]] std::size_t take_body(std::span<const std::byte> bytes) noexcept;
  void add_piece(std::span<const std::byte> bytes);
  void finish() noexcept;
  void end_with_too_much() noexcept;

  rpc::TimerQueue& timers_;
  HttpCallOwner& owner_;
  HttpStream* stream_ = nullptr;
  HttpAuthority authority_;
  std::string method_;

  // The request.
  std::string head_lines_;  // its line and fields, until it begins
  std::string output_;
  std::size_t given_ = 0;
  bool begun_ = false;
  bool chunked_ = false;
  bool half_closed_ = false;
  bool wants_room_ = false;
  bool keeps_output_ = true;
  bool begun_again_ = false;

  // The response.
  std::string head_;
  std::size_t head_bytes_ = 0;  // of all heads, informational ones too
  http1::ResponseHead parser_;
  http1::ResponseFraming framing_;
  http1::BodyReader body_reader_;
  std::string line_;  // what the reader has left: of a chunk's line
  bool has_headers_ = false;
  bool ended_ = false;
  rpc::Metadata headers_;
  rpc::Metadata trailers_;  // of HTTP they are dropped
  rpc::Status status_;
  std::string body_;
  std::size_t body_taken_ = 0;
  std::size_t piece_ = 0;  // of what message() has shown
};

/// Bytes that a piece of a response's body has at most.
inline constexpr std::size_t largest_http_piece = std::size_t{16} << 10;
/// Bytes that the heads of one answer may have.
inline constexpr std::size_t most_http_head = std::size_t{64} << 10;

/// What is wrong with a request of HTTP, its method in ":method"; empty: nothing.
[[nodiscard]] std::string check_http_request(const rpc::OutgoingRequest& request);

}  // namespace wasm_grpc::client
