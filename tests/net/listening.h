// Receivers that keep what they get, and clients that connect and say nothing.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "net/listener.h"

namespace wasm_grpc::net {

class Keeper final : public Receiver {
 public:
  explicit Keeper(asio::io_context& io) : io_(io) {}
  [[nodiscard]] asio::io_context& io() noexcept override { return io_; }
  void receive(Incoming&& connection) noexcept override { kept_.push_back(std::move(connection)); }
  [[nodiscard]] std::vector<Incoming>& kept() { return kept_; }

 private:
  asio::io_context& io_;
  std::vector<Incoming> kept_;
};

struct Watch final : ListenerWatch {
  void refused(const std::string& peer) noexcept override { refused_peers.push_back(peer); }
  void accept_failed(std::error_code error) noexcept override { failures.push_back(error); }
  std::vector<std::string> refused_peers;
  std::vector<std::error_code> failures;
};

/// A listener and its receivers on 127.0.0.1, all run by the test's thread.
class Listening {
 public:
  explicit Listening(std::size_t receivers, std::size_t most = 0) : door_(most) {
    for (std::size_t i = 0; i < receivers; ++i) {
      if (i > 0) others_.push_back(std::make_unique<asio::io_context>(1));
      keepers_.push_back(std::make_unique<Keeper>(i == 0 ? io_ : *others_.back()));
      door_.add(*keepers_.back());
    }
    listener_ = std::make_shared<Listener>(io_, door_, watch_);
  }
  ~Listening() {
    listener_->close();
    keepers_.clear();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] Listener& listener() { return *listener_; }
  [[nodiscard]] Door& door() { return door_; }
  [[nodiscard]] Watch& watch() { return watch_; }
  [[nodiscard]] Keeper& keeper(std::size_t i) { return *keepers_[i]; }

  void open() {
    const auto opened = open("127.0.0.1:0");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
  }
  /// Listens on "ADDR:PORT", the first address of it.
  Result<> open(const std::string& address) {
    auto bound = bind_to(io_, address);
    if (!bound.ok()) return std::move(bound).error();
    return listener_->open(std::move(bound.value().front()), false);
  }
  /// Runs everything until the condition holds; false when that takes 20 seconds.
  bool run_until(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      io_.restart();
      io_.run_for(std::chrono::milliseconds(1));
      for (const auto& other : others_) {
        other->restart();
        other->poll();
      }
    }
    return true;
  }
  [[nodiscard]] std::size_t received() const {
    std::size_t count = 0;
    for (const auto& keeper : keepers_) count += keeper->kept().size();
    return count;
  }

  /// A client; the kernel answers it, whether the listener has its turn or not.
  [[nodiscard]] asio::ip::tcp::socket connect() {
    asio::ip::tcp::socket socket(clients_);
    socket.connect(listener_->local_endpoint());
    return socket;
  }

 private:
  Door door_;
  Watch watch_;
  asio::io_context io_{1};
  std::vector<std::unique_ptr<asio::io_context>> others_;
  std::vector<std::unique_ptr<Keeper>> keepers_;
  std::shared_ptr<Listener> listener_;
  asio::io_context clients_{1};
};

/// True when somebody listens on the unix socket.
inline bool connects(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return connected;
}

}  // namespace wasm_grpc::net
