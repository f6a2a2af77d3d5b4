// A light gRPC client for loads and checks: many calls on few connections, one thread, nothing copied that need not be.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "peer.h"

namespace wasm_grpc::bench {

class ClientConnection;

/// One call from the client's side. Derive from it to say what is sent and to look at what comes back.
class ClientCall {
 public:
  ClientCall() = default;
  ClientCall(const ClientCall&) = delete;
  ClientCall& operator=(const ClientCall&) = delete;
  virtual ~ClientCall() = default;

  /// Writes request bytes (prefix and all) to `room` and returns how many; sets `ended` with the last of them. 0
  /// without `ended` means nothing now: resume() when there is more.
  virtual std::size_t produce(std::span<std::uint8_t> room, bool& ended) = 0;
  /// True for a client that says it takes gzip.
  [[nodiscard]] virtual bool takes_gzip() const noexcept { return false; }
  /// Takes response bytes (prefix and all), split anywhere.
  virtual void received(std::span<const std::uint8_t> bytes) = 0;
  /// The call is over, for better or worse; the object may be opened again, from here too.
  virtual void closed() = 0;

  void resume();

  [[nodiscard]] bool open() const noexcept { return stream_ > 0; }
  /// "200", or empty before the response headers.
  [[nodiscard]] const std::string& http_status() const noexcept { return http_status_; }
  [[nodiscard]] const std::string& grpc_status() const noexcept { return grpc_status_; }
  /// "" when the call ended well: HTTP 200, grpc-status 0, no reset. Otherwise what was wrong.
  [[nodiscard]] std::string failure() const;

 private:
  friend class ClientConnection;

  ClientConnection* connection_ = nullptr;
  std::int32_t stream_ = 0;
  bool waiting_ = false;
  std::string http_status_;
  std::string grpc_status_;
  std::uint32_t reset_ = 0;
};

/// One connection. `authority` must outlive it.
class ClientConnection final : public Peer {
 public:
  ClientConnection(Fd socket, const std::string& authority);

  /// Starts a call; `path` and `call` must outlive it. `timeout` is that of grpc-timeout, such as "30m"; empty for
  /// none. False when the session takes no more calls.
  [[nodiscard]] bool open(ClientCall& call, std::string_view path, std::string_view timeout = {});
  /// Resets the stream of an open call.
  void cancel(ClientCall& call);
  void resume(ClientCall& call);

 private:
  static const nghttp2_session_callbacks* callbacks();
  [[nodiscard]] ClientCall* call(std::int32_t stream) noexcept;
  void on_header(std::int32_t stream, std::string_view name, std::string_view value);
  void on_close(std::int32_t stream, std::uint32_t error);

  const std::string& authority_;
};

/// The connections of one client and the loop that turns them.
class Client {
 public:
  using Clock = std::chrono::steady_clock;

  /// Connects `connections` times to `address` (IPV4:PORT). Throws std::runtime_error when it cannot.
  Client(std::string address, int connections);
  ~Client();

  [[nodiscard]] ClientConnection& connection(std::size_t index) noexcept { return *connections_[index]; }
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

  /// Runs until `done` says so, or until `end`; false in the latter case. `done` is asked after each round of events.
  /// Throws std::runtime_error when a connection is lost.
  bool run(Clock::time_point end, const std::function<bool()>& done);
  /// Sends what was begun on a connection. run() does it when it begins, and after a connection's own events; whoever
  /// begins something from `done`, or from another connection's event, has to.
  void flush(std::size_t index);

 private:
  std::string address_;
  Fd epoll_;
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  std::vector<bool> watched_for_writing_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace wasm_grpc::bench
