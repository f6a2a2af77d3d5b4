// Between a store and a server of Redis, where things go wrong.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

namespace wasm_grpc::store {

/// Passes bytes on between whoever connects to it and the server on that socket.
class RedisProxy {
 public:
  enum class Way {
    pass,
    cut,      // the next reply comes to its fifth byte, then the connection ends; once
    garbage,  // a web server answers
    flood,    // a reply without an end
  };

  explicit RedisProxy(const std::string& server) : server_(server), path_(server + "-proxy") {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(path_);
    EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    threads_.emplace_back([this] { accept_all(); });
  }
  ~RedisProxy() {
    ends_ = true;
    // The first of them makes no more of the others from here on.
    threads_.front().join();
    for (std::size_t i = 1; i < threads_.size(); ++i) threads_[i].join();
    close(listener_);
    std::filesystem::remove(path_);
  }
  RedisProxy(const RedisProxy&) = delete;
  RedisProxy& operator=(const RedisProxy&) = delete;

  [[nodiscard]] std::string address() const { return "unix:" + path_; }
  void go(Way way) { way_ = way; }

 private:
  static constexpr int patience_ms = 20;

  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
  }
  void accept_all() {
    while (!ends_) {
      pollfd waits{listener_, POLLIN, 0};
      if (poll(&waits, 1, patience_ms) <= 0) continue;
      const int client = accept(listener_, nullptr, nullptr);
      const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_un address = address_of(server_);
      if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        close(client);
        close(server);
        continue;
      }
      threads_.emplace_back([this, client, server] {
        pass(client, server);
        close(client);
        close(server);
      });
    }
  }
  void pass(int client, int server) {
    std::array<char, 65536> bytes;
    while (!ends_) {
      pollfd waits[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (poll(waits, 2, patience_ms) <= 0) continue;
      if (waits[0].revents != 0) {
        const auto size = read(client, bytes.data(), bytes.size());
        if (size <= 0 || !send_all(server, {bytes.data(), static_cast<std::size_t>(size)})) return;
      }
      if (waits[1].revents != 0) {
        const auto size = read(server, bytes.data(), bytes.size());
        if (size <= 0 || !reply(client, {bytes.data(), static_cast<std::size_t>(size)})) return;
      }
    }
  }
  /// False when the connection is to end.
  bool reply(int client, std::string_view bytes) {
    auto cuts = Way::cut;
    if (way_.compare_exchange_strong(cuts, Way::pass)) {
      static_cast<void>(send_all(client, bytes.substr(0, 5)));
      return false;
    }
    switch (way_.load()) {
      case Way::garbage:
        return send_all(client, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      case Way::flood: {
        const std::string more(100'000, 'x');
        bool goes_on = send_all(client, "$1000000000\r\n");
        while (goes_on && !ends_) goes_on = send_all(client, more);
        return false;
      }
      default:
        return send_all(client, bytes);
    }
  }
  static bool send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  const std::string server_;
  const std::string path_;
  int listener_ = -1;
  std::atomic<Way> way_ = Way::pass;
  std::atomic<bool> ends_ = false;
  std::deque<std::thread> threads_;  // the first makes the others
};

}  // namespace wasm_grpc::store
