#include "net/listener.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <utility>

#include "net/passed_sockets.h"

namespace wasm_grpc::net {

namespace {

constexpr std::chrono::milliseconds retry_delay{100};

/// Connections accepted before guests and other sockets have their turn: some 10 us of work each.
constexpr int accepts_per_turn = 16;

constexpr int backlog = asio::socket_base::max_listen_connections;

std::string peer_text(const Protocol::endpoint& peer) {
  return peer.protocol().family() == AF_UNIX ? "unix:" : to_text(to_tcp(peer));
}

}  // namespace

Listener::Listener(asio::io_context& io, Door& door, ListenerWatch& watch, Networks proxies)
    : io_(io), door_(&door), watch_(watch), proxies_(std::move(proxies)), acceptor_(io), retry_(io) {}

Result<> Listener::open(Acceptor bound, bool tls) {
  acceptor_ = std::move(bound);
  address_ = (tls ? "https://" : "") + to_text(local_endpoint());
  const auto refuse = [&](const char* what, const asio::error_code& error) {
    close();
    return Error{"cannot listen on " + address_ + ": " + what + ": " + error.message()};
  };
  asio::error_code error;
  acceptor_.listen(backlog, error);
  if (error == asio::error::address_in_use) {
    return refuse("another program listens on this port; stop it or choose another port", error);
  }
  if (!error) acceptor_.non_blocking(true, error);
  if (error) return refuse("cannot listen", error);
  tls_ = tls;
  wait();
  return success();
}

void Listener::open_passed(Acceptor listening, bool tls) {
  acceptor_ = std::move(listening);
  asio::error_code ignored;
  const Protocol::endpoint own = acceptor_.local_endpoint(ignored);
  if (own.protocol().family() == AF_UNIX) {
    address_ = unix_text(own);
  } else {
    tls_ = tls;
    address_ = (tls ? "https://" : "") + to_text(to_tcp(own));
  }
  wait();
}

Result<> Listener::open_unix(const std::string& path, const SocketAccess& access) {
  const auto refuse = [&](const std::string& why) {
    close();
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
  address_ = "unix:" + path;
  if (auto set = set_access(path, access); !set) return refuse(set.error().message);
  acceptor_.listen(backlog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (error) return refuse("cannot listen: " + error.message());
  wait();
  return success();
}

void Listener::drain() noexcept {
  if (door_ != nullptr) static_cast<void>(accept_some(backlog));
  close();
}

void Listener::close() noexcept {
  door_ = nullptr;
  file_.remove();
  retry_.cancel();
  if (!acceptor_.is_open()) return;
  // Of a socket that was passed others have copies: it would not leave the reactor by being closed here.
  asio::error_code ignored;
  const int own = acceptor_.release(ignored);
  if (own >= 0) ::close(own);
}

void Listener::wait() {
  acceptor_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](const asio::error_code& error) {
    if (!error) self->accept_turn();
  });
}

void Listener::accept_turn() {
  if (door_ == nullptr) return;
  switch (accept_some(accepts_per_turn)) {
    case Outcome::accepted:
      asio::post(io_, [self = shared_from_this()] { self->accept_turn(); });
      break;
    case Outcome::nothing:
      wait();
      break;
    case Outcome::failed:
      retry_later();
      break;
  }
}

Listener::Outcome Listener::accept_some(int most) {
  Outcome outcome = Outcome::accepted;
  for (int i = 0; i < most && outcome == Outcome::accepted; ++i) outcome = accept_one();
  return outcome;
}

Listener::Outcome Listener::accept_one() {
  auto place = door_->admit(allowance_);
  if (!place) return refuse_one();
  Receiver& receiver = *place->receiver;
  Protocol::endpoint peer;
  asio::error_code error;
  Protocol::socket socket(receiver.io());
  acceptor_.accept(socket, peer, error);
  if (error) return judge(error);
  accept_fails_ = false;
  Incoming incoming{std::move(socket),           peer_text(peer), tls_, proxies_.contain(peer),
                    std::move(place->admission), terms_};
  if (&receiver.io() == &io_) {
    receiver.receive(std::move(incoming));
  } else {
    asio::post(receiver.io(),
               [&receiver, incoming = std::move(incoming)]() mutable { receiver.receive(std::move(incoming)); });
  }
  return Outcome::accepted;
}

Listener::Outcome Listener::refuse_one() {
  Protocol::endpoint peer;
  asio::error_code error;
  Protocol::socket socket(io_);  // closes itself
  acceptor_.accept(socket, peer, error);
  if (error) return judge(error);
  watch_.refused(peer_text(peer));
  return Outcome::accepted;
}

Listener::Outcome Listener::judge(const asio::error_code& error) {
  if (error == asio::error::would_block || error == asio::error::try_again) return Outcome::nothing;
  if (error == asio::error::connection_aborted || error == asio::error::interrupted) return Outcome::accepted;
  // Out of descriptors or memory: the next attempt would fail at once, over and over.
  if (!std::exchange(accept_fails_, true)) watch_.accept_failed(error);
  return Outcome::failed;
}

void Listener::retry_later() {
  retry_.expires_after(retry_delay);
  retry_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error) self->accept_turn();
  });
}

Result<std::vector<std::shared_ptr<Listener>>> listen_on(asio::io_context& io, const ListenAddress& address,
                                                         const std::function<std::shared_ptr<Listener>()>& make) {
  std::vector<std::shared_ptr<Listener>> listeners;
  if (address.transport == ListenAddress::Transport::unix_socket) {
    listeners.push_back(make());
    auto opened = listeners.back()->open_unix(address.place, address.access);
    if (!opened.ok()) return std::move(opened).error();
    return listeners;
  }
  if (address.transport == ListenAddress::Transport::passed) {
    const auto refuse = [&](const Error& error) {
      for (const auto& listener : listeners) listener->close();
      return Error{"cannot listen on fd://" + address.place + ": " + error.message};
    };
    auto found = find_passed(PassedSockets::of_process(), address.place);
    if (!found.ok()) return refuse(found.error());
    for (const int descriptor : found.value()) {
      auto taken = take_passed(io, descriptor);
      if (!taken.ok()) return refuse(taken.error());
      listeners.push_back(make());
      listeners.back()->open_passed(std::move(taken).value(), address.tls);
    }
    return listeners;
  }
  auto bound = bind_to(io, address.place);
  if (!bound.ok()) return std::move(bound).error();
  for (Acceptor& acceptor : bound.value()) {
    listeners.push_back(make());
    auto opened = listeners.back()->open(std::move(acceptor), address.transport == ListenAddress::Transport::tls);
    if (opened.ok()) continue;
    for (const auto& listener : listeners) listener->close();
    return std::move(opened).error();
  }
  return listeners;
}

}  // namespace wasm_grpc::net
