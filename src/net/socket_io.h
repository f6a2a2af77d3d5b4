// A client's socket with all that lies between it and what is spoken there: the PROXY header, TLS, and output that the
// socket does not take at once.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/counted.h"
#include "net/door.h"
#include "net/output_batch.h"
#include "net/proxy_header.h"
#include "net/tls/session.h"
#include "rpc/counter.h"

namespace wasm_grpc::net {

/// What has gone through sockets. Counted on their thread, read from any.
struct Traffic {
  rpc::Counter bytes_read;
  rpc::Counter bytes_written;
  rpc::Counter reads;   // of sockets
  rpc::Counter writes;  // to sockets
};

/// What the sockets of one thread share: space for whichever has its turn. Outlives those that are open.
struct SocketScratch {
  SocketScratch();

  OutputBatch batch;  // what SocketIo::write() writes
  std::vector<std::byte> read_buffer;
  // With TLS: what was decrypted, what was encrypted, what TLS itself answers. The first is made when it is needed.
  std::vector<std::byte> plaintext;
  std::vector<std::byte> ciphertext;
  std::vector<std::byte> tls_answer;
};

/// Who a socket belongs to, and what it is told, on its thread. It may close the socket in each of these. Asynchronous
/// operations hold it until they end.
class SocketOwner : public Counted {
 public:
  enum class Failure : std::uint8_t {
    gone,          // the client has closed it, or it is broken
    tls,           // no agreement on TLS, or broken records later; what TLS says of it is still to be read
    proxy_header,  // what came first is no PROXY header
  };

  /// The next bytes of the client, decrypted. They live until it returns.
  virtual void take_input(std::span<const std::byte> bytes) = 0;
  /// Whether more is to be read now. Who said no calls SocketIo::read() later.
  [[nodiscard]] virtual bool wants_input() const noexcept = 0;
  /// What had come is taken, and others have their turn.
  virtual void turn_over() = 0;
  /// Output that waited has left, and there is room for more.
  virtual void output_left() = 0;
  /// Nothing more is to be had of it. `detail` says it in words of ours.
  virtual void failed(Failure failure, std::string_view detail) = 0;
  /// A proxy has said who its client is; before the first bytes.
  virtual void client_named(const std::string& address) = 0;
  /// TLS is open; before the first bytes. `session` lives as long as the socket.
  virtual void tls_open(const TlsSession& session) = 0;
};

/// Belongs to its owner, as a member. Every function on the thread of its io_context.
class SocketIo {
 public:
  /// Takes over an accepted socket. With `ssl` it speaks TLS.
  SocketIo(SocketScratch& scratch, Traffic& traffic, SocketOwner& owner, Incoming& incoming, SslPointer ssl);
  SocketIo(const SocketIo&) = delete;
  SocketIo& operator=(const SocketIo&) = delete;

  /// To be called first. False when the socket cannot be used.
  [[nodiscard]] bool begin();
  /// Reads what comes from now on, until the owner wants no more; nothing happens where it does already.
  void read();

  /// Output can be written: it is open, and so is its TLS.
  [[nodiscard]] bool is_ready() const noexcept {
    return open_ && (tls_ == nullptr || tls_->state() == TlsSession::State::open);
  }
  /// Writes the batch of the scratch space; once that is cleared, nothing of it is needed any more. What the socket
  /// does not take waits here: nothing is to be written until output_left(). False when the socket is broken.
  [[nodiscard]] bool write();
  /// There is output that the socket has not taken.
  [[nodiscard]] bool waits() const noexcept { return waits_; }
  /// More waits than was ever written at once: TLS answers a client that does not read.
  [[nodiscard]] bool overfull() const noexcept;
  /// Changes whenever output that had to wait has left.
  [[nodiscard]] std::uint64_t moved() const noexcept { return moved_; }

  /// All is said: says goodbye. What comes from now on is read, so that the end does not overtake what was said, and
  /// dropped.
  void end_output();
  /// The end, at once. The owner hears nothing any more.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  [[nodiscard]] bool is_secure() const noexcept { return tls_ != nullptr; }

  /// Lets the system ask after so much silence whether the client is still there, and end the connection when it does
  /// not answer in time. A unix socket ends with its client by itself.
  void keep_alive(std::chrono::milliseconds silence, std::chrono::milliseconds timeout) noexcept;

 private:
  void on_read(const asio::error_code& error, std::size_t size);
  void take(std::span<const std::byte> bytes);
  /// What is left of the bytes behind the PROXY header.
  [[nodiscard]] std::span<const std::byte> take_proxy_header(std::span<const std::byte> bytes);
  void decrypt(std::span<const std::byte> bytes);
  [[nodiscard]] bool write_encrypted();
  [[nodiscard]] bool write_bytes(std::span<const std::byte> bytes);
  void wait_until_writable();
  void on_writable();

  SocketScratch& scratch_;
  Traffic& traffic_;
  SocketOwner& owner_;
  Protocol::socket socket_;
  std::unique_ptr<TlsSession> tls_;            // nullptr: cleartext
  std::unique_ptr<ProxyHeader> proxy_header_;  // until it has come, where one is to come
  bool open_ = true;
  bool reading_ = false;  // an asynchronous read is under way
  bool waits_ = false;    // until the socket takes more
  bool ended_ = false;    // end_output() was called
  std::uint64_t moved_ = 0;
  std::vector<std::byte> backlog_;  // what the socket has not taken, from backlog_sent_ on
  std::size_t backlog_sent_ = 0;
  std::array<std::byte, 16 * 1024> input_;
};

}  // namespace wasm_grpc::net
