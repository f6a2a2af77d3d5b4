// One client connection.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http1/bridge.h"
#include "http2/connection_life.h"
#include "http2/frame_guard.h"
#include "http2/host.h"
#include "http2/progress_watch.h"
#include "net/door.h"
#include "net/socket_io.h"
#include "rpc/timer_queue.h"
#include "rpc/token_bucket.h"
#include "wasm_grpc/rpc/client.h"

namespace wasm_grpc::http2 {

struct Core;
class Connection;
class Stream;

using ConnectionRef = net::Ref<Connection>;

/// A socket and its nghttp2 session. Held by the endpoint while it is open, by Asio's handlers, and by streams until
/// they are recycled; once closed it refers to nothing of the endpoint any more.
class Connection final : public net::SocketOwner, private rpc::Timer {
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
  [[nodiscard]] bool is_closed() const noexcept { return life_.is_closed(); }

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
  [[nodiscard]] std::uint64_t output_moved() const noexcept { return data_sent_ + socket_.moved(); }

  /// Ends calls whose clients have sent nothing at more than so many looks.
  void look_at_requests(std::uint64_t silent_looks) noexcept;

  /// Where it is in Core::open.
  void set_place(std::size_t place) noexcept { place_ = place; }

 private:
  Connection(Core& core, net::Incoming&& incoming, net::SslPointer ssl);
  ~Connection();

  bool begin();
  void feed_session(std::span<const std::byte> bytes);
  bool fill_batch();
  bool write_batch();
  [[nodiscard]] bool flooded() const noexcept;
  void after_flush();
  void linger();
  void forget_open(Stream& stream) noexcept;
  void note_goaway(const nghttp2_goaway& goaway);

  // net::SocketOwner
  void take_input(std::span<const std::byte> bytes) override;
  [[nodiscard]] bool wants_input() const noexcept override;
  void turn_over() override;
  void output_left() override;
  void failed(Failure failure, std::string_view detail) override;
  void client_named(const std::string& address) override;
  void tls_open(const net::TlsSession& session) override;

  // What time brings.
  void live_on();
  void act(ConnectionLife::Action action);
  void schedule();
  void on_timer() noexcept override { live_on(); }

  // connection_http1.cc: with a client that speaks HTTP/1.1
  void agree(std::string_view protocol);
  void identify(std::span<const std::byte> bytes);
  void speak_http1();
  void feed_bridge(std::span<const std::byte> bytes);
  void pump_bridge();
  void pump_bridge_later();
  void translate_batch();

  Core& core_;
  net::SocketIo socket_;
  net::Admission admission_;
  std::shared_ptr<rpc::Client> client_;
  ConnectionLife life_;
  nghttp2_session* session_ = nullptr;
  bool speaks_http2_ = false;              // with neither, what it speaks is not known yet
  std::unique_ptr<http1::Bridge> bridge_;  // it speaks HTTP/1.1
  std::size_t preface_seen_ = 0;           // bytes of HTTP/2's preface that have come while it is not known
  std::size_t place_ = 0;
  bool dirty_ = false;
  bool in_session_ = false;    // nghttp2 is on the stack: it must not be destroyed
  bool close_wanted_ = false;  // close() was called then
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
  std::uint64_t data_sent_ = 0;     // DATA frames
  std::uint64_t answers_sent_ = 0;  // those and HEADERS frames
  bool end_noted_ = false;
  bool client_leaves_ = false;

  std::size_t large_input_ = 0;
  std::vector<Stream*> large_waiting_;  // each retained; first come, first served
};

}  // namespace wasm_grpc::http2
