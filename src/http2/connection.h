// One client connection.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http1/bridge.h"
#include "http2/frame_guard.h"
#include "http2/host.h"
#include "http2/progress_watch.h"
#include "net/door.h"
#include "net/proxy_header.h"
#include "net/tls/session.h"
#include "rpc/timer_queue.h"
#include "rpc/token_bucket.h"
#include "wasm_grpc/rpc/client.h"

namespace wasm_grpc::http2 {

struct Core;
class Connection;
class Stream;

/// Shared ownership of a connection within its thread.
class ConnectionRef {
 public:
  ConnectionRef() = default;
  explicit ConnectionRef(Connection& connection) noexcept;
  ConnectionRef(const ConnectionRef& other) noexcept;
  ConnectionRef(ConnectionRef&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  ConnectionRef& operator=(ConnectionRef other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
  }
  ~ConnectionRef();
  Connection* operator->() const noexcept { return connection_; }
  Connection& operator*() const noexcept { return *connection_; }

 private:
  Connection* connection_ = nullptr;
};

/// A socket and its nghttp2 session. Held by the endpoint while it is open, by Asio's handlers, and by streams until
/// they are recycled; once closed it refers to nothing of the endpoint any more.
class Connection final : private rpc::Timer {
 public:
  /// Takes over an accepted socket and begins to read. The connection keeps itself alive from then on.
  /// With `ssl`, it speaks TLS.
  static void accept(Core& core, net::Incoming&& incoming, net::SslPointer ssl);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends what there is to send, as far as the socket takes it.
  void flush();
  /// GOAWAY, then the end once the running streams are done.
  void drain();
  /// The end, at once: calls are cancelled.
  void close();

  [[nodiscard]] Core& core() noexcept { return core_; }
  [[nodiscard]] nghttp2_session* session() noexcept { return session_; }
  /// Lives as long as the connection object, or as long as it is shared.
  [[nodiscard]] const rpc::Client& client() const noexcept { return *client_; }
  [[nodiscard]] bool closed() const noexcept { return state_ == State::closed; }

  // ---- For streams ----

  /// The stream has something to send.
  void mark_dirty(Stream& stream);
  /// The connection itself has something to send, such as a window update.
  void mark_dirty();
  /// The stream wants to take in a message larger than its window: it gets its grant now or later.
  void request_large_input(Stream& stream);
  void release_large_input(std::size_t bytes);
  /// END_STREAM goes out before the client's came in: RST_STREAM(NO_ERROR) has to follow it.
  void expect_early_end() noexcept { ++early_ends_; }
  /// The stream object goes back to its pool.
  void forget() noexcept { --live_streams_; }

  // ---- For the session's callbacks (session.cc) ----

  void begin_head(std::int32_t id);
  [[nodiscard]] Stream* head_stream() noexcept { return head_stream_; }
  Stream* end_head() noexcept;
  [[nodiscard]] Stream* find(std::int32_t id) noexcept;
  void stream_closed(std::int32_t id, std::uint32_t error);
  void client_settings_received();
  void ping_acknowledged(const std::uint8_t* payload);
  void client_pinged();
  void frame_sent(const nghttp2_frame& frame);
  void frame_not_sent(const nghttp2_frame& frame, int error);
  void invalid_frame(const nghttp2_frame& frame) noexcept;
  int send_large_data(Stream& stream, const std::uint8_t* frame_head, std::size_t length);
  void written(Stream& stream);
  [[nodiscard]] FrameGuard& guard() noexcept { return guard_; }
  /// A number for the request head of which only a part has come; 0 when there is none.
  [[nodiscard]] std::uint64_t incomplete() const noexcept {
    return bridge_ != nullptr ? bridge_->incomplete() : guard_.incomplete();
  }
  /// Ends the connection for what its client did: GOAWAY, and soon after it the end.
  void end_for(const Violation& violation);
  /// The same when a time is over: at once when the connection is being ended already, and nobody takes the GOAWAY.
  void end_for_delay(const Violation& violation) { end_noted_ ? close() : end_for(violation); }
  /// Counts and reports why it is ended, the first time.
  void note_end(EndReason reason, std::string_view detail);

  // ---- For its ProgressWatch ----

  /// There is output, of whatever stream, that has not left.
  [[nodiscard]] bool output_waits() const noexcept;
  /// Changes whenever output that had to wait has left.
  [[nodiscard]] std::uint64_t output_moved() const noexcept { return output_moved_; }

  /// Ends calls whose clients have sent nothing at more than so many looks.
  void look_at_requests(std::uint64_t silent_looks) noexcept;

  /// Where it is in Core::open.
  void set_place(std::size_t place) noexcept { place_ = place; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 private:
  /// For keepalive, age and idle time; the connection's own timer is for handshake and goodbye.
  class LifeTimer final : public rpc::Timer {
   public:
    explicit LifeTimer(Connection& connection) : connection_(connection) {}

   private:
    void on_timer() noexcept override { connection_.live_on(); }
    Connection& connection_;
  };

  enum class State : std::uint8_t {
    handshaking,  // until the client's SETTINGS
    open,
    announced,  // draining: the first GOAWAY is out, the last one follows a round trip later
    draining,   // the last GOAWAY is out
    lingering,  // all is said; waiting for the client to close, so that it can read the end
    closed,
  };

  Connection(Core& core, net::Incoming&& incoming, net::SslPointer ssl);
  ~Connection();

  bool begin();
  void read();
  void on_read(const asio::error_code& error, std::size_t size);
  void take(std::span<const std::byte> bytes);
  /// What is left of the bytes behind the PROXY header.
  [[nodiscard]] std::span<const std::byte> take_proxy_header(std::span<const std::byte> bytes);
  void feed(std::span<const std::byte> bytes);
  void feed_session(std::span<const std::byte> bytes);
  bool fill_batch();
  bool write_batch();
  bool write_raw(std::span<const std::byte> bytes);
  void wait_until_writable();
  void on_writable();
  [[nodiscard]] bool flooded() const;
  void after_flush();
  void linger();
  void send_final_goaway();
  void forget_open(Stream& stream) noexcept;
  void on_timer() noexcept override;
  void note_goaway(const nghttp2_goaway& goaway);

  // connection_http1.cc: with a client that speaks HTTP/1.1
  void agree(std::string_view protocol);
  void identify(std::span<const std::byte> bytes);
  void speak_http1();
  void keep_alive_by_tcp() noexcept;
  void feed_bridge(std::span<const std::byte> bytes);
  void pump_bridge();
  void pump_bridge_later();
  [[nodiscard]] bool translate_batch();
  [[nodiscard]] bool wants_input() const noexcept {
    return bridge_ == nullptr || state_ == State::lingering || bridge_->wants_input();
  }

  // connection_life.cc
  void begin_life();
  void live_on() noexcept;

  // With TLS (connection_tls.cc).
  void decrypt(std::span<const std::byte> bytes);
  bool write_encrypted();
  void end_tls();

  Core& core_;
  net::Protocol::socket socket_;
  net::Admission admission_;
  std::unique_ptr<net::TlsSession> tls_;  // nullptr: cleartext
  std::shared_ptr<rpc::Client> client_;
  std::unique_ptr<net::ProxyHeader> proxy_header_;  // until it has come, where one is to come
  nghttp2_session* session_ = nullptr;
  bool speaks_http2_ = false;              // with neither, what it speaks is not known yet
  std::unique_ptr<http1::Bridge> bridge_;  // it speaks HTTP/1.1
  std::size_t preface_seen_ = 0;           // bytes of HTTP/2's preface that have come while it is not known
  std::uint32_t references_ = 0;
  std::size_t place_ = 0;
  State state_ = State::handshaking;
  bool dirty_ = false;
  bool in_session_ = false;    // nghttp2 is on the stack: it must not be destroyed
  bool close_wanted_ = false;  // close() was called then
  bool writing_ = false;       // waiting until the socket takes more
  bool reading_ = false;       // an asynchronous read is under way
  bool pumping_ = false;       // pump_bridge() is posted

  Stream* streams_ = nullptr;  // the open ones
  std::size_t live_streams_ = 0;
  std::vector<Stream*> dirty_streams_;    // each retained
  std::vector<Stream*> written_streams_;  // each retained; empty outside flush()
  Stream* head_stream_ = nullptr;         // whose header block is being received
  Stream* last_found_ = nullptr;
  std::uint32_t early_ends_ = 0;
  FrameGuard guard_;
  rpc::TokenBucket forced_resets_;
  ProgressWatch watch_;
  std::uint64_t output_moved_ = 0;
  bool end_noted_ = false;
  bool client_leaves_ = false;

  LifeTimer life_{*this};
  rpc::Clock::time_point age_end_ = rpc::Clock::time_point::max();
  rpc::Clock::time_point cut_off_ = rpc::Clock::time_point::max();  // the end of the grace after it
  rpc::Clock::time_point idle_since_{};                             // when there are no streams
  rpc::Clock::time_point heard_at_{};
  rpc::Clock::time_point pinged_at_{};
  rpc::Clock::time_point last_client_ping_{};
  std::uint32_t ping_strikes_ = 0;
  bool heard_ = false;  // the client has sent something since the last look
  bool awaits_pong_ = false;
  bool answered_since_ping_ = false;  // headers or data have left since the client's last ping
  bool said_goodbye_ = false;         // a GOAWAY for bad behaviour is the last word

  std::size_t large_input_ = 0;
  std::vector<Stream*> large_waiting_;  // each retained; first come, first served

  std::vector<std::byte> backlog_;  // what the socket has not taken, from backlog_sent_ on
  std::size_t backlog_sent_ = 0;
  std::array<std::byte, 16 * 1024> input_;
};

inline ConnectionRef::ConnectionRef(Connection& connection) noexcept : connection_(&connection) {
  connection_->retain();
}
inline ConnectionRef::ConnectionRef(const ConnectionRef& other) noexcept : connection_(other.connection_) {
  if (connection_ != nullptr) connection_->retain();
}
inline ConnectionRef::~ConnectionRef() {
  if (connection_ != nullptr) connection_->release();
}

}  // namespace wasm_grpc::http2
