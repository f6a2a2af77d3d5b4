// One HTTP/2 stream that carries one gRPC call, or one HTTP exchange.
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
#include <vector>

#include "http2/session/request_head.h"
#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "rpc/timer_queue.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/gate.h"

namespace wasm_grpc::http2 {

class FieldBlock;
class Session;
class Stream;

/// Where a stream is in the lists of its session, which alone changes it.
struct StreamPlace {
  Stream* previous = nullptr;  // of those that are open
  Stream* next = nullptr;
  // Lists that hold the stream.
  bool dirty = false;            // it has something to say
  bool written = false;          // it is to hear that its output was written
  bool waits_for_grant = false;  // see LargeInput
  bool ends_early = false;       // its answer's last frame is with nghttp2, and the client was still sending

  /// How many lists hold it.
  [[nodiscard]] std::uint32_t shares() const noexcept {
    return static_cast<std::uint32_t>(dirty) + static_cast<std::uint32_t>(written) +
           static_cast<std::uint32_t>(waits_for_grant);
  }
};

/// Streams that are not in use. A stream returns here when it is closed and its handler has let go of it.
class StreamPool {
 public:
  /// `codecs`: see rpc::Codec.
  explicit StreamPool(rpc::CodecQueue* codecs) : codec_(buffers_, codecs) {}
  StreamPool(const StreamPool&) = delete;
  StreamPool& operator=(const StreamPool&) = delete;
  ~StreamPool();

  [[nodiscard]] Stream* take();
  void give_back(Stream* stream) noexcept;
  /// How many are in use.
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
  /// For the messages of all of them.
  [[nodiscard]] rpc::BufferPool& buffers() noexcept { return buffers_; }
  [[nodiscard]] rpc::Codec& codec() noexcept { return codec_; }

 private:
  std::vector<Stream*> free_;  // owned
  std::size_t in_use_ = 0;
  rpc::BufferPool buffers_;
  rpc::Codec codec_;
};

/// The call of one stream. Between open() and on_closed() it belongs to its session; its handler may hold it longer,
/// and as long the connection object lives too (though its socket may be closed).
class Stream final : public rpc::Call, public rpc::Timer {
 public:
  explicit Stream(StreamPool& pool) : pool_(pool) {
    set_buffer_pool(&pool.buffers());
    set_codec(&pool.codec());
  }

  void open(Session& session, std::int32_t id);
  [[nodiscard]] std::int32_t id() const noexcept { return id_; }

  // ---- Receiving: called by the session's callbacks ----

  void take_field(std::string_view name, std::string_view value);
  void head_complete(bool end_stream);
  void take_data(std::span<const std::byte> bytes);
  void take_padding(std::size_t size);
  void end_input();
  /// Once in a while: ends the call when its client has sent nothing at more than `silent_looks` looks on end. While it
  /// may not send, `reads` being false or for reasons of this stream, its silence does not count.
  void look_at_request(bool reads, std::uint64_t silent_looks) noexcept;
  /// The stream is gone, or its connection is.
  void on_closed(rpc::CallEnd why);

  // ---- Sending: called while the connection is flushed ----

  /// Hands to nghttp2 what output_ready() announced.
  void submit();
  /// nghttp2's data source: up to `length` bytes of the answer, into `buffer` or, with NGHTTP2_DATA_FLAG_NO_COPY, for
  /// take_output().
  ssize_t produce(std::uint8_t* buffer, std::size_t length, std::uint32_t* data_flags);
  /// The next `length` bytes of the answer; they are then counted as sent.
  [[nodiscard]] std::span<const std::byte> take_output(std::size_t length);
  /// The bytes that produce() and take_output() gave were written.
  void output_written();
  /// True when the client has not ended its side.
  [[nodiscard]] bool input_open() const noexcept { return !request_.half_closed; }
  /// True when the answer ends early, because its handler failed.
  [[nodiscard]] bool is_broken_off() const noexcept { return response_.broken_off; }
  /// True when nghttp2 was given an answer that has not left: the client's windows are closed, or its socket full.
  [[nodiscard]] bool has_unsent_output() const noexcept {
    return responded_ && (!pending_output().empty() || (facade_ != nullptr && facade_->has_unsent_body()));
  }

  // ---- For its session ----

  [[nodiscard]] StreamPlace& place() noexcept { return place_; }

  /// Lets the client send the rest of the large message it has announced.
  /// Returns by how much.
  [[nodiscard]] std::size_t grant_large_input();
  [[nodiscard]] std::size_t wanted_input() const noexcept;

 private:
  /// What a stream has whose client speaks another protocol than gRPC (stream_facade.cc).
  struct Facade {
    std::unique_ptr<facade::Exchange> exchange;
    std::string origin;    // of the page that calls, where it may read the answer; else empty
    rpc::Metadata fields;  // of the answer
    std::string body;      // of the answer, from body_sent on
    std::size_t body_sent = 0;
    bool finished = false;  // the rest of the answer is in `body`
    [[nodiscard]] bool has_unsent_body() const noexcept { return body_sent < body.size(); }
  };

  ~Stream() override = default;
  friend class StreamPool;

  void output_ready() noexcept override;
  void input_consumed(std::size_t bytes) noexcept override;
  void let_go() noexcept override;
  void recycle() noexcept override;
  void on_timer() noexcept override;

  /// Tells the session how much of the answer has not left. Costs a call that is answered at once a few additions.
  void count_unread() noexcept;
  /// How long it may take here; 0: for ever.
  [[nodiscard]] std::chrono::milliseconds longest_time() const noexcept;
  void set_deadline();
  void take_forwarded_certificate();
  // stream_gate.cc
  [[nodiscard]] std::optional<OwnAnswer> ask_gate(const std::optional<OwnAnswer>& own);
  [[nodiscard]] OwnAnswer in_terms_of_client(rpc::Refusal&& refusal, bool in_http) const;
  void add_refusal_fields(const OwnAnswer& answer);
  [[nodiscard]] bool client_may_send() const noexcept;
  void start();
  void count_end() noexcept;
  [[nodiscard]] bool only_we_hold_it() const noexcept;
  void answer_itself(const OwnAnswer& answer);
  void add_cors(const OwnAnswer& answer);
  void refuse_input(rpc::Status status);
  void answer_at_end();
  void submit_response();
  void submit_plain_response();
  void add_date(FieldBlock& block);
  void submit_http_response();
  void begin_facade();
  [[nodiscard]] rpc::Status receive_translated(std::span<const std::byte> bytes, bool ends);
  void submit_translated();
  void translate_output();
  [[nodiscard]] ssize_t produce_translated(std::uint8_t* buffer, std::size_t length, std::uint32_t* data_flags);
  [[nodiscard]] ssize_t give_frames(std::span<const std::byte> frames, std::uint8_t* buffer, std::size_t length,
                                    std::uint32_t* data_flags);
  [[nodiscard]] bool takes_no_body() const noexcept;
  /// Hands the fields to nghttp2, and then the output.
  void submit_fields(FieldBlock& block, bool with_output);
  void submit_trailers();
  void add_trailers(FieldBlock& block);
  void note_end_of_answer();
  void credit(std::size_t bytes);
  void grow_window();
  void shrink_window() noexcept;
  [[nodiscard]] std::size_t max_message_field() const;

  StreamPool& pool_;
  Session* session_ = nullptr;
  RequestHead head_;
  std::unique_ptr<Facade> facade_;  // nullptr: the client speaks gRPC or HTTP
  std::int32_t id_ = 0;
  int plain_status_ = 0;            // of an answer without a handler that is not gRPC; 0 else
  std::size_t dropped_ = 0;         // bytes of an answer whose body is not sent
  std::size_t window_ = 0;          // bytes of the request that it may have when none were taken
  std::size_t allowance_ = 0;       // bytes the client may still send
  std::size_t held_ = 0;            // bytes it sent that the handler has not taken
  std::size_t granted_ = 0;         // bytes allowed beyond the stream window, for a large message
  std::size_t unread_ = 0;          // bytes of the answer that the session knows of
  std::uint64_t silent_looks_ = 0;  // since something of the request came, or was taken
  bool over_time_ = false;          // the deadline is the server's
  bool open_ = false;               // known to nghttp2
  bool started_ = false;            // the handler has the call
  bool ignores_input_ = false;      // the call has failed: what the client still sends is dropped
  bool responded_ = false;          // the response headers are with nghttp2
  bool answers_at_end_ = false;     // refused, and that is said when the request is complete
  bool deferred_ = false;           // nghttp2 waits for more output
  StreamPlace place_;
};

}  // namespace wasm_grpc::http2
