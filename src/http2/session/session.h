// What is spoken on one connection: the nghttp2 session with its streams. Bytes go in and come out; it knows no socket.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "http2/session/bandwidth.h"
#include "http2/session/end_reason.h"
#include "http2/session/frame_guard.h"
#include "http2/session/large_input.h"
#include "http2/session/message_rules.h"
#include "net/counted.h"
#include "net/output_batch.h"
#include "net/terms.h"
#include "rpc/token_bucket.h"
#include "wasm_grpc/connection_options.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/client.h"

namespace wasm_grpc::http2 {

struct SessionCore;
class Stream;

struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
};
struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

/// Who a session belongs to, and what it is told. All but has_output() may come from inside nghttp2.
class SessionOwner {
 public:
  /// There is something to send: flush soon. Told once until Session::note_flush().
  virtual void has_output() = 0;
  /// The client's SETTINGS have come.
  virtual void client_opened() = 0;
  virtual void client_pinged() = 0;
  virtual void ping_answered(std::span<const std::uint8_t> payload) = 0;
  /// The last stream has ended. Only where ConnectionOptions::max_connection_idle is said.
  virtual void became_idle() = 0;
  /// The client is to be told why its connection ends: Session::end().
  virtual void violated(const Violation& violation) = 0;
  /// nghttp2 ends the connection by itself, or what was made of the client's bytes cannot be served.
  virtual void note_end(EndReason reason, std::string_view detail) = 0;
  /// Nothing more can be said.
  virtual void broken() = 0;

 protected:
  ~SessionOwner() = default;
};

/// Belongs to its owner, as a member.
class Session {
 public:
  /// What requests may have as their authority.
  enum class Authorities : std::uint8_t { of_http, any };

  /// `keeper` is held by every stream until it is recycled; both outlive the session. Without terms those of the core
  /// hold.
  Session(SessionCore& core, net::Counted& keeper, SessionOwner& owner, std::shared_ptr<rpc::Client> client,
          Authorities authorities = Authorities::of_http, std::shared_ptr<const net::Terms> terms = nullptr);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What the sessions of an endpoint share: nghttp2's callbacks.
  [[nodiscard]] static std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> make_callbacks();

  // ---- For the connection ----

  /// To be called first: makes our SETTINGS. False when there is no memory.
  [[nodiscard]] bool begin();
  /// The client, whom nobody knows before the first call.
  [[nodiscard]] rpc::Client& client() noexcept { return *client_; }
  void set_client(std::shared_ptr<rpc::Client> client) noexcept { client_ = std::move(client); }

  /// The windows of streams stay as they are: the bytes do not come from afar.
  void keep_windows() noexcept { keeps_windows_ = true; }

  /// Takes frames. Handlers are started in it.
  void feed(std::span<const std::byte> bytes);
  /// False once what the client says is of no interest any more.
  [[nodiscard]] bool takes_input() const noexcept { return !deaf_; }
  void ignore_input() noexcept { deaf_ = true; }

  /// There is something to send: has the owner told, unless it knows.
  void mark_dirty();
  /// The owner is about to act on that: it is to be told again of what comes from now on.
  void note_flush() noexcept { dirty_ = false; }
  /// Hands to nghttp2 what streams have to say.
  void submit();
  /// Puts frames into the batch until it is full. False when there are no more.
  [[nodiscard]] bool pull(net::OutputBatch& batch);
  /// The batch was written, and may be cleared: tells the streams that it referred to.
  void written();

  /// Everything that was to be said is out, and nothing more is expected.
  [[nodiscard]] bool is_over() const noexcept;
  /// A client makes us queue more and more that it does not read.
  [[nodiscard]] bool is_flooded() const noexcept;
  [[nodiscard]] bool has_streams() const noexcept { return streams_ != nullptr; }
  /// Bytes of answers that the client has not let us send; 0 once it is being ended for them.
  [[nodiscard]] std::size_t unread() const noexcept { return forgiven_ ? 0 : unread_; }
  /// They do not count for the process any more: the connection is being ended for them.
  void forgive_unread() noexcept;
  /// There is an answer that nghttp2 was given and the client's windows do not let go.
  [[nodiscard]] bool output_waits() const noexcept;
  /// DATA frames sent, and those with HEADERS frames.
  [[nodiscard]] std::uint64_t data_sent() const noexcept { return data_sent_; }
  [[nodiscard]] std::uint64_t answers_sent() const noexcept { return answers_sent_; }
  /// A number for the header block, or other frame that is not DATA, of which only a part has come; 0 when there is
  /// none.
  [[nodiscard]] std::uint64_t incomplete() const noexcept { return guard_.incomplete(); }
  /// Ends calls whose clients have sent nothing at more than so many looks; `reads` tells whether they might have.
  void look_at_requests(bool reads, std::uint64_t silent_looks) noexcept;

  void ping(std::span<const std::uint8_t, 8> payload);
  /// GOAWAY that names no last stream yet: the end is near.
  void announce_end();
  /// GOAWAY: no stream is served but those that have begun.
  void name_last_stream(std::uint32_t error, std::string_view text);
  /// GOAWAY as the last frame.
  void end(std::uint32_t error);
  /// Nobody hears of any stream any more: their calls are cancelled.
  void drop_streams();
  /// False while nghttp2 is on the stack: what it works on must stay. That it was asked for is remembered.
  [[nodiscard]] bool may_close() noexcept;
  /// It is to be closed once nghttp2 has returned: since that was asked for, or nothing more can be sent.
  [[nodiscard]] bool close_wanted() const noexcept { return close_wanted_; }
  [[nodiscard]] bool is_busy() const noexcept { return busy_; }
  /// The end, at once, where it may: calls are cancelled.
  void close(rpc::CallEnd why);

  // ---- For streams ----

  [[nodiscard]] SessionCore& core() noexcept { return core_; }
  /// What its client is held to, as long as it lives.
  [[nodiscard]] const ConnectionOptions& settings() const noexcept { return terms_->settings; }
  [[nodiscard]] nghttp2_session* nghttp2() noexcept { return session_; }
  void retain() noexcept { keeper_.retain(); }
  void release() noexcept { keeper_.release(); }
  /// The stream has something to send.
  void mark_dirty(Stream& stream);
  /// The batch refers to output of the stream, or it waits to hear that there is room again.
  void mark_written(Stream& stream);
  [[nodiscard]] LargeInput& large_input() noexcept { return large_input_; }
  /// What the window of a stream should be that has used half of it, as far as is known; from now on it is found out.
  /// `bytes` have come of the stream just before.
  [[nodiscard]] std::size_t window_wanted(std::size_t bytes);
  /// The stream has all of its answer, with END_STREAM. Where the client's has not come, RST_STREAM(NO_ERROR) has to
  /// follow it.
  void answer_complete(Stream& stream) noexcept;
  /// What a stream holds of its answer that has not been sent has become another.
  void change_unread(std::size_t before, std::size_t after) noexcept {
    unread_ += after - before;
    // Small answers that leave at once need not be known to others.
    if (unread_ >= reported_ + report_step ||
        (unread_ < reported_ && (unread_ == 0 || reported_ - unread_ >= report_step))) {
      report_unread();
    }
  }
  /// The stream object goes back to its pool.
  void forget() noexcept { --live_streams_; }

 private:
  struct Callbacks;  // nghttp2's

  static constexpr std::size_t report_step = std::size_t{64} << 10;

  [[nodiscard]] std::unique_ptr<nghttp2_option, OptionDeleter> make_options() const;
  void report_unread() noexcept;
  [[nodiscard]] bool say_settings();
  void begin_head(std::int32_t id);
  Stream* end_head() noexcept;
  [[nodiscard]] Stream* find(std::int32_t id) noexcept;
  void take_data(std::int32_t id, std::span<const std::byte> bytes);
  void end_input(Stream& stream);
  void break_off(Stream& stream);
  void stream_closed(std::int32_t id, std::uint32_t error);
  void forget_open(Stream& stream) noexcept;
  void frame_received(const nghttp2_frame& frame);
  void frame_sent(const nghttp2_frame& frame);
  void frame_not_sent(const nghttp2_frame& frame, int error);
  void invalid_frame(const nghttp2_frame& frame) noexcept;
  void note_goaway(const nghttp2_goaway& goaway);
  int send_large_data(Stream& stream, const std::uint8_t* frame_head, std::size_t length);

  SessionCore& core_;
  const std::shared_ptr<const net::Terms> terms_;
  net::Counted& keeper_;
  SessionOwner& owner_;
  std::shared_ptr<rpc::Client> client_;
  nghttp2_session* session_ = nullptr;
  FrameGuard guard_;
  std::unique_ptr<MessageRules> rules_;  // nullptr: those of nghttp2
  rpc::TokenBucket forced_resets_;
  bool dirty_ = false;
  bool busy_ = false;          // nghttp2 is on the stack: it must not be destroyed
  bool close_wanted_ = false;  // close() was called then
  bool deaf_ = false;
  bool client_leaves_ = false;
  std::vector<std::byte> hello_;  // our SETTINGS, until they are sent

  Stream* streams_ = nullptr;      // the open ones
  std::size_t open_streams_ = 0;   // as many
  std::size_t live_streams_ = 0;   // those, and what handlers still hold
  Stream* head_stream_ = nullptr;  // whose header block is being received
  Stream* last_found_ = nullptr;
  net::OutputBatch* batch_ = nullptr;     // while pull() runs
  std::vector<Stream*> dirty_streams_;    // each retained
  std::vector<Stream*> written_streams_;  // each retained; empty outside a flush
  std::uint32_t early_ends_ = 0;
  std::size_t unread_ = 0;
  std::size_t reported_ = 0;  // of it, to the OutputBudget
  bool forgiven_ = false;
  std::uint64_t data_sent_ = 0;
  std::uint64_t answers_sent_ = 0;
  LargeInput large_input_;
  BandwidthMeter bandwidth_;
  bool keeps_windows_ = false;
};

}  // namespace wasm_grpc::http2
