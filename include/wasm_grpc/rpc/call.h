// One gRPC call, seen from the side that serves it. This is the seam of the project: transports (HTTP/2, another gRPC
// server, a test) are below it, handlers (guests, native C++) above it; neither knows the other.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/rpc/client.h"
#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/rpc/response.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

class BufferPool;
class Codec;
class Decompression;
enum class CodecOutcome : std::uint8_t;
struct MethodMeter;

/// Told of what happens to a call while its handler works on it. All functions run on the call's worker thread, from
/// inside the transport: they note or schedule, and do not run long. They may call any function of the call.
class CallListener {
 public:
  virtual ~CallListener() = default;
  /// A request message is complete, or the requests have ended.
  virtual void on_readable(Call& call) noexcept = 0;
  /// There is room again after send() answered `again`.
  virtual void on_writable(Call& call) noexcept = 0;
  /// The call has ended for the client: cancelled, disconnected, past its deadline, or a protocol error answered by the
  /// transport. Called once; after it no other function of the listener is called.
  virtual void on_cancelled(Call& call) noexcept = 0;
};

/// What send() and its like answer.
enum class SendResult : std::uint8_t {
  ok,         // taken, copied
  again,      // too much is waiting to be sent; on_writable() tells when to try again
  cancelled,  // the call has ended for the client
  closed,     // the status was already given
  invalid,    // a second message where one is allowed; compression after headers that did not announce it
};

/// A call in progress. Belongs to one worker thread; no function is thread-safe.
///
/// Lifetime: the transport holds the call while its stream is open, a handler that works on it past Handler::start()
/// holds it by retain() and lets go by release(). The object then returns to its pool. A handler that lets go of a call
/// without a status has failed: the client gets INTERNAL.
class Call {
 public:
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // ---- The request ----

  /// The method asked for. Valid from Handler::start() on.
  [[nodiscard]] const Method& method() const noexcept { return *request_.method; }
  /// Differs from that of every other call of the process, and names the call in the log; 0 where it has none.
  [[nodiscard]] std::uint64_t number() const noexcept { return request_.number; }
  /// To be told of what happens to it; nullptr where it is not traced.
  [[nodiscard]] CallSpan* span() const noexcept { return request_.span.get(); }
  [[nodiscard]] const Metadata& request_metadata() const noexcept { return request_.metadata; }
  [[nodiscard]] std::string_view authority() const noexcept { return request_.authority; }
  /// Of gRPC, the format of the messages where it is not protobuf: Request::content_subtype.
  [[nodiscard]] std::string_view content_subtype() const noexcept { return request_.content_subtype; }
  /// Of an HTTP exchange (MethodKind::http): its method, such as "GET", and its target, "/path?query". Else empty.
  [[nodiscard]] std::string_view http_method() const noexcept { return request_.http_method; }
  [[nodiscard]] std::string_view http_target() const noexcept { return request_.http_target; }
  /// The connection it comes from; nullptr where that is not known. Lives as long as the call; its shared_from_this()
  /// keeps it longer.
  [[nodiscard]] const Client* client() const noexcept { return request_.client; }
  /// Client::peer; empty where the client is not known.
  [[nodiscard]] std::string_view peer() const noexcept {
    return request_.client == nullptr ? std::string_view() : request_.client->peer;
  }
  /// Who the client is by its verified TLS certificate: Client::tls_names, or what a proxy that is believed says of its
  /// client. A name counts with its kind only.
  [[nodiscard]] std::span<const TlsName> tls_names() const noexcept {
    if (request_.has_forwarded_tls_names) return request_.forwarded_tls_names;
    return request_.client == nullptr ? std::span<const TlsName>() : request_.client->tls_names;
  }
  /// The bearer token that the client has shown, once it was verified (ServerOptions::access); nullptr: none. Lives as
  /// long as the call.
  [[nodiscard]] const Token* token() const noexcept { return request_.token.get(); }
  [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept {
    return request_.deadline == Request::no_deadline ? std::nullopt : std::optional(request_.deadline);
  }

  /// The first complete request message not yet taken, or nothing. The span lives until pop_message(), and not past
  /// the return to the transport: a message that arrives later may move it. A compressed message is decompressed here;
  /// when that fails the client has its status, there is no message and cancelled() holds, but the listener is not
  /// told. One that takes long is decompressed over several turns of the worker: there is no message until
  /// on_readable(), or on_cancelled() when it fails.
  [[nodiscard]] std::optional<std::span<const std::byte>> message() noexcept;
  /// How the message that message() gave last came over the wire; nothing before the first.
  [[nodiscard]] std::optional<Encoding> message_encoding() const noexcept { return request_.message_encoding; }
  /// Drops the message that message() showed and lets the client send as many bytes more.
  void pop_message() noexcept;
  /// True when the client has sent its last message and all of them were taken.
  [[nodiscard]] bool requests_ended() const noexcept { return request_.half_closed && complete_messages_ == 0; }
  /// True when a message is there that was not taken, and is not just being decompressed.
  [[nodiscard]] bool has_message() const noexcept { return complete_messages_ > 0 && unpacking_ == nullptr; }
  /// True when message() has an answer: a message, that the requests have ended, or that the call has. Else there is
  /// none, or it is being decompressed from here on; on_readable() tells. Of one that cannot be decompressed message()
  /// says so.
  [[nodiscard]] bool prepare_message() noexcept;
  /// True while a message is being decompressed.
  [[nodiscard]] bool is_unpacking() const noexcept { return unpacking_ != nullptr; }
  /// True when a message is or has been decompressed, and was not taken.
  [[nodiscard]] bool has_unpacked() const noexcept { return decompressed_ || unpacking_ != nullptr; }
  /// A decompressed message that is not taken may give its memory back when many are held, and is then decompressed
  /// anew when it is asked for. For handlers of which many may hold one.
  void let_messages_wait_compressed() noexcept { may_drop_plain_ = true; }
  /// True when the client has sent its last message, whether it was taken or not.
  [[nodiscard]] bool half_closed() const noexcept { return request_.half_closed; }
  /// True when a message is there or the requests have ended; not while a message is being decompressed.
  [[nodiscard]] bool readable() const noexcept {
    return (complete_messages_ > 0 || request_.half_closed) && unpacking_ == nullptr;
  }

  // ---- The response ----

  /// Adds a response header. False when the key or value is not allowed, when they were sent, or past
  /// max_response_metadata in all.
  [[nodiscard]] bool add_header(std::string_view key, std::string_view value);
  /// Adds a trailer. False when the key or value is not allowed, after finish(), or past max_response_metadata in all.
  /// Of gRPC's own keys two are allowed, once each: "grpc-status-details-bin", a serialized google.rpc.Status, and
  /// "grpc-retry-pushback-ms" (gRFC A6).
  [[nodiscard]] bool add_trailer(std::string_view key, std::string_view value);
  /// The status of an HTTP exchange; 200 without it. False for another number than 200 to 599, when the headers were
  /// sent, and for gRPC calls.
  [[nodiscard]] bool set_http_status(int status) noexcept;
  /// Sends the response headers now rather than with the first message.
  SendResult send_headers() noexcept;
  /// Whether the messages sent from now on are compressed, by the best encoding the client accepts; off at first. Where
  /// the client accepts none this is `ok` and does nothing: compressing() tells. It must have been on once before the
  /// headers leave, which announce the encoding; else turning it on is `invalid`.
  SendResult compress(bool on) noexcept;
  [[nodiscard]] bool compressing() const noexcept { return response_.compressing; }
  /// Sends one response message; it is copied. One that is large and to be compressed leaves some turns of the worker
  /// later; those that are sent after it wait for it.
  [[nodiscard]] SendResult send(std::span<const std::byte> message);
  /// With a message larger than this, send() gives the call the status RESOURCE_EXHAUSTED. Not limited at first.
  void set_max_response_size(std::size_t bytes) noexcept { max_response_size_ = bytes; }
  /// True when send() would not answer `again`.
  [[nodiscard]] bool writable() const noexcept;
  /// Gives the status; the call is over for the client once what was sent before has left. Only the first counts.
  /// An `ok` for a method with one response that was not sent becomes INTERNAL. In an HTTP exchange `ok` ends the body;
  /// any other becomes an HTTP status with the message as text, or breaks the answer off when its headers were sent.
  SendResult finish(Status status);

  /// True while messages wait to be compressed.
  [[nodiscard]] bool is_packing() const noexcept { return packing_ != nullptr; }
  /// True after finish().
  [[nodiscard]] bool finished() const noexcept { return response_.finished; }
  /// True once the call has ended for the client: without, or before all of, its answer; or, when the handler still
  /// holds a call that it finished, after it.
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
  /// Why it is.
  [[nodiscard]] CallEnd end() const noexcept { return request_.end; }

  // ---- Lifetime ----

  /// Who is told of events; nullptr for nobody. Not owned.
  void set_listener(CallListener* listener) noexcept { listener_ = listener; }
  void retain() noexcept { ++holders_; }
  void release() noexcept {
    if (--holders_ == 0) {
      recycle();
    } else if (!response_.finished && !cancelled_) {
      let_go();
    }
  }

 protected:
  Call();
  virtual ~Call();

  // ---- What a transport implements ----

  /// There is something new to send: headers, bytes in output_, or the end. Called often; note it, send later.
  virtual void output_ready() noexcept = 0;
  /// The handler took `bytes` of the request: the client may send as many more.
  virtual void input_consumed(std::size_t bytes) noexcept = 0;
  /// The last holder let go. Must not throw; usually reset() and back into a pool.
  virtual void recycle() noexcept = 0;

  /// Somebody let go of the call, which others still hold, which has no status and is not cancelled.
  virtual void let_go() noexcept {}

  // ---- What a transport calls ----

  /// Where large messages get their memory, and leave it when they were taken or sent. Not owned; outlives the call;
  /// nullptr for none.
  void set_buffer_pool(BufferPool* pool) noexcept { buffer_pool_ = pool; }
  /// What compresses and decompresses messages. Not owned; outlives the call; nullptr for nothing, and then the
  /// transport leaves the encodings of request_ alone.
  void set_codec(Codec* codec) noexcept { codec_ = codec; }
  /// Which method it is of: request_.method, which lives until reset(), or the end of the call, and is told of it
  /// (Method::calls).
  void set_method(const Method& method) noexcept {
    forget_method();
    request_.method = counted_ = &method;
    ++method.calls;
  }
  /// Counts the call by its method's meter, where that has one: right before its handler gets it.
  void begin_counting(Clock::time_point now) noexcept;
  /// Counts the messages that have come and gone since the last time. When there may be some, not for each.
  void count_messages() noexcept;
  /// The call is over for its client: counts its status and how long it took. Does nothing the second time.
  void end_counting(Clock::time_point now) noexcept;
  /// Makes the object as new, keeping its storage where it is small.
  void reset() noexcept;
  /// Takes in bytes of the request stream in any portions: 5-byte prefixes and messages (PROTOCOL-HTTP2.md,
  /// "Length-Prefixed-Message"). Returns a status that is not ok when the stream is malformed or a message is larger
  /// than `max_message_size`; the transport then answers with it. Does not tell the listener.
  [[nodiscard]] Status receive(std::span<const std::byte> bytes, std::size_t max_message_size);
  /// The same for a piece of the body of an HTTP exchange, as it comes: it becomes messages of at most `max_piece`
  /// bytes, which is max_body_piece or less.
  [[nodiscard]] Status receive_body(std::span<const std::byte> bytes, std::size_t max_piece);
  /// The client's side ended. Returns a status that is not ok when that is in the middle of a message, or when a
  /// method with one request got another number of them. Does not tell the listener.
  [[nodiscard]] Status receive_end();
  /// Bytes still missing of a message whose prefix has arrived: what a transport should let the client send.
  [[nodiscard]] std::size_t missing_input() const noexcept { return missing_; }
  /// Ends the call for the client and tells the listener, once.
  void cancel(CallEnd why = CallEnd::client) noexcept;
  /// Ends the call from the transport's side: `status` is what the client gets, unless the handler gave one before;
  /// then cancel(). For what receive() complains of, or whatever `why` says.
  void fail(Status status, CallEnd why = CallEnd::host);
  /// Bytes that have arrived of a message that is not complete, or of its prefix.
  [[nodiscard]] std::size_t incomplete_input() const noexcept { return input_.size() - input_scanned_; }
  /// False also before the method is known.
  [[nodiscard]] bool is_http() const noexcept {
    return request_.method != nullptr && request_.method->kind == MethodKind::http;
  }
  /// How many request messages have arrived complete so far.
  [[nodiscard]] std::uint64_t received_messages() const noexcept { return received_messages_; }
  /// How many hold the call, the transport included.
  [[nodiscard]] std::uint32_t holders() const noexcept { return holders_; }
  /// Tells the listener, if there is one.
  void notify_readable() noexcept {
    if (listener_ != nullptr && !cancelled_ && unpacking_ == nullptr) listener_->on_readable(*this);
  }
  /// To be called when the transport has sent some of output_.
  void output_drained() noexcept;

  // The response as the transport sends it: its headers, then the framed bytes of output_ from output_sent_ on, then,
  // when output_complete(), the status and trailers.
  [[nodiscard]] std::span<const std::byte> pending_output() const noexcept {
    return std::span(output_).subspan(output_sent_, output_.size() - output_sent_ - output_unfinished_);
  }
  /// True when the call has its status and no message waits to be compressed.
  [[nodiscard]] bool output_complete() const noexcept { return response_.finished && packing_ == nullptr; }

  Request request_;
  Response response_;
  std::vector<std::byte> output_;
  std::size_t output_sent_ = 0;
  bool cancelled_ = false;

 private:
  friend class Lending;  // src/rpc/lending.h
  class Packing;
  class Unpacking;
  class HeldPlain;
  void forget_method() noexcept {
    if (counted_ != nullptr) --std::exchange(counted_, nullptr)->calls;
  }
  [[nodiscard]] std::span<const std::byte> first_message() const noexcept;
  [[nodiscard]] bool decompress(std::span<const std::byte> data) noexcept;
  [[nodiscard]] CodecOutcome decompress_at_once(Decompression& begun, std::span<const std::byte> data);
  [[nodiscard]] Status refusal_of(CodecOutcome outcome) const;
  void unpacked(CodecOutcome outcome) noexcept;
  void hold_plain() noexcept;
  void forget_plain() noexcept;
  void stop_unpacking() noexcept;
  [[nodiscard]] bool pack_later(std::span<const std::byte> message);
  void packed() noexcept;
  void drop_packing() noexcept;
  [[nodiscard]] std::size_t unsent_bytes() const noexcept;
  void refuse_message(Status status) noexcept;
  void end_refused() noexcept;
  [[nodiscard]] bool append_compressed(std::span<const std::byte> message);
  void append_plain(std::span<const std::byte> message);
  void append_framed(std::span<const std::byte> messages);
  void reserve_output(std::size_t size);
  void drop_sent_output(std::size_t coming);
  [[nodiscard]] Status scan_input(std::size_t max_message_size);
  void compact_input();
  [[nodiscard]] Status wrong_number_of_requests() const;
  void set_status(Status status);
  [[nodiscard]] bool add_http_header(std::string_view key, std::string_view value);
  void answer_failure_in_http();
  void make_room(std::vector<std::byte>& buffer, std::size_t size);
  void empty(std::vector<std::byte>& buffer) noexcept;

  std::vector<std::byte> input_;   // framed bytes not yet taken, from input_taken_ on
  std::size_t input_taken_ = 0;    // where the first message not taken begins
  std::size_t input_scanned_ = 0;  // where the first message not known to be complete begins
  std::size_t complete_messages_ = 0;
  std::size_t missing_ = 0;
  std::uint64_t received_messages_ = 0;
  bool wants_writable_ = false;
  bool decompressed_ = false;     // plain_ has the first message
  std::uint16_t last_piece_ = 0;  // of an HTTP exchange: the size of the last message
  std::size_t max_response_size_ = std::numeric_limits<std::size_t>::max();
  std::size_t max_message_size_ = 0;   // of decompressed ones; set when the first has arrived
  std::vector<std::byte> plain_;       // one message, decompressed
  std::size_t output_unfinished_ = 0;  // bytes at the end of output_ of a message that is being compressed
  bool may_drop_plain_ = false;
  CodecOutcome broken_{};  // why the first message cannot be decompressed; done: it is not known that it cannot
  std::unique_ptr<Packing> packing_;      // while messages wait to be compressed
  std::unique_ptr<Unpacking> unpacking_;  // while the first message is being decompressed
  std::unique_ptr<HeldPlain> held_;       // while it may be dropped
  const Method* counted_ = nullptr;       // set_method()
  Codec* codec_ = nullptr;
  CallListener* listener_ = nullptr;
  std::uint32_t holders_ = 0;
  BufferPool* buffer_pool_ = nullptr;
  MethodMeter* meter_ = nullptr;  // while it is counted
  Clock::time_point began_{};
  std::uint64_t counted_received_ = 0;
  std::uint64_t counted_sent_ = 0;
};

/// Bytes of keys and values in headers and trailers together. What gRPC clients take at most when not told otherwise;
/// those over gRPC core may refuse from half of that on.
inline constexpr std::size_t max_response_metadata = 16 * 1024;

/// Bytes of the body of an HTTP request that come as one message, at most.
inline constexpr std::size_t max_body_piece = 16 * 1024;

/// How many bytes may wait to be sent before send() answers `again`. One message may pass it.
inline constexpr std::size_t output_high_water = 64 * 1024;

}  // namespace wasm_grpc::rpc
