// A listening socket.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/bound_sockets.h"
#include "net/door.h"
#include "net/networks.h"
#include "net/socket_access.h"
#include "net/terms.h"
#include "net/unix_socket.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::net {

/// Told of what a listener could not do, on its thread.
class ListenerWatch {
 public:
  virtual ~ListenerWatch() = default;
  /// A connection was closed right after it was accepted: the door has no place for it. Clients decide how often.
  virtual void refused(const std::string& peer) noexcept = 0;
  /// A connection could not be accepted, where the last one could, or none was yet: the process or the system is out of
  /// descriptors or memory. It is tried again ten times a second.
  virtual void accept_failed(std::error_code error) noexcept = 0;
};

/// Accepts connections and takes them to the receivers that a door names, for all of which it is the one that does so:
/// workers that accepted from one socket would be woken all for each connection, and workers with a socket each get
/// what the system's hash gives them. It accepts few at a time, and lets others have their turn between.
///
/// Used on the thread that runs `io`, or before it runs. Shared with Asio's handlers; after close() it touches nothing
/// of its door and its watch.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  /// Connections from `proxies` begin by the PROXY protocol.
  Listener(asio::io_context& io, Door& door, ListenerWatch& watch, Networks proxies = {});

  /// Accepts under these from now on, instead of the receivers' own, and no more connections than the allowance has
  /// room for, if there is one.
  void use(std::shared_ptr<const Terms> terms, Allowance* allowance = nullptr) noexcept {
    terms_ = std::move(terms);
    allowance_ = allowance;
  }

  /// Listens by a socket that is bound, of the same io_context. `tls`: that is what is spoken there. The error names
  /// the address and the reason.
  [[nodiscard]] Result<> open(Acceptor bound, bool tls);
  /// Goes on with a socket that listens already, and was passed to this program (passed_sockets.h). `tls`: that is what
  /// is spoken there where it is TCP. Its file, where it has one, is of who made it.
  void open_passed(Acceptor listening, bool tls);
  /// Listens on a unix socket; its file is removed at the end, and a stale one before. Nobody connects before its file
  /// has the mode and owner that `access` says.
  [[nodiscard]] Result<> open_unix(const std::string& path, const SocketAccess& access = {});
  /// Accepts those that have come until now, whose clients take them for open, and no more.
  void drain() noexcept;
  /// Accepts no more.
  void close() noexcept;
  /// Where it listens, as people write it: "127.0.0.1:4711", "https://[::1]:4711", "unix:PATH". Once open.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  /// Where it listens, over TCP: the real port, when 0 was asked for.
  [[nodiscard]] asio::ip::tcp::endpoint local_endpoint() const { return net::local_endpoint(acceptor_); }

 private:
  enum class Outcome : std::uint8_t { accepted, nothing, failed };

  void wait();
  void accept_turn();
  [[nodiscard]] Outcome accept_some(int most);
  [[nodiscard]] Outcome accept_one();
  [[nodiscard]] Outcome refuse_one();
  [[nodiscard]] Outcome judge(const asio::error_code& error);
  void retry_later();

  asio::io_context& io_;
  Door* door_;  // nullptr: closed
  ListenerWatch& watch_;
  const Networks proxies_;
  std::shared_ptr<const Terms> terms_;
  Allowance* allowance_ = nullptr;
  Acceptor acceptor_;
  asio::steady_timer retry_;
  SocketFile file_;
  std::string address_;
  bool tls_ = false;
  bool accept_fails_ = false;
};

/// Listens on sockets that were passed, on a unix socket, or on every address of "ADDR:PORT", on one port, by a
/// listener for each that `make` makes for `io`. The error names the address and the reason; then it listens on none.
[[nodiscard]] Result<std::vector<std::shared_ptr<Listener>>> listen_on(
    asio::io_context& io, const ListenAddress& address, const std::function<std::shared_ptr<Listener>()>& make);

}  // namespace wasm_grpc::net
