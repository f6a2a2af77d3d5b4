// One HTTP/2 connection to a server, with the exchanges on it.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/outgoing/exchange.h"
#include "client/outgoing/transport.h"
#include "rpc/number_table.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

class Connection;

/// Told of what becomes of a connection.
class ConnectionOwner {
 public:
  /// It takes no more exchanges: `why` in words. Those it has go on where they can.
  virtual void connection_draining(Connection& connection, const std::string& why) noexcept = 0;
  /// It has room for one more, which it had not when it was asked.
  virtual void connection_has_room(Connection& connection) noexcept = 0;
  /// It is gone. Exchanges that no server has looked at have come back by returned().
  virtual void connection_closed(Connection& connection, const std::string& why) noexcept = 0;
  /// The server has not looked at the exchange: it may begin again.
  virtual void returned(Exchange& exchange) noexcept = 0;

 protected:
  ~ConnectionOwner() = default;
};

struct ConnectionSettings {
  std::string scheme;
  std::string authority;
  std::chrono::milliseconds keepalive_time{0};
  std::chrono::milliseconds keepalive_timeout{20'000};
};

/// Those of one thread that have something to say, until the end of a turn.
class OutputQueue {
 public:
  /// `wake` is called when there is something to be flushed.
  explicit OutputQueue(std::function<void()> wake) : wake_(std::move(wake)) {}
  void add(std::shared_ptr<Connection> connection);
  /// One of them has a request more.
  void count_request() noexcept { ++requests_; }
  /// True when there are so many requests that their servers are better asked now than at the end of the turn: they
  /// answer the first while the others are made.
  [[nodiscard]] bool is_long() const noexcept { return requests_ >= most_requests_held; }
  /// Has each write what it has to say.
  void flush() noexcept;

 private:
  static constexpr std::size_t most_requests_held = 32;

  std::function<void()> wake_;
  std::size_t requests_ = 0;
  std::vector<std::shared_ptr<Connection>> dirty_;
  std::vector<std::shared_ptr<Connection>> flushed_;  // while they are
};

/// Belongs to one thread. Made by std::make_shared; what Asio does for it keeps it.
class Connection final : public std::enable_shared_from_this<Connection>, private ExchangeStream, private rpc::Timer {
 public:
  Connection(Transport transport, ConnectionSettings settings, rpc::TimerQueue& timers, OutputQueue& output,
             ConnectionOwner& owner);
  ~Connection() override;

  /// Sends the preface and begins to read.
  void start();
  /// True while it takes exchanges, now or once others have ended.
  [[nodiscard]] bool open() const noexcept { return session_ != nullptr && !draining_; }
  /// True when it takes one now: the server lets no more be open at once than it has said. When there is no room the
  /// owner is told once there is.
  [[nodiscard]] bool has_room() noexcept;
  /// Gives it an exchange. Only while open(). False when it takes none any more; the exchange is as it was.
  [[nodiscard]] bool add(Exchange& exchange);
  /// The server has sent its SETTINGS, as each does that speaks HTTP/2.
  [[nodiscard]] bool has_greeted() const noexcept { return greeted_; }
  /// When the server has said something last.
  [[nodiscard]] rpc::Clock::time_point heard() const noexcept { return heard_; }
  [[nodiscard]] std::size_t exchanges() const noexcept { return streams_.size(); }
  /// Takes no more exchanges, and is closed when it has none.
  void drain() noexcept;
  /// Ends it now; its owner is not told.
  void abandon() noexcept;
  void flush() noexcept;

 private:
  struct Stream {
    std::int32_t id = 0;
    Exchange* exchange = nullptr;
  };

  // ExchangeStream
  void output_ready(Exchange& exchange) noexcept override;
  void input_consumed(Exchange& exchange, std::size_t bytes) noexcept override;
  void reset(Exchange& exchange) noexcept override;
  void on_timer() noexcept override;

  void make_session();
  void read();
  void write();
  /// Those of `out_` that the socket has not taken.
  void write_rest(std::size_t from);
  void mark_dirty();
  void begin_draining(const std::string& why) noexcept;
  void close(const std::string& why) noexcept;
  void close_socket() noexcept;
  /// The server has ended its side, and needs nothing of ours any more.
  void answered(std::int32_t stream) noexcept;
  void close_if_done() noexcept;
  void arm_keepalive() noexcept;

  // nghttp2's callbacks
  struct Callbacks;
  void on_frame(const nghttp2_frame& frame) noexcept;
  void on_stream_close(std::int32_t stream, std::uint32_t error) noexcept;
  [[nodiscard]] bool is_full() const noexcept;
  /// Ends all exchanges it has.
  void lose_streams(const std::string& why) noexcept;
  [[nodiscard]] Exchange* exchange_of(std::int32_t stream) const noexcept {
    const Stream* const found = streams_.find(stream);
    return found == nullptr ? nullptr : found->exchange;
  }
  /// The same, which it has no more.
  [[nodiscard]] Exchange* take_stream(std::int32_t stream) noexcept;

  Transport transport_;
  ConnectionSettings settings_;
  rpc::TimerQueue& timers_;
  OutputQueue& output_;
  ConnectionOwner& owner_;
  nghttp2_session* session_ = nullptr;
  std::array<std::uint8_t, 32 * 1024> input_{};
  std::string out_;
  rpc::NumberTable<Stream> streams_;
  RequestFields fields_;  // of the exchange that begins
  std::uint32_t max_streams_;
  bool told_full_ = false;
  bool dirty_ = false;
  bool writing_ = false;
  bool draining_ = false;
  bool closed_ = false;
  bool greeted_ = false;
  bool pinged_ = false;  // and not answered
  rpc::Clock::time_point heard_{};

  friend class OutputQueue;
};

}  // namespace wasm_grpc::client
