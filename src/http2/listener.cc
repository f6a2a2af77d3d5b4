#include "http2/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <cstring>
#include <utility>

#include "http2/address.h"
#include "http2/core.h"

namespace wasm_grpc::http2 {

namespace {

constexpr std::chrono::milliseconds retry_delay{100};

/// SO_REUSEPORT, which Asio has no name for: each worker has its own socket, and the system spreads connections.
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

asio::ip::tcp::endpoint to_tcp(const asio::generic::stream_protocol::endpoint& endpoint) {
  asio::ip::tcp::endpoint tcp;
  if (endpoint.size() <= tcp.capacity()) {
    std::memcpy(static_cast<void*>(tcp.data()), static_cast<const void*>(endpoint.data()), endpoint.size());
  }
  return tcp;
}

std::string peer_text(const asio::generic::stream_protocol::endpoint& peer) {
  return peer.protocol().family() == AF_UNIX ? "unix:" : to_text(to_tcp(peer));
}

/// A descriptor on its way to another thread: closed when it does not arrive.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  void release() noexcept { fd_ = -1; }

 private:
  int fd_;
};

}  // namespace

Listener::Listener(Core& core) : core_(&core), io_(core.io), acceptor_(core.io), retry_(core.io) {}

Result<> Listener::open(const std::string& address, bool reuse_port, std::shared_ptr<TlsContext> tls) {
  auto resolved = resolve_address(io_, address);
  if (!resolved) return std::move(resolved).error();
  const auto refuse = [&](const char* what, const asio::error_code& error) {
    asio::error_code ignored;
    acceptor_.close(ignored);
    return Error{"cannot listen on " + address + ": " + what + ": " + error.message()};
  };
  const asio::ip::tcp::endpoint& endpoint = resolved.value();
  asio::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (error) return refuse("cannot open a socket", error);
  acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (error) return refuse("SO_REUSEADDR", error);
  if (reuse_port) {
    acceptor_.set_option(ReusePort(true), error);
    if (error) return refuse("SO_REUSEPORT", error);
  }
  acceptor_.bind(endpoint, error);
  if (error == asio::error::address_in_use) {
    return refuse("another program uses this port; stop it or choose another port", error);
  }
  if (error) return refuse("cannot bind", error);
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return refuse("cannot listen", error);
  tls_ = std::move(tls);
  accept();
  return success();
}

Result<> Listener::open_unix(const std::string& path, std::vector<std::shared_ptr<Listener>> others) {
  const auto refuse = [&](const std::string& why) {
    asio::error_code ignored;
    acceptor_.close(ignored);
    return Error{"cannot listen on unix:" + path + ": " + why};
  };
  constexpr std::size_t max_path = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > max_path) {
    return refuse("the path has " + std::to_string(path.size()) + " bytes; " + std::to_string(max_path) +
                  " are the most a socket's may have");
  }
  if (auto cleared = clear_stale_socket(path); !cleared) return refuse(cleared.error().message);
  const asio::local::stream_protocol::endpoint endpoint(path);
  asio::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (error) return refuse("cannot open a socket: " + error.message());
  acceptor_.bind(endpoint, error);
  if (error) return refuse("cannot bind: " + error.message());
  file_ = SocketFile(path);
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return refuse("cannot listen: " + error.message());
  others_ = std::move(others);
  accept();
  return success();
}

void Listener::close() noexcept {
  core_ = nullptr;
  file_.remove();
  others_.clear();
  asio::error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

asio::ip::tcp::endpoint Listener::local_endpoint() const {
  asio::error_code ignored;
  return to_tcp(acceptor_.local_endpoint(ignored));
}

void Listener::accept() {
  acceptor_.async_accept(peer_, [self = shared_from_this()](const asio::error_code& error, Protocol::socket socket) {
    self->on_accept(error, std::move(socket));
  });
}

void Listener::on_accept(const asio::error_code& error, Protocol::socket socket) {
  if (core_ == nullptr) return;
  if (!error) {
    accept_fails_ = false;
    hand_over(std::move(socket));
    accept();
  } else if (error == asio::error::connection_aborted || error == asio::error::interrupted) {
    accept();
  } else {
    // Out of descriptors or memory: the next attempt would fail at once, over and over.
    if (!std::exchange(accept_fails_, true)) core_->host.accept_failed(error);
    retry_later();
  }
}

void Listener::hand_over(Protocol::socket socket) {
  const std::size_t turn = turn_++ % (others_.size() + 1);
  if (turn == 0) {
    adopt(std::move(socket));
    return;
  }
  asio::error_code error;
  const int fd = socket.release(error);
  if (error) return;
  const std::shared_ptr<Listener>& other = others_[turn - 1];
  asio::post(other->io_, [other, peer = peer_, descriptor = Descriptor(fd)]() mutable {
    if (other->core_ == nullptr) return;
    Protocol::socket moved(other->io_);
    asio::error_code failure;
    moved.assign(Protocol(AF_UNIX, 0), descriptor.get(), failure);
    if (failure) return;
    descriptor.release();
    other->peer_ = peer;
    other->adopt(std::move(moved));
  });
}

void Listener::adopt(Protocol::socket socket) {
  if (core_->open.size() >= core_->settings.max_connections) {
    ++core_->counters.connections_refused;
    ++core_->counters.connections_ended[static_cast<std::size_t>(EndReason::too_many)];
    core_->host.connection_ended(EndReason::too_many, peer_text(peer_), "this worker has as many as it may have");
    return;  // the socket closes itself
  }
  SslPointer ssl;
  if (tls_ != nullptr) {
    ssl = tls_->make_session();
    if (ssl == nullptr) return;  // out of memory
  }
  Connection::accept(*core_, std::move(socket), peer_text(peer_), std::move(ssl));
}

void Listener::retry_later() {
  retry_.expires_after(retry_delay);
  retry_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error && self->core_ != nullptr) self->accept();
  });
}

}  // namespace wasm_grpc::http2
