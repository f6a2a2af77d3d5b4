#include "http2/listener.h"

#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "http2/address.h"
#include "http2/core.h"

namespace wasm_grpc::http2 {

namespace {

constexpr std::chrono::milliseconds retry_delay{100};

/// SO_REUSEPORT, which Asio has no name for: each worker has its own socket, and the system spreads connections.
class ReusePort {
 public:
  [[nodiscard]] int level(const asio::ip::tcp&) const { return SOL_SOCKET; }
  [[nodiscard]] int name(const asio::ip::tcp&) const { return SO_REUSEPORT; }
  [[nodiscard]] const void* data(const asio::ip::tcp&) const { return &value_; }
  [[nodiscard]] std::size_t size(const asio::ip::tcp&) const { return sizeof(value_); }

 private:
  int value_ = 1;
};

}  // namespace

Listener::Listener(Core& core) : core_(&core), acceptor_(core.io), retry_(core.io) {}

Result<> Listener::open(const std::string& address, bool reuse_port) {
  auto resolved = resolve_address(core_->io, address);
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
  acceptor_.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
  if (error) return refuse("SO_REUSEADDR", error);
  if (reuse_port) {
    acceptor_.set_option(ReusePort(), error);
    if (error) return refuse("SO_REUSEPORT", error);
  }
  acceptor_.bind(endpoint, error);
  if (error == asio::error::address_in_use) {
    return refuse("another program uses this port; stop it or choose another port", error);
  }
  if (error) return refuse("cannot bind", error);
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return refuse("cannot listen", error);
  accept();
  return success();
}

void Listener::close() noexcept {
  core_ = nullptr;
  asio::error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

asio::ip::tcp::endpoint Listener::local_endpoint() const {
  asio::error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

void Listener::accept() {
  acceptor_.async_accept(peer_,
                         [self = shared_from_this()](const asio::error_code& error, asio::ip::tcp::socket socket) {
                           self->on_accept(error, std::move(socket));
                         });
}

void Listener::on_accept(const asio::error_code& error, asio::ip::tcp::socket socket) {
  if (core_ == nullptr) return;
  if (!error) {
    if (core_->open.size() >= core_->settings.max_connections) {
      ++core_->counters.connections_refused;  // the socket closes itself
    } else {
      Connection::accept(*core_, std::move(socket), peer_);
    }
    accept();
  } else if (error == asio::error::connection_aborted || error == asio::error::interrupted) {
    accept();
  } else {
    // Out of descriptors or memory: the next attempt would fail at once, over and over.
    retry_later();
  }
}

void Listener::retry_later() {
  retry_.expires_after(retry_delay);
  retry_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error && self->core_ != nullptr) self->accept();
  });
}

}  // namespace wasm_grpc::http2
