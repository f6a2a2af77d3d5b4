// One request of plain HTTP and its answer: what its caller has said, and what has come of it. Knows neither a socket
// nor how it is said there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/outgoing/http/http_address.h"
#include "rpc/outgoing_call.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

class HttpCall;

/// By what a call goes, as the call needs it. Outlives it, or has let go of it, or is its own.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// There is more to send.
  virtual void output_ready() noexcept = 0;
  /// The caller has taken something: more may be read.
  virtual void input_wanted() noexcept = 0;
  /// Nobody wants the call any more.
  virtual void abandoned() noexcept = 0;
};

/// Who has the calls of a target.
class HttpCallOwner {
 public:
  /// Its caller has said how it begins: it is to be given a stream. It may end in that.
  virtual void begun(HttpCall& call) = 0;
  /// Nothing has come of it, and it is to be given another stream. Not in the midst of what it is called from.
  virtual void again(HttpCall& call) noexcept = 0;
  /// It ended while it had no stream.
  virtual void no_stream_wanted(HttpCall& call) noexcept = 0;
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

  // ---- The request, for who carries it; once it has begun ----

  [[nodiscard]] const HttpAuthority& authority() const noexcept { return authority_; }
  [[nodiscard]] const std::string& method() const noexcept { return method_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// All but those that say how long the body is.
  [[nodiscard]] const rpc::Metadata& fields() const noexcept { return fields_; }
  /// Whether there is a body, or its length is to be said.
  [[nodiscard]] bool has_body() const noexcept { return has_body_; }
  /// Nothing where nobody knows before its end.
  [[nodiscard]] std::optional<std::size_t> body_length() const noexcept { return body_length_; }
  /// It has this stream from here on, and sends all from the beginning.
  void begin_stream(HttpStream& stream) noexcept;
  /// The same with a stream that it owns.
  void begin_stream(std::unique_ptr<HttpStream> stream) noexcept;
  /// What of the body can be sent now; a part of it is said to be sent.
  [[nodiscard]] std::string_view unsent_body() const noexcept { return std::string_view(body_).substr(sent_); }
  void sent_body(std::size_t bytes) noexcept;
  /// Nothing more is to be sent.
  [[nodiscard]] bool is_sent() const noexcept { return half_closed_ && sent_ == body_.size(); }
  /// True when nothing has come of it, and it may be asked twice, or nobody has looked at it: its stream is forgotten.
  [[nodiscard]] bool begin_again(bool was_looked_at) noexcept;

  // ---- The answer ----

  /// Something has come of it: it is not made again.
  void note_answer() noexcept { any_answer_ = true; }
  /// Of the head, ":status" first.
  void add_field(std::string_view name, std::string_view value) { headers_.add(name, value); }
  void head_is_whole() noexcept;
  void add_piece(std::span<const std::byte> bytes);
  /// Tells the caller of pieces that were added.
  void tell_of_pieces() noexcept { tell(); }
  /// True while more may be read for it.
  [[nodiscard]] bool wants_input() const noexcept;
  /// The answer is complete.
  void finish() noexcept;
  void end(rpc::Status status) noexcept;

 private:
  void let_go() noexcept override;
  void on_timer() noexcept override;

  void begin_request(bool has_body, std::optional<std::size_t> length) noexcept;

  rpc::TimerQueue& timers_;
  HttpCallOwner& owner_;
  HttpStream* stream_ = nullptr;
  std::unique_ptr<HttpStream> own_stream_;  // the same, where it is the call's
  HttpAuthority authority_;

  // The request.
  std::string method_;
  std::string path_;
  rpc::Metadata fields_;
  std::string body_;
  std::size_t sent_ = 0;
  std::optional<std::size_t> body_length_;
  bool has_body_ = false;
  bool begun_ = false;
  bool half_closed_ = false;
  bool wants_room_ = false;
  bool keeps_body_ = true;
  std::uint8_t begun_again_ = 0;

  // The answer.
  bool any_answer_ = false;
  bool has_headers_ = false;
  bool ended_ = false;
  rpc::Metadata headers_;
  rpc::Metadata trailers_;  // of HTTP they are dropped
  rpc::Status status_;
  std::string answer_;
  std::size_t answer_taken_ = 0;
  std::size_t piece_ = 0;  // of what message() has shown
};

/// Bytes that a piece of a response's body has at most.
inline constexpr std::size_t largest_http_piece = std::size_t{16} << 10;

/// What is wrong with a request of HTTP, its method in ":method"; empty: nothing.
[[nodiscard]] std::string check_http_request(const rpc::OutgoingRequest& request);

}  // namespace wasm_grpc::client
